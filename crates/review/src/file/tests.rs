//! Invariants under any sequence of transitions by any persons.

use chrono::TimeDelta;
use events::{Recommendation, Score};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const PEOPLE: usize = 4;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn person(n: usize) -> Person {
    Person { id: format!("person-{n}"), name: format!("Person {n}") }
}

fn terms(needed: u8) -> Terms {
    Terms { rule_version: 1, reviews_needed: needed, opened_at: at(0) }
}

fn review(by: usize, weighted: u16, recommendation: Recommendation) -> ReviewGiven {
    let scores = vec![Score { criterion: "goals".into(), points: 3 }];
    ReviewGiven { reviewer: person(by), scores, weighted, recommendation, comment: "Because.".into() }
}

fn file() -> File {
    let parties = vec!["05122000".parse().unwrap(), "05774032".parse().unwrap()];
    File::announced(ApplicationId(Uuid::nil()), CallId::of_key("demo"), parties)
}

#[derive(Clone, Debug)]
enum Do {
    Open,
    Take(usize, i64),
    Return(usize),
    Abstain(usize),
    Review(usize, u16, bool),
    Expire,
    Withdraw,
}

fn act() -> impl Strategy<Value = Do> {
    let who = 0..PEOPLE;
    prop_oneof![
        1 => Just(Do::Open),
        4 => (who.clone(), 1..6_i64).prop_map(|(who, minutes)| Do::Take(who, minutes)),
        1 => who.clone().prop_map(Do::Return),
        1 => who.clone().prop_map(Do::Abstain),
        4 => (who, 0..=10_000_u16, any::<bool>()).prop_map(|(who, points, fund)| Do::Review(who, points, fund)),
        1 => Just(Do::Expire),
        1 => prop_oneof![9 => Just(Do::Expire), 1 => Just(Do::Withdraw)],
    ]
}

proptest! {
    #[test]
    fn whatever_happens_reviews_are_independent_and_completion_is_published_once(
        acts in prop::collection::vec(act(), 1..60),
        needed in 1..4_u8,
    ) {
        let mut file = file();
        let mut published = Vec::new();
        let mut abstained: Vec<(usize, bool)> = Vec::new();
        for (minute, act) in (0_i64..).zip(acts) {
            let now = at(minute);
            let before = file.clone();
            let result = match act.clone() {
                Do::Open => Ok((file.opened(terms(needed)), None)),
                Do::Take(who, minutes) => {
                    file.taken(person(who), &[], now + TimeDelta::minutes(minutes), now).map(|file| (file, None))
                }
                Do::Return(who) => file.returned(person(who), now).map(|file| (file, None)),
                Do::Abstain(who) => file.abstained(person(who), "related".into(), now).map(|file| {
                    abstained.push((who, matches!(before.stage, Stage::Completed(_))));
                    (file, None)
                }),
                Do::Review(who, points, fund) => {
                    let advice = if fund { Recommendation::Fund } else { Recommendation::Decline };
                    file.reviewed(review(who, points, advice), &[], now)
                }
                Do::Expire => Ok((file.expired(now), None)),
                Do::Withdraw => Ok((file.withdrawn(now), None)),
            };
            file = match result {
                Ok((file, fact)) => {
                    published.extend(fact);
                    file
                }
                Err(_) => before.clone(),
            };

            let given = file.reviews().count();
            prop_assert!(file.held() + given <= usize::from(needed));
            let mut reviewers: Vec<_> = file.reviews().map(|review| &review.reviewer.id).collect();
            reviewers.sort();
            reviewers.dedup();
            prop_assert_eq!(reviewers.len(), given, "each review by a person of its own");
            if let Stage::Open(_) = file.stage {
                prop_assert!(given < usize::from(needed), "open only while a review is missing");
            } else {
                prop_assert_eq!(file.held(), 0, "nobody holds what is not open");
            }
            if matches!(before.stage, Stage::Withdrawn(_)) {
                prop_assert_eq!(file.stage, before.stage);
            }
            if before.stage.terms().is_some() {
                prop_assert_eq!(file.stage.terms(), before.stage.terms());
            }
            for (who, afterwards) in &abstained {
                let part = file.involvement_of(&person(*who).id);
                // The result of a completed file stays as published; award leaves the review out.
                let stays_out = match afterwards {
                    true => matches!(part, Some(Involvement::Gave(_))),
                    false => matches!(part, Some(Involvement::Biased { .. })),
                };
                prop_assert!(stays_out, "who abstains stays out");
            }
            if let Do::Expire = act {
                let overdue = file.reviewers.iter().any(|one| matches!(one.involvement, Involvement::Holds { until } if until <= now));
                prop_assert!(!overdue);
            }
        }

        prop_assert!(published.len() <= 1);
        let completed = file.pending_history.iter().filter(|act| **act == Act::Completed).count();
        prop_assert_eq!(completed, published.len());
        if let Some(fact) = published.first() {
            prop_assert_eq!(fact.reviews.len(), usize::from(needed));
            let fund = fact.reviews.iter().filter(|one| one.recommendation == Recommendation::Fund).count();
            prop_assert_eq!(fact.recommendation == Recommendation::Fund, fund == fact.reviews.len());
            prop_assert_eq!(fact.split, fund != 0 && fund != fact.reviews.len());
            let points = fact.reviews.iter().map(|one| one.weighted);
            let (low, high) = (points.clone().min().unwrap(), points.max().unwrap());
            prop_assert!((low..=high).contains(&fact.weighted), "a mean lies between");
        }
    }
}

