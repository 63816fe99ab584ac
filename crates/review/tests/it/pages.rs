//! The pages, as a browser without JavaScript sees them.

use axum::http::Method;
use chassis::Role;
use events::Cents;

use crate::stage::{Stage, sheet};

#[tokio::test]
async fn a_reviewer_walks_from_the_queue_to_the_result() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let file = format!("/review/files/{id}");
    let anna = stage.reviewer("anna");
    let queue = stage.open(&anna, "/review", "de").await;
    assert!(
        queue.body.contains("Eine Akte wartet auf ein Gutachten. Eine davon können Sie nehmen."),
        "{}",
        queue.body
    );
    assert!(queue.body.contains(r#"data-key="n""#));
    let taken = stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    assert_eq!((taken.status.as_u16(), taken.location), (303, file.clone()));
    let twice = stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    assert_eq!(twice.location, file);

    // A mistake: the message stands beside the field, what was typed is still there.
    let typed = [
        ("score-effect", "4"),
        ("comment", "<b>Gut</b> & '; drop table files"),
        ("recommendation", "fund"),
        ("key", "b"),
    ];
    let again = stage.send_form(&anna, &format!("{file}/review"), &typed).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("„Partner“: Bitte geben Sie 0 bis 5 Punkte."), "{}", again.body);
    assert!(
        again.body.contains("&#60;b&#62;Gut&#60;/b&#62; &#38; &#39;; drop table files"),
        "{}",
        again.body
    );
    assert!(again.body.contains(r#"<option value="4" selected>4</option>"#));

    let typed = [
        ("score-effect", "4"),
        ("score-partners", "2"),
        ("comment", "Gut"),
        ("recommendation", "fund"),
        ("key", "b2"),
    ];
    let given = stage.send_form(&anna, &format!("{file}/review"), &typed).await;
    assert_eq!(given.location, "/review?done=review");
    let queue = stage.open(&anna, &given.location, "en").await;
    assert!(queue.body.contains("Your review is in."), "{}", queue.body);
    assert!(queue.body.contains("None of them is for you."));

    let bela = stage.reviewer("bela");
    stage.send_form(&bela, "/review/next", &[("key", "c")]).await;
    stage.send_form(&bela, &format!("{file}/review"), &typed).await;
    let result = stage.open(&bela, &file, "de").await;
    assert!(result.body.contains("64,00\u{a0}%") && result.body.contains("Dr. anna"), "{}", result.body);
    stage.end().await;
}

#[tokio::test]
async fn what_was_typed_survives_reload_expiry_and_refusal() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let file = format!("/review/files/{id}");
    let anna = stage.reviewer("anna");
    stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    let draft = [("score-effect", "3"), ("comment", "Angefangen\0")];
    assert_eq!(stage.send_form(&anna, &format!("{file}/draft"), &draft).await.status, 204);
    let page = stage.open(&anna, &file, "de").await.body;
    assert!(page.contains("Angefangen") && page.contains(r#"<option value="3" selected>"#), "{page}");

    // Time runs out, and two others take the places.
    stage.clock.advance(chrono::TimeDelta::hours(3));
    review::sweep::once(&stage.own_service().await).await.unwrap();
    for other in ["bela", "cem"] {
        let other = stage.reviewer(other);
        stage.api(&other, Method::POST, "/next", None).await;
        stage.api(&other, Method::POST, &format!("/files/{id}/review"), Some(sheet(3, "fund"))).await;
    }
    let typed = [
        ("score-effect", "3"),
        ("score-partners", "3"),
        ("recommendation", "fund"),
        ("comment", "Zwei Stunden Arbeit"),
        ("key", "k"),
    ];
    let refused = stage.send_form(&anna, &format!("{file}/review"), &typed).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("Zwei Stunden Arbeit"), "{}", refused.body);
    assert!(refused.body.contains("Alle Gutachten zu diesem Antrag liegen inzwischen vor."));
    stage.end().await;
}

#[tokio::test]
async fn a_comment_has_a_limit_and_a_body_another() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let path = format!("/review/files/{id}/review");
    let anna = stage.reviewer("anna");
    stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    let long = "ä".repeat(5_001);
    let typed =
        [("score-effect", "5"), ("score-partners", "5"), ("recommendation", "fund"), ("comment", &*long)];
    let refused = stage.send_form(&anna, &path, &typed).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("mehr als 5000 Zeichen") && refused.body.contains(&long));
    let huge = "x".repeat(10_000_000);
    assert_eq!(stage.send_form(&anna, &path, &[("comment", &*huge)]).await.status, 413);
    assert_eq!(stage.read(id).await.unwrap().reviews().count(), 0);
    stage.end().await;
}

#[tokio::test]
async fn case_workers_see_progress_age_and_history() {
    let stage = Stage::new().await;
    let late = stage.open_file_of(|submitted| submitted.application.financing.grant = Cents(4_800_050)).await;
    stage.clock.advance(chrono::TimeDelta::days(29));
    let young = stage.open_file().await;
    let anna = stage.reviewer("anna");
    stage.api(&anna, Method::POST, "/next", None).await;
    stage.api(&anna, Method::POST, &format!("/files/{late}/review"), Some(sheet(4, "fund"))).await;
    let clerk = stage.session("clerk", &[Role::CaseWorker]);
    assert_eq!(stage.open(&clerk, "/review", "de").await.location, "/review/all");
    let list = stage.open(&clerk, "/review/all?state=waiting", "de").await.body;
    assert!(
        list.contains("1 von 2 Gutachten") && list.contains("seit 29 Tagen") && list.contains("überfällig"),
        "{list}"
    );
    assert!(list.contains(&young.to_string()) && list.contains("seit heute"), "{list}");
    let file = stage.open(&clerk, &format!("/review/files/{late}"), "en").await.body;
    assert!(
        file.contains("€48,000.50") && file.contains("Review given") && file.contains("Dr. anna"),
        "{file}"
    );
    assert_eq!(stage.open(&anna, "/review/all", "de").await.status, 403, "reviewers take what comes");
    stage.end().await;
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = stage.reviewer("anna");
    let bela = stage.reviewer("bela");
    let foreign = chassis::session::SessionKeys::for_test().csrf(&bela);
    let sent = stage.send_raw_form(&anna, "/review/next", &[("csrf", &foreign), ("key", "a")]).await;
    assert_eq!(sent.status, 403);
    assert_eq!(stage.read(id).await.unwrap().held(), 0);
    let unknown = stage.open(&anna, &format!("/review/files/{}", uuid::Uuid::now_v7()), "de").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(stage.open(&anna, "/review/files/nonsense", "de").await.status, 404);
    assert_eq!(stage.open(&anna, "/review?before=-9999999999999999&id=x", "de").await.status, 400);
    assert_eq!(stage.open(&anna, "/review?before=-9000000000000000000", "de").await.status, 200);
    stage.end().await;
}

#[test]
fn both_catalogues_say_the_same_things() {
    let (de, en) = (include_str!("../../messages/de.ftl"), include_str!("../../messages/en.ftl"));
    pages::messages::assert_catalogues_match(de, en);
    pages::messages::assert_templates_known(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"), de, en);
}
