//! Taking the next file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use events::{AnyFact, Recommendation};
use review::file::{Involvement, Stage as FileStage};

use crate::stage::{Stage, reviewer, sheet, with_paderborn};

#[tokio::test]
async fn the_oldest_file_comes_first_and_asking_again_gives_the_same() {
    let stage = Stage::new().await;
    let anna = reviewer("anna");
    let nothing = stage.post(&anna, "/next", None).await;
    assert_eq!((nothing.status.as_u16(), nothing.text()), (204, ""));
    let (first, second) = (stage.open_file().await, stage.open_file().await);
    let taken = stage.post(&anna, "/next", None).await.json();
    assert_eq!(taken["id"], first.to_string());
    assert_eq!(taken["reviews"], serde_json::Value::Null);
    let until: chrono::DateTime<chrono::Utc> = taken["held_until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, stage.clock.now() + TimeDelta::hours(2));
    assert_eq!(stage.post(&anna, "/next", None).await.json()["id"], first.to_string());

    let given = stage.post(&anna, &format!("/files/{first}/review"), sheet(4, "fund")).await;
    assert_eq!(given.json(), serde_json::json!({"weighted": 8_000, "completed": false}));
    assert_eq!(stage.post(&anna, "/next", None).await.json()["id"], second.to_string());
    let queue = stage.get(&anna, "/queue").await.json();
    assert_eq!((&queue["waiting"], &queue["offered"]), (&2.into(), &0.into()), "the first waits for others");
    assert_eq!(queue["held"], second.to_string());
    stage.end().await;
}

#[tokio::test]
async fn who_has_a_tie_is_never_offered_the_file() {
    let stage = Stage::new().await;
    stage.open_file_of(with_paderborn).await;
    let mut anna = reviewer("anna");
    anna.ags = Some("05774032".into());
    assert_eq!(stage.post(&anna, "/next", None).await.status, 204, "takes part");
    anna.ags = Some("05122000".into());
    assert_eq!(stage.post(&anna, "/next", None).await.status, 204, "applies");
    let bela = reviewer("bela");
    let tie = [("ags", "05774032"), ("reason", "Bis 2025 dort beschäftigt"), ("key", "1")];
    assert_eq!(stage.send_form(&bela, "/review/ties", &tie).await.location, "/review/ties?done=declared");
    assert_eq!(stage.post(&bela, "/next", None).await.status, 204, "declared");
    anna.ags = Some("05111000".into());
    assert_eq!(stage.post(&anna, "/next", None).await.status, 200);
    stage.end().await;
}

#[tokio::test]
async fn a_tie_declared_with_the_file_in_hand_sends_it_back() {
    let stage = Stage::new().await;
    let id = stage.open_file_of(with_paderborn).await;
    let anna = reviewer("anna");
    stage.post(&anna, "/next", None).await;
    let tie = [("ags", "05774032"), ("reason", "Mein Bruder arbeitet dort"), ("key", "1")];
    assert_eq!(stage.send_form(&anna, "/review/ties", &tie).await.location, "/review/ties?done=released");
    let file = stage.read(id).await.unwrap();
    let reason = "Mein Bruder arbeitet dort".to_owned();
    assert_eq!(file.involvement_of("anna"), Some(&Involvement::Biased { reason }));
    assert_eq!(stage.get(&anna, &format!("/files/{id}")).await.status, 404);
    let given = stage.post(&anna, &format!("/files/{id}/review"), sheet(4, "fund")).await;
    assert_eq!(given.status, 404);
    stage.end().await;
}

#[tokio::test]
async fn a_file_given_back_is_not_offered_again_but_may_be_taken() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = reviewer("anna");
    stage.post(&anna, "/next", None).await;
    let back = stage.post(&anna, &format!("/files/{id}/return"), None).await;
    assert_eq!(back.status, 204);
    let again = stage.post(&anna, &format!("/files/{id}/return"), None).await;
    assert_eq!(again.status, 409, "it is not in hand any more");
    assert_eq!(stage.post(&anna, "/next", None).await.status, 204);
    let other = stage.open_file().await;
    assert_eq!(stage.post(&anna, "/next", None).await.json()["id"], other.to_string());
    let taken = stage.post(&anna, &format!("/files/{id}/take"), None).await;
    assert_eq!(taken.status, 409, "one at a time");
    stage.post(&anna, &format!("/files/{other}/return"), None).await;
    assert_eq!(stage.post(&anna, &format!("/files/{id}/take"), None).await.json()["id"], id.to_string());
    stage.end().await;
}

