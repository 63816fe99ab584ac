use events::Text;
use proptest::prelude::*;

use super::*;

fn scale(weights: &[u8], maximum: u8) -> ScoringRules {
    let criterion = |(n, weight): (usize, &u8)| Criterion {
        key: format!("c{n}"),
        title: Text { de: "Ziel".into(), en: "Goal".into() },
        weight: *weight,
    };
    ScoringRules { criteria: weights.iter().enumerate().map(criterion).collect(), maximum }
}

fn sheet(points: &[u8]) -> ReviewInput {
    let score = |(n, points): (usize, &u8)| Score { criterion: format!("c{n}"), points: *points };
    ReviewInput {
        scores: points.iter().enumerate().map(score).collect(),
        recommendation: Some(Recommendation::Fund),
        comment: " Clear goals. ".into(),
    }
}

fn person() -> Person {
    Person { id: "p".into(), name: "P".into() }
}

#[test]
fn points_are_weighted_in_hundredths() {
    let given = scale(&[50, 30, 20], 5).evaluate(person(), sheet(&[5, 3, 0])).unwrap();
    // 5 of 5 × 50 + 3 of 5 × 30 + 0 × 20 = 68 of 100
    assert_eq!(given.weighted, 6_800);
    assert_eq!(given.comment, "Clear goals.");
}

#[test]
fn every_mistake_is_named() {
    let mut bad = sheet(&[6]);
    bad.scores.push(Score { criterion: "luck".into(), points: 1 });
    bad.recommendation = None;
    bad.comment = "  ".into();
    let mistakes = scale(&[50, 50], 5).evaluate(person(), bad).unwrap_err();
    let expected = [
        Mistake::TooHigh("c0".into()),
        Mistake::Missing("c1".into()),
        Mistake::Unknown("luck".into()),
        Mistake::NoRecommendation,
        Mistake::NoComment,
    ];
    assert_eq!(mistakes, expected);
    let mut twice = sheet(&[1, 2]);
    twice.scores.push(Score { criterion: "c0".into(), points: 5 });
    twice.comment = "a\u{308}".repeat(COMMENT_LIMIT + 1);
    let mistakes = scale(&[50, 50], 5).evaluate(person(), twice).unwrap_err();
    assert_eq!(mistakes, [Mistake::Repeated("c0".into()), Mistake::CommentTooLong]);
}

#[test]
fn a_comment_comes_in_by_the_door() {
    let evaluate = |comment: &str| {
        let sheet = ReviewInput { comment: comment.into(), ..sheet(&[1, 2]) };
        scale(&[50, 50], 5).evaluate(person(), sheet).map(|given| given.comment)
    };
    assert_eq!(evaluate("Gut\u{b}begru\u{308}ndet\0\u{200b}"), Ok("Gut\nbegründet".to_owned()));
    assert_eq!(evaluate("\u{200b}\u{2800}"), Err(vec![Mistake::NoComment]));
    // Characters are counted as people see them: a family emoji is one.
    let longest = "👩\u{200d}👧".repeat(COMMENT_LIMIT);
    assert_eq!(evaluate(&longest), Ok(longest));
}

/// Weights that add up to 100, the maximum score, and points for each criterion.
fn weighted() -> impl Strategy<Value = (Vec<u8>, u8, Vec<u8>)> {
    (prop::collection::btree_set(1..100_u8, 0..8), 1..=u8::MAX).prop_flat_map(|(cuts, maximum)| {
        let cuts: Vec<u8> = [0].into_iter().chain(cuts).chain([100]).collect();
        let weights: Vec<u8> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let points = prop::collection::vec(0..=maximum, weights.len());
        (Just(weights), Just(maximum), points)
    })
}

proptest! {
    #[test]
    fn a_weighted_sum_lies_between_nothing_and_full((weights, maximum, points) in weighted()) {
        let scale = scale(&weights, maximum);
        let given = scale.evaluate(person(), sheet(&points)).unwrap().weighted;
        prop_assert!(given <= FULL);
        let all = vec![maximum; weights.len()];
        prop_assert_eq!(scale.evaluate(person(), sheet(&all)).unwrap().weighted, FULL);
        let none = vec![0; weights.len()];
        prop_assert_eq!(scale.evaluate(person(), sheet(&none)).unwrap().weighted, 0);
    }

    #[test]
    fn more_points_never_weigh_less((weights, maximum, points) in weighted(), which in any::<prop::sample::Index>()) {
        let scale = scale(&weights, maximum);
        let mut more = points.clone();
        let n = which.index(more.len());
        more[n] = more[n].saturating_add(1).min(maximum);
        let (low, high) = (scale.evaluate(person(), sheet(&points)), scale.evaluate(person(), sheet(&more)));
        prop_assert!(low.unwrap().weighted <= high.unwrap().weighted);
    }
}
