//! The split of a grant: each guarantee of `award::shares`.

use award::shares::split;
use events::Cents;
use proptest::prelude::*;

fn cents(amounts: &[i64]) -> Vec<Cents> {
    amounts.iter().copied().map(Cents).collect()
}

fn parts(granted: i64, shares: &[i64]) -> Vec<i64> {
    split(Cents(granted), &cents(shares)).unwrap().into_iter().map(|part| part.0).collect()
}

#[test]
fn nothing_stays_nothing_and_nobody_gets_more_than_applied_for() {
    let euros = |amounts: &[i64]| amounts.iter().map(|euros| euros * 100).collect::<Vec<_>>();
    // The lead applied for nothing, so it gets none of the two cents that rounding leaves.
    assert_eq!(parts(5_000_000, &euros(&[0, 20_000, 20_000, 20_000])), [0, 1_666_667, 1_666_667, 1_666_666]);
    // One cent less than everything is one cent less for one member.
    let six = parts(5_999_999, &euros(&[10_000; 6]));
    assert_eq!(six, [1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 999_999]);
}

#[test]
fn the_cents_go_to_the_largest_remainders() {
    // Exactly 1.4, 2.8 and 2.8 cents: two are left, the first has the smallest remainder.
    assert_eq!(parts(7, &[2, 4, 4]), [1, 3, 3]);
    // Exactly 0.75, 0.75 and 1.5: of the two cents left, the two largest remainders get one each.
    assert_eq!(parts(3, &[1, 1, 2]), [1, 1, 1]);
}

#[test]
fn one_cent_of_the_alabama_paradox_is_possible_and_known() {
    let before = parts(10, &[6, 6, 2]);
    let after = parts(11, &[6, 6, 2]);
    assert_eq!((before, after), (vec![4, 4, 2], vec![5, 5, 1]));
}

#[test]
fn what_cannot_be_split_is_not() {
    assert_eq!(split(Cents(1), &[]), None);
    assert_eq!(split(Cents(3), &cents(&[1, 1])), None);
    assert_eq!(split(Cents(-1), &cents(&[1, 1])), None);
    assert_eq!(split(Cents(1), &cents(&[-1, 5])), None);
    assert_eq!(split(Cents(0), &[]), Some(vec![]));
    assert_eq!(split(Cents(0), &cents(&[0, 5])), Some(cents(&[0, 0])));
    let large = [i64::MAX; 3];
    assert_eq!(
        parts(i64::MAX, &large).iter().map(|part| i128::from(*part)).sum::<i128>(),
        i128::from(i64::MAX)
    );
}

/// Ordinary shares and extreme ones: zeros, single cents, equal ones, very large ones.
fn shares() -> impl Strategy<Value = Vec<i64>> {
    let share = prop_oneof![Just(0), 0..10_i64, (0..100_i64).prop_map(|k| k * 100_000), 0..i64::MAX / 64];
    proptest::collection::vec(share, 1..12)
}

proptest! {
    #[test]
    fn every_split_keeps_its_promises(shares in shares(), part in 0.0..=1.0_f64, more in 0..1_000_i64) {
        let applied: i64 = shares.iter().sum();
        let granted = ((applied as f64 * part) as i64).clamp(0, applied);
        let given = parts(granted, &shares);

        prop_assert_eq!(given.iter().sum::<i64>(), granted);
        for (share, part) in shares.iter().zip(&given) {
            prop_assert!(0 <= *part && part <= share);
            if applied > 0 {
                let exact = i128::from(*share) * i128::from(granted);
                let floor = i64::try_from(exact / i128::from(applied)).unwrap();
                let ceiling = floor + i64::from(exact % i128::from(applied) != 0);
                prop_assert!(*part == floor || *part == ceiling);
            }
        }
        for (first, (one, ones)) in shares.iter().zip(&given).enumerate() {
            for (other, others) in shares.iter().zip(&given).skip(first + 1) {
                match one.cmp(other) {
                    std::cmp::Ordering::Less => prop_assert!(ones <= others),
                    std::cmp::Ordering::Greater => prop_assert!(ones >= others),
                    std::cmp::Ordering::Equal => prop_assert!(*ones == *others || *ones == *others + 1),
                }
            }
        }
        let later = parts((granted + more).min(applied), &shares);
        for (before, after) in given.iter().zip(&later) {
            prop_assert!(*after >= *before - 1);
        }
        prop_assert_eq!(parts(applied, &shares), shares);
    }
}