#[test]
fn a_tie_to_a_participant_bars_taking_and_reviewing() {
    let ties = ["05774032".parse().unwrap()];
    let open = file().opened(terms(2));
    assert_eq!(open.clone().taken(person(1), &ties, at(9), at(1)), Err(Refused::Tied));
    let refused = open.reviewed(review(1, 5_000, Recommendation::Fund), &ties, at(1));
    assert_eq!(refused, Err(Refused::Tied));
}

#[test]
fn nobody_reviews_twice_and_a_third_finds_no_place() {
    let open = file().opened(terms(2));
    let (open, fact) = open.reviewed(review(1, 4_000, Recommendation::Fund), &[], at(1)).unwrap();
    assert_eq!(fact, None);
    let again = open.clone().reviewed(review(1, 9_000, Recommendation::Fund), &[], at(2));
    assert_eq!(again, Err(Refused::AlreadyGiven));
    let open = open.taken(person(2), &[], at(9), at(3)).unwrap();
    assert_eq!(open.clone().taken(person(3), &[], at(9), at(3)), Err(Refused::Full));
    let (completed, fact) = open.reviewed(review(2, 5_001, Recommendation::Decline), &[], at(4)).unwrap();
    let fact = fact.unwrap();
    assert_eq!((fact.weighted, fact.recommendation, fact.split), (4_501, Recommendation::Decline, true));
    let again = completed.clone().reviewed(review(2, 9_000, Recommendation::Fund), &[], at(5));
    assert_eq!(again, Err(Refused::AlreadyGiven), "their own review, not the end of the file, is the reason");
    assert_eq!(completed.taken(person(3), &[], at(9), at(5)), Err(Refused::Completed));
}

#[test]
fn a_review_after_the_time_is_taken_while_the_place_is_free() {
    let late = file().opened(terms(1)).taken(person(1), &[], at(2), at(1)).unwrap().expired(at(3));
    assert_eq!(late.involvement_of("person-1"), Some(&Involvement::Returned));
    let (_, fact) = late.clone().reviewed(review(1, 10_000, Recommendation::Fund), &[], at(4)).unwrap();
    assert_eq!(fact.unwrap().recommendation, Recommendation::Fund);
    let taken = late.taken(person(2), &[], at(9), at(4)).unwrap();
    let refused = taken.reviewed(review(1, 10_000, Recommendation::Fund), &[], at(5));
    assert_eq!(refused, Err(Refused::Full));
}

#[test]
fn a_withdrawal_before_the_confirmation_stays() {
    let file = file().withdrawn(at(1)).opened(terms(2));
    assert_eq!(file.stage, Stage::Withdrawn(None));
    assert_eq!(file.clone().taken(person(1), &[], at(9), at(2)), Err(Refused::Withdrawn));
    assert_eq!(file.clone().withdrawn(at(3)).pending_history, file.pending_history);
}

#[test]
fn who_takes_twice_has_taken_once_and_has_more_time() {
    let open = file().opened(terms(2)).taken(person(1), &[], at(9), at(1)).unwrap();
    let again = open.clone().taken(person(1), &[], at(20), at(2)).unwrap();
    assert_eq!(again.involvement_of("person-1"), Some(&Involvement::Holds { until: at(20) }));
    assert_eq!((again.held(), again.pending_history), (1, open.pending_history));
}

#[test]
fn a_tie_after_the_review_asks_for_another_reviewer_or_marks_what_is_completed() {
    let first = review(0, 9_000, Recommendation::Fund);
    let (open, _) = file().opened(terms(2)).reviewed(first.clone(), &[], at(1)).unwrap();
    let tied = open.clone().tied(&person(0), "worked there".into(), at(2));
    assert_eq!((tied.reviews().count(), &tied.set_aside), (0, &vec![first]));
    assert_eq!(tied.clone().taken(person(0), &[], at(9), at(3)), Err(Refused::Tied), "not a second time");
    let (again, none) = tied.reviewed(review(1, 5_000, Recommendation::Fund), &[], at(3)).unwrap();
    assert_eq!(none, None, "one more is needed");
    let (done, published) = again.reviewed(review(2, 7_000, Recommendation::Fund), &[], at(4)).unwrap();
    assert_eq!(published.unwrap().weighted, 6_000, "the first one does not count");

    let marked = done.abstained(person(1), "my brother works there".into(), at(5)).unwrap();
    assert!(marked.has_given(&person(1).id), "what was published stays");
    assert_eq!(marked.pending_history.last(), Some(&Act::SetAside(person(1))));
    let held = file().opened(terms(2)).taken(person(3), &[], at(9), at(1)).unwrap();
    assert_eq!(held.tied(&person(3), "council".into(), at(2)).held(), 0);
}
