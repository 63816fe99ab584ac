//! Ties of reviewers and deciders: declared and ended on one page, and published for every file they concern.

use chassis::{Role, Session};
use events::{AnyFact, ApplicationId};
use review::store::ties;
use testkit::{samples, session, until};
use uuid::Uuid;

use crate::stage::{Stage, reviewer, sheet, with_paderborn};

const PADERBORN: &str = "05774032";

async fn declare(stage: &Stage, who: &Session, key: &str) -> String {
    let tie = [("ags", PADERBORN), ("reason", "Meine Schwester arbeitet dort"), ("key", key)];
    stage.send_form(who, "/review/ties", &tie).await.location
}

/// Presses "end" of the only tie on the page.
async fn end(stage: &Stage, who: &Session, key: &str) -> String {
    let page = stage.open(who, "/review/ties", "de").await.into_text();
    let (_, rest) = page.split_once("action=\"/review/ties/").expect("a tie");
    let path = format!("/review/ties/{}", rest.split('"').next().expect("an address"));
    stage.send_form(who, &path, &[("key", key)]).await.location
}

/// The facts about ties that were published: application and kind, ordered by application and version.
async fn published(stage: &Stage) -> Vec<(Uuid, String)> {
    let query = "select key, kind from bus.event_log where kind like 'tie-%' order by key, version";
    sqlx::query_as(query).fetch_all(&stage.db).await.unwrap()
}

/// What [`published`] returns where the same kinds were published for each of these files.
fn each(files: &[ApplicationId], kinds: &[&str]) -> Vec<(Uuid, String)> {
    let mut files: Vec<Uuid> = files.iter().map(|id| id.uuid()).collect();
    files.sort();
    let of = |file: Uuid| kinds.iter().map(move |kind| (file, (*kind).to_owned()));
    files.into_iter().flat_map(of).collect()
}

#[tokio::test]
async fn those_who_decide_declare_and_end_their_ties_too() {
    let stage = Stage::new().await;
    for role in [Role::CaseWorker, Role::Approver, Role::Reviewer] {
        let who = session(&format!("{role:?}"), &[role]);
        let page = stage.open(&who, "/review/ties", "de").await;
        assert!(page.status == 200 && !page.text().contains("/end\""), "{page:?}");
        assert_eq!(declare(&stage, &who, "1").await, "/review/ties?done=declared", "{role:?}");
        let page = stage.open(&who, "/review/ties", "de").await.into_text();
        assert!(
            page.contains("Bindung an Paderborn") && page.contains("Meine Schwester arbeitet dort"),
            "{page}"
        );
        // Nobody else sees or ends a person's tie.
        let other = session("other", &[role]);
        assert!(!stage.open(&other, "/review/ties", "de").await.text().contains("Meine Schwester"));
        let id: Uuid = sqlx::query_scalar("select id from ties where person = $1 and ended_at is null")
            .bind(&*who.person)
            .fetch_one(&stage.db)
            .await
            .unwrap();
        let foreign = stage.send_form(&other, &format!("/review/ties/{id}/end"), &[("key", "2")]).await;
        assert_eq!(foreign.status, 404);
        assert_eq!(end(&stage, &who, "3").await, "/review/ties?done=ended");
        let page = stage.open(&who, "/review/ties?done=ended", "de").await.into_text();
        assert!(page.contains("Die Bindung ist beendet.") && !page.contains("Meine Schwester"), "{page}");
    }
    for role in [Role::Applicant, Role::Operator] {
        let who = session("nobody", &[role]);
        assert_eq!(stage.open(&who, "/review/ties", "de").await.status, 403);
        let tie = [("ags", PADERBORN), ("reason", "Darum"), ("key", "1")];
        assert_eq!(stage.send_form(&who, "/review/ties", &tie).await.status, 403);
    }
    stage.end().await;
}

