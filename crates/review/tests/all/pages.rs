//! The pages, as a browser without JavaScript sees them.

use chassis::Role;
use events::Cents;
use testkit::session;

use crate::stage::{Stage, reviewer, sheet};

#[tokio::test]
async fn a_reviewer_walks_from_the_queue_to_the_result() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let file = format!("/review/files/{id}");
    let anna = reviewer("anna");
    let queue = stage.open(&anna, "/review", "de").await;
    assert!(
        queue.text().contains("Eine Akte wartet auf ein Gutachten. Sie können sie nehmen."),
        "{}",
        queue.text()
    );
    assert!(queue.text().contains(r#"data-key="n""#));
    let taken = stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    assert_eq!((taken.status.as_u16(), taken.location), (303, file.clone()));
    let twice = stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    assert_eq!(twice.location, file);

    // A mistake: the message is beside the field, and what was typed is still there.
    let typed = [
        ("score-effect", "4"),
        ("comment", "<b>Gut</b> & '; drop table files"),
        ("recommendation", "fund"),
        ("key", "b"),
    ];
    let sent = stage.send_form(&anna, &format!("{file}/review"), &typed).await;
    assert_eq!((sent.status.as_u16(), &*sent.location), (303, &*format!("{file}?refused=1#errors")));
    let again = stage.open(&anna, &format!("{file}?refused=1"), "de").await;
    assert!(again.text().contains("„Partner“: Bitte geben Sie 0 bis 5 Punkte."), "{}", again.text());
    assert!(
        again.text().contains("&#60;b&#62;Gut&#60;/b&#62; &#38; &#39;; drop table files"),
        "{}",
        again.text()
    );
    assert!(again.text().contains(r#"<option value="4" selected>4</option>"#));

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
    assert!(queue.text().contains("Your review is in."), "{}", queue.text());
    assert!(queue.text().contains("None of them is for you."));

    let bela = reviewer("bela");
    stage.send_form(&bela, "/review/next", &[("key", "c")]).await;
    stage.send_form(&bela, &format!("{file}/review"), &typed).await;
    let result = stage.open(&bela, &file, "de").await;
    assert!(
        result.text().contains("64,00\u{a0}%") && result.text().contains("Dr. anna"),
        "{}",
        result.text()
    );
    stage.end().await;
}

#[tokio::test]
async fn what_was_typed_survives_reload_expiry_and_refusal() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let file = format!("/review/files/{id}");
    let anna = reviewer("anna");
    stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    let draft = [
        ("score-effect", "3"),
        ("comment", "Angefangen\0"),
        ("open_page", "018f0000-0000-7000-8000-000000000002"),
    ];
    let saved = stage.send_form(&anna, &format!("{file}/draft"), &draft).await;
    assert_eq!((saved.status.as_u16(), &saved.json()["outcome"]), (200, &"saved".into()));
    let page = stage.open(&anna, &file, "de").await.into_text();
    assert!(page.contains("Angefangen") && page.contains(r#"<option value="3" selected>"#), "{page}");

    // Time runs out, and two others take the file.
    stage.clock.advance(chrono::TimeDelta::hours(3));
    review::sweep::run(&stage.own_service().await).await.unwrap();
    for other in ["bela", "cem"] {
        let other = reviewer(other);
        stage.post(&other, "/next", None).await;
        stage.post(&other, &format!("/files/{id}/review"), sheet(3, "fund")).await;
    }
    let typed = [
        ("score-effect", "3"),
        ("score-partners", "3"),
        ("recommendation", "fund"),
        ("comment", "Zwei Stunden Arbeit"),
        ("key", "k"),
    ];
    // The first save says so, and what was typed stays readable, however often the page is loaded.
    let first = [
        ("score-effect", "3"),
        ("comment", "Zwei Stunden"),
        ("open_page", "018f0000-0000-7000-8000-000000000002"),
    ];
    let gone = stage.send_form(&anna, &format!("{file}/draft"), &first).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["outcome"]), (404, &"gone".into()));
    let answer = gone.json()["message"].as_str().unwrap().to_owned();
    assert!(answer.contains("Alle Gutachten") && answer.contains("bleibt"), "{answer}");
    assert!(stage.open(&anna, &file, "de").await.text().contains("Zwei Stunden"));
    let refused = stage.send_form(&anna, &format!("{file}/review"), &typed).await;
    assert_eq!(refused.status, 303);
    for _ in 0..2 {
        let page = stage.open(&anna, &file, "de").await.into_text();
        assert!(
            page.contains("Zwei Stunden Arbeit") && page.contains("Was Sie bisher geschrieben haben"),
            "{page}"
        );
        assert!(page.contains("Alle Gutachten zu diesem Antrag liegen inzwischen vor."), "{page}");
    }
    stage.end().await;
}

/// An incomplete review is sent; then the reasons are written, and the page is loaded again.
#[tokio::test]
async fn what_is_written_after_an_error_is_not_replaced_by_less() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let (file, auto) = (format!("/review/files/{id}"), format!("/review/files/{id}/draft"));
    let anna = reviewer("anna");
    stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    stage.send_form(&anna, &format!("{file}/review"), &[("recommendation", "fund"), ("key", "b")]).await;
    let page = stage.open(&anna, &format!("{file}?refused=1"), "de").await;
    assert!(page.text().contains("id=\"errors\""), "{page:?}");
    let (revision, tab) = (page.field("kept_revision"), page.field("open_page"));
    let with = |revision: &str, tab: &str, comment: &str| {
        let fields = [
            ("kept_revision", revision),
            ("open_page", tab),
            ("recommendation", "fund"),
            ("comment", comment),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let fields = with(&revision, &tab, "Die Gründe");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(stage.send_form(&anna, &auto, &fields).await.json()["outcome"], "saved");
    let page = stage.open(&anna, &format!("{file}?refused=1"), "de").await.into_text();
    assert!(page.contains("Die Gründe") && page.contains("value=\"fund\" checked"), "{page}");

    // A window opened before that: what it sends does not replace the newer text, which it gets as the answer.
    let stale = with(&revision, "018f0000-0000-7000-8000-000000000001", "Weniger");
    let stale: Vec<(&str, &str)> = stale.iter().map(|(name, value)| (&**name, &**value)).collect();
    let answer = stage.send_form(&anna, &auto, &stale).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["outcome"]), (409, &"changed".into()));
    assert!(answer.json()["fields"].to_string().contains("Die Gründe"), "{}", answer.text());
    assert!(stage.open(&anna, &file, "de").await.text().contains("Die Gründe"));
    stage.end().await;
}

#[tokio::test]
async fn a_comment_has_a_limit_and_a_body_another() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let path = format!("/review/files/{id}/review");
    let anna = reviewer("anna");
    stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    let long = "ä".repeat(5_001);
    let typed =
        [("score-effect", "5"), ("score-partners", "5"), ("recommendation", "fund"), ("comment", &*long)];
    assert_eq!(stage.send_form(&anna, &path, &typed).await.status, 303);
    let refused = stage.open(&anna, &format!("/review/files/{id}"), "de").await;
    assert!(refused.text().contains("mehr als 5.000 Zeichen") && refused.text().contains(&long));
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
    let anna = reviewer("anna");
    stage.post(&anna, "/next", None).await;
    stage.post(&anna, &format!("/files/{late}/review"), sheet(4, "fund")).await;
    let clerk = session("clerk", &[Role::CaseWorker]);
    assert_eq!(stage.open(&clerk, "/review", "de").await.location, "/review/all");
    let list = stage.open(&clerk, "/review/all?state=waiting", "de").await.into_text();
    assert!(
        list.contains("1 von 2 Gutachten") && list.contains("seit 29 Tagen") && list.contains("überfällig"),
        "{list}"
    );
    assert!(list.contains(&young.to_string()) && list.contains("seit heute"), "{list}");
    let file = stage.open(&clerk, &format!("/review/files/{late}"), "en").await.into_text();
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
    let anna = reviewer("anna");
    let bela = reviewer("bela");
    let sent = stage.send_form_of(&bela, &anna, "/review/next", &[("key", "a")]).await;
    assert_eq!(sent.status, 403);
    assert_eq!(stage.read(id).await.unwrap().held(), 0);
    let unknown = stage.open(&anna, &format!("/review/files/{}", uuid::Uuid::now_v7()), "de").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(stage.open(&anna, "/review/files/nonsense", "de").await.status, 404);
    let manager = testkit::session("dora", &[Role::CaseWorker]);
    for (who, wrong) in [(&anna, "/review?before=-9000000000000000000"), (&manager, "/review/all?after=x")] {
        assert_eq!(stage.open(who, wrong, "de").await.status, 400);
    }
    stage.end().await;
}

#[test]
fn both_catalogues_say_the_same_things() {
    let (de, en) = (include_str!("../../messages/de.ftl"), include_str!("../../messages/en.ftl"));
    pages::messages::assert_catalogues_match(de, en);
    pages::messages::assert_templates_known(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"), de, en);
}
