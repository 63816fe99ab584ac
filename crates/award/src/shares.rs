//! How a grant is split among the members of a joint project: by largest remainder (Hamilton's method).
//!
//! Each member first gets the whole cents of its exact part, `share × granted ÷ applied`. The cents that are
//! left go one by one to the largest remainders; of equal remainders the member named first wins.
//!
//! Guaranteed, and tested:
//! - the parts add up to the grant, to the cent;
//! - each part is the exact part, rounded up or down: so nobody gets more than their share of the application,
//!   and a member that applied for nothing gets nothing;
//! - a larger share never gets less than a smaller one, and equal shares differ by one cent at most, in favour
//!   of the one named first;
//! - when more is granted, a part may shrink, but by *one cent at most* (the "Alabama paradox"). The methods that
//!   exclude it either break the rounding above (divisor methods) or hand out the whole grant cent by cent (quota
//!   method); one cent is not worth that.

use events::Cents;

/// The parts of `granted`, in the order of `shares`. `None`: an amount is negative, or more is granted than all shares
/// together.
pub fn split(granted: Cents, shares: &[Cents]) -> Option<Vec<Cents>> {
    if granted < Cents::ZERO || shares.iter().any(|share| *share < Cents::ZERO) {
        return None;
    }
    let applied: i128 = shares.iter().map(|share| i128::from(share.0)).sum();
    if i128::from(granted.0) > applied {
        return None;
    }
    if granted == Cents::ZERO {
        return Some(vec![Cents::ZERO; shares.len()]);
    }
    // At least one cent is granted, so `applied` is not zero; i64 × i64 fits into i128.
    let exact = |share: &Cents| i128::from(share.0) * i128::from(granted.0);
    let mut parts: Vec<i128> = shares.iter().map(|share| exact(share) / applied).collect();
    let left = i128::from(granted.0) - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    // A stable sort: equal remainders stay in the order of `shares`.
    by_remainder.sort_by_key(|&member| std::cmp::Reverse(exact(&shares[member]) % applied));
    // Fewer cents are left than there are remainders above zero.
    for &member in by_remainder.iter().take(usize::try_from(left).ok()?) {
        parts[member] += 1;
    }
    parts.into_iter().map(|part| i64::try_from(part).ok().map(Cents)).collect()
}