#[tokio::test]
async fn time_gives_a_forgotten_file_back_and_a_late_review_still_counts() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = reviewer("anna");
    stage.post(&anna, "/next", None).await;
    let service = stage.own_service().await;
    stage.clock.advance(TimeDelta::minutes(119));
    assert_eq!(review::sweep::run(&service).await.unwrap(), 0);
    stage.clock.advance(TimeDelta::minutes(1));
    // The running service's own sweep may have been faster.
    review::sweep::run(&service).await.unwrap();
    assert_eq!(stage.read(id).await.unwrap().involvement_of("anna"), Some(&Involvement::Returned));
    let late = stage.post(&anna, &format!("/files/{id}/review"), sheet(5, "fund")).await;
    assert_eq!(late.status, 200, "{late:?}");
    stage.end().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_no_other_in_a_hand() {
    let stage = Stage::new().await;
    let (broken, id) = (stage.open_file().await, stage.open_file().await);
    for (who, gets) in [("anna", broken), ("bela", broken), ("cem", id)] {
        let taken = stage.post(&reviewer(who), "/next", None).await.json();
        assert_eq!(taken["id"], gets.to_string());
        stage.clock.advance(TimeDelta::minutes(1));
    }
    let set_parties = |parties: &'static str| {
        sqlx::query("update files set parties = array[$2] where application = $1")
            .bind(broken.uuid())
            .bind(parties)
    };
    set_parties("nowhere").execute(&stage.db).await.unwrap();
    stage.clock.advance(TimeDelta::hours(3));
    review::sweep::run(&stage.own_service().await).await.unwrap();
    assert_eq!(stage.read(id).await.unwrap().involvement_of("cem"), Some(&Involvement::Returned));
    set_parties("05122000").execute(&stage.db).await.unwrap();
    review::sweep::run(&stage.own_service().await).await.unwrap();
    assert_eq!(stage.read(broken).await.unwrap().involvement_of("anna"), Some(&Involvement::Returned));
    stage.end().await;
}

#[tokio::test]
async fn the_same_person_asking_at_once_takes_one_file() {
    let stage = Arc::new(Stage::new().await);
    for _ in 0..5 {
        stage.open_file().await;
    }
    let asks: Vec<_> = (0..12)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move { stage.post(&reviewer("anna"), "/next", None).await })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for ask in asks {
        let answer = ask.await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        seen.insert(answer.json()["id"].to_string());
    }
    assert_eq!(seen.len(), 1);
    Arc::into_inner(stage).unwrap().end().await;
}

/// Many reviewers work through the queue at once: each file gets two reviews by two persons, is never held by a third,
/// and each result is published once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_reviewers_at_once_claim_nothing_twice() {
    const FILES: usize = 40;
    const REVIEWERS: usize = 16;
    let stage = Arc::new(Stage::new().await);
    let mut files = Vec::new();
    for _ in 0..FILES {
        files.push(stage.open_file().await);
    }
    let reviewers: Vec<_> = (0..REVIEWERS)
        .map(|n| {
            let stage = stage.clone();
            tokio::spawn(async move {
                let me = reviewer(&format!("reviewer-{n}"));
                let mut mine = BTreeSet::new();
                loop {
                    let next = stage.post(&me, "/next", None).await;
                    if next.status == 204 {
                        return mine;
                    }
                    assert_eq!(next.status, 200, "{next:?}");
                    let id = next.json()["id"].as_str().unwrap().to_owned();
                    assert!(mine.insert(id.clone()), "offered twice");
                    let path = format!("/files/{id}/review");
                    let given = stage.post(&me, &path, sheet(3, "fund")).await;
                    assert_eq!(given.status, 200, "{given:?}");
                }
            })
        })
        .collect();
    let mut reviews = BTreeMap::<String, usize>::new();
    for reviewer in reviewers {
        for id in reviewer.await.unwrap() {
            *reviews.entry(id).or_default() += 1;
        }
    }
    // A reviewer who finds nothing stops, even while others still hold files: those finish them.
    assert!(reviews.values().all(|count| *count <= 2), "{reviews:?}");
    let last = reviewer("last");
    while let id @ serde_json::Value::String(_) = &stage.post(&last, "/next", None).await.json()["id"] {
        let path = format!("/files/{}/review", id.as_str().unwrap());
        assert_eq!(stage.post(&last, &path, sheet(3, "fund")).await.status, 200);
    }
    for id in &files {
        let file = stage.read(*id).await.unwrap();
        assert!(matches!(file.stage, FileStage::Completed(_)), "{file:?}");
        assert_eq!(file.reviews().count(), 2);
    }
    let published = stage.facts().await;
    assert_eq!(published.len(), FILES);
    let good = |fact: &AnyFact| {
        matches!(fact, AnyFact::ReviewCompleted(done)
        if done.reviews.len() == 2 && done.weighted == 6_000 && done.recommendation == Recommendation::Fund)
    };
    assert!(published.iter().all(good), "{published:?}");
    Arc::into_inner(stage).unwrap().end().await;
}