#[tokio::test]
async fn a_tie_and_its_end_are_published_for_every_file_they_concern() {
    let stage = Stage::new().await;
    let (first, second) =
        (stage.open_file_of(with_paderborn).await, stage.open_file_of(with_paderborn).await);
    stage.open_file().await;
    let withdrawn = stage.open_file_of(with_paderborn).await;
    let taken_back = samples::application_withdrawn();
    stage.publish(withdrawn, taken_back).await;
    let is_withdrawn = || async { stage.read(withdrawn).await.unwrap().stage };
    until("it is withdrawn", is_withdrawn, |seen| matches!(seen, review::file::Stage::Withdrawn(_))).await;

    let approver = session("approver", &[Role::Approver]);
    declare(&stage, &approver, "1").await;
    assert_eq!(published(&stage).await, each(&[first, second], &["tie-declared"]));
    // Pressed twice, and declared again while current: nothing more is published.
    declare(&stage, &approver, "1").await;
    declare(&stage, &approver, "2").await;
    assert_eq!(published(&stage).await, each(&[first, second], &["tie-declared"]));

    // The tie is published for a later file as well.
    stage.publish_call(samples::call()).await;
    let third = samples::new_application();
    let mut late = samples::application_submitted();
    with_paderborn(&mut late);
    stage.publish(third, late).await;
    let all = [first, second, third];
    until(
        "the tie to the third is published",
        || published(&stage),
        |seen| *seen == each(&all, &["tie-declared"]),
    )
    .await;

    assert_eq!(end(&stage, &approver, "3").await, "/review/ties?done=ended");
    assert_eq!(published(&stage).await, each(&all, &["tie-declared", "tie-ended"]));
    declare(&stage, &approver, "4").await;
    assert_eq!(published(&stage).await, each(&all, &["tie-declared", "tie-ended", "tie-declared"]));
    stage.end().await;
}

/// With two reviews given and a third file held: after the declaration neither review counts, and the file is returned.
#[tokio::test]
async fn a_tie_takes_a_reviewer_out_of_every_file_at_once() {
    let stage = Stage::new().await;
    let anna = reviewer("anna");
    let mut files = Vec::new();
    for given in [true, true, false] {
        let id = stage.open_file_of(with_paderborn).await;
        assert_eq!(stage.post(&anna, "/next", None).await.json()["id"], id.to_string());
        if given {
            let path = format!("/files/{id}/review");
            assert_eq!(stage.post(&anna, &path, sheet(4, "fund")).await.status, 200);
        }
        files.push(id);
    }
    assert_eq!(declare(&stage, &anna, "1").await, "/review/ties?done=released");
    assert_eq!(published(&stage).await, each(&files, &["tie-declared"]));
    for id in files {
        let file = stage.read(id).await.unwrap();
        assert_eq!((file.reviews().count(), file.held()), (0, 0), "{file:?}");
        // Two other reviewers are still needed.
        for other in ["bela", "cem"] {
            let other = reviewer(other);
            assert_eq!(stage.post(&other, "/next", None).await.json()["id"], id.to_string());
            let path = format!("/files/{id}/review");
            assert_eq!(stage.post(&other, &path, sheet(3, "fund")).await.status, 200);
        }
    }
    let completed = stage.facts().await.into_iter().filter_map(|fact| match fact {
        AnyFact::ReviewCompleted(done) => Some((done.reviews.len(), done.weighted)),
        _ => None,
    });
    assert_eq!(completed.collect::<Vec<_>>(), [(2, 6_000); 3], "without the reviews that were set aside");
    stage.end().await;
}

/// A tie declared under an earlier release, or while the file was being added.
#[tokio::test]
async fn the_sweep_publishes_ties_that_were_not_published() {
    let stage = Stage::new().await;
    let (file, _) = (stage.open_file_of(with_paderborn).await, stage.open_file().await);
    let reviewer = reviewer("anna");
    assert_eq!(stage.post(&reviewer, "/next", None).await.json()["id"], file.to_string());
    let anna = samples::person("anna");
    let bus = stage.bus().await;
    let mut tx = bus.begin().await.unwrap();
    ties::declare(&mut tx, Uuid::new_v4(), &anna, &PADERBORN.parse().unwrap(), "Früher dort").await.unwrap();
    bus.commit(tx).await.unwrap();
    let service = stage.own_service().await;
    for _ in 0..2 {
        review::sweep::run(&service).await.unwrap();
        assert_eq!(published(&stage).await, each(&[file], &["tie-declared"]));
    }
    // She no longer holds the file.
    let reason = "Früher dort".to_owned();
    assert_eq!(
        stage.read(file).await.unwrap().involvement_of("anna"),
        Some(&review::file::Involvement::Biased { reason })
    );
    assert_ne!(stage.post(&reviewer, "/next", None).await.json()["id"], file.to_string());
    stage.end().await;
}
