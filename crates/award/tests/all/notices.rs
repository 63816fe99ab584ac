//! The notice and its deadlines, through the running service.

use std::fmt::Write as _;

use axum::http::Method;
use chrono::TimeDelta;
use events::{Cents, Contact, ContactChanged, Language, Person};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{session, until};

use crate::stage::{Stage, applicant, approver, grant, worker};

const SOLINGEN: &str = "05122000";

#[tokio::test]
async fn the_retrieval_of_the_applicant_starts_the_clock() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    assert_eq!(stage.decided(id, grant()).await, "granted");
    stage.email_was_sent(id).await;
    let (about, page, pdf) =
        (format!("/notices/{id}"), format!("/award/notices/{id}"), format!("/award/notices/{id}/pdf"));
    let solingen = applicant(SOLINGEN);

    // Neither the page nor those who decide start the time to sue.
    let shown = stage.open(&solingen, &page, "de").await;
    let says = ["Ihr Bescheid liegt bereit", "25.04.2027", "gilt er am Tag danach als bekannt gegeben"];
    assert!(says.iter().all(|text| shown.text().contains(text)), "{shown:?}");
    assert!(!shown.text().contains("/pdf"), "{shown:?}");
    assert_eq!(stage.open(&approver(), &pdf, "de").await.status, 200);
    let offered = stage.get(&solingen, &about).await.json();
    assert_eq!((&offered["standing"], &offered["until"]), (&json!("offered"), &json!("2027-04-25")));
    assert!(offered["retrieved_at"].is_null());

    stage.clock.advance(TimeDelta::hours(30));
    let retrieved = stage.send_form(&solingen, &format!("{page}/retrieval"), &[]).await;
    assert_eq!((retrieved.status.as_u16(), &retrieved.location), (303, &page));
    let shown = stage.open(&solingen, &page, "de").await;
    assert!(
        shown.text().contains(&pdf) && shown.text().contains(&format!("{pdf}?download=yes")),
        "{shown:?}"
    );
    assert!(!shown.text().contains("/retrieval"), "{shown:?}");
    let file = stage.open(&solingen, &pdf, "de").await;
    assert!(file.body.starts_with(b"%PDF"));
    let sha256 = Sha256::digest(&file.body).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let retrieved = stage.get(&solingen, &about).await.json();
    assert_eq!(retrieved["sha256"], sha256.as_str());
    assert_eq!(retrieved["retrieved_at"], "2027-04-16T16:00:00Z");
    // Retrieved on a Friday, notified on Saturday; the month ends on Whit Monday.
    let open = json!({ "notified_on": "2027-04-17", "until": "2027-05-18" });
    assert_eq!(json!({ "notified_on": retrieved["notified_on"], "until": retrieved["until"] }), open);
    stage.clock.advance(TimeDelta::hours(30));
    stage.send_form(&solingen, &format!("{page}/retrieval"), &[]).await;
    assert_eq!(stage.get(&solingen, &about).await.json(), retrieved, "only the first time counts");

    stage.clock.set("2027-05-18T21:59:00Z".parse().unwrap());
    assert_eq!(stage.kinds(id).await.len(), 2);
    stage.clock.set("2027-05-18T22:00:00Z".parse().unwrap());
    let published = || stage.kinds(id);
    until("the notice becomes final", published, |published| {
        published.last().is_some_and(|last| last == "notice-became-final")
    })
    .await;
    stage.end().await;
}

/// Scanners, previews, link checkers and prefetching browsers follow links; other sites make browsers send forms.
#[tokio::test]
async fn nothing_but_a_form_of_the_page_or_the_api_retrieves() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    stage.decided(id, grant()).await;
    let solingen = applicant(SOLINGEN);
    let page = format!("/award/notices/{id}");
    let retrieval = format!("{page}/retrieval");
    let untouched = || async {
        let row: (Option<chrono::DateTime<chrono::Utc>>, Option<chrono::NaiveDate>) =
            sqlx::query_as("select retrieved_at, retrieved_on from notices where application = $1")
                .bind(id.uuid())
                .fetch_one(&stage.db)
                .await
                .unwrap();
        assert_eq!(row, (None, None));
    };
    let headers: [&[(&str, &str)]; 4] = [
        &[],
        &[("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")],
        &[("sec-fetch-site", "cross-site"), ("referer", "https://mail.example/")],
        &[("user-agent", "LinkChecker"), ("range", "bytes=0-99")],
    ];
    for method in [Method::GET, Method::HEAD] {
        for query in ["/pdf", "/pdf?download=yes"] {
            for headers in headers {
                let answer = stage.ask(&solingen, method.clone(), &format!("{page}{query}"), headers).await;
                assert_eq!((answer.status.as_u16(), &answer.location), (303, &page), "{method} {headers:?}");
                assert!(!answer.body.starts_with(b"%PDF"));
            }
        }
        let there = stage.ask(&solingen, method.clone(), &retrieval, &[]).await;
        assert_eq!(there.status, 405, "{method}");
        untouched().await;
    }
    // A form of another site, one without its token, and somebody who is not the recipient.
    for site in ["cross-site", "same-origin"] {
        let headers = [("sec-fetch-site", site), ("content-type", "application/x-www-form-urlencoded")];
        let forged = stage.ask(&solingen, Method::POST, &retrieval, &headers).await;
        assert_eq!(forged.status, 403, "{site}: {forged:?}");
    }
    for other in [worker(), approver(), applicant("05113000")] {
        let refused = stage.send_form(&other, &retrieval, &[]).await;
        assert!(refused.status.is_client_error(), "{refused:?}");
        assert!(
            stage.post(&other, &format!("/notices/{id}/retrieval"), json!({})).await.status.is_client_error()
        );
    }
    untouched().await;

    // A program of the recipient retrieves, once.
    let path = format!("/notices/{id}/retrieval");
    let first = stage.post_with_key(&solingen, &path, "r-1", None).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(
        (&first.json()["standing"], &first.json()["notified_on"]),
        (&json!("open"), &json!("2027-04-16"))
    );
    stage.clock.advance(TimeDelta::days(3));
    for key in ["r-1", "r-2"] {
        let again = stage.post_with_key(&solingen, &path, key, None).await;
        assert_eq!(again.json()["retrieved_at"], first.json()["retrieved_at"]);
    }
    let retrievals: i64 = sqlx::query_scalar("select count(*) from history where what = 'retrieved'")
        .fetch_one(&stage.db)
        .await
        .unwrap();
    assert_eq!(retrievals, 1);
    assert!(stage.open(&solingen, &format!("{page}/pdf"), "de").await.body.starts_with(b"%PDF"));
    stage.end().await;
}

#[tokio::test]
async fn the_offer_waits_for_a_mail_server_that_is_down() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    stage.decided(id, grant()).await;
    let (entries, posted) =
        (format!("/notices/{id}/entries"), |on: &str| json!({ "entry": "posted", "on": on }));
    let list = || async { stage.open(&worker(), "/award", "de").await.text().to_owned() };
    // Emails about anything else do not change the notice.
    stage.publish(id, stage.email_sent("award-granted")).await;
    stage.publish(id, stage.email_bounced("review-completed")).await;
    for (day, needs_post) in [("2027-04-15", false), ("2027-04-17", false), ("2027-04-18", true)] {
        stage.clock.set(format!("{day}T10:00:00Z").parse().unwrap());
        let notice = stage.notice(id).await;
        let seen = (&notice["standing"], &notice["issued_on"], &notice["needs_post"]);
        assert_eq!(seen, (&json!("message_pending"), &json!("2027-04-15"), &json!(needs_post)), "{day}");
        assert_eq!(list().await.contains("Diese Bescheide erreichen niemanden"), needs_post, "{day}");
        let page = stage.open(&applicant(SOLINGEN), &format!("/award/notices/{id}"), "de").await;
        assert!(page.text().contains("noch nicht verschickt"), "{page:?}");
        if !needs_post {
            assert_eq!(stage.post(&worker(), &entries, posted(day)).await.problem().0, 409);
        }
    }
    // The email is sent: the ten days count from now, not from the issue.
    stage.email_was_sent(id).await;
    let until = |notice: &Value| (notice["standing"].clone(), notice["until"].clone());
    assert_eq!(until(&stage.notice(id).await), (json!("offered"), json!("2027-04-28")));
    assert!(!list().await.contains("Diese Bescheide erreichen niemanden"));
    stage.clock.set("2027-04-28T21:59:59Z".parse().unwrap());
    assert_eq!(until(&stage.notice(id).await).0, json!("offered"));
    stage.clock.set("2027-04-28T22:00:00Z".parse().unwrap());
    let ended = stage.notice(id).await;
    assert_eq!((&ended["standing"], &ended["on"]), (&json!("offer_ended"), &json!("2027-04-28")));
    assert!(list().await.contains("im Portal bis zum 28.04.2027 nicht abgerufen"));
    stage.end().await;
}

#[tokio::test]
async fn no_offer_runs_while_the_email_has_come_back_and_case_workers_are_told() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    stage.decided(id, grant()).await;
    stage.email_was_sent(id).await;
    stage.clock.advance(TimeDelta::hours(3));
    stage.bounced(id).await;
    // The same again, and an older one after it.
    stage.publish(id, stage.email_bounced("notice-issued")).await;
    let mut old = stage.email_sent("notice-issued");
    old.sent_at -= TimeDelta::hours(2);
    stage.publish(id, old).await;
    let rows = || async {
        sqlx::query_scalar::<_, i64>("select count(*) from history where what like 'message-%'")
            .fetch_one(&stage.db)
            .await
            .unwrap()
    };
    until("all facts are consumed", rows, |rows| *rows == 4).await;

    stage.clock.set("2027-05-20T10:00:00Z".parse().unwrap());
    let notice = stage.notice(id).await;
    let seen = (&notice["standing"], &notice["bounced_on"], &notice["needs_post"]);
    assert_eq!(seen, (&json!("message_bounced"), &json!("2027-04-15"), &json!(true)));
    let list = stage.open(&worker(), "/award", "de").await;
    assert!(list.text().contains("Diese Bescheide erreichen niemanden"), "{list:?}");
    let case = stage.open(&worker(), &format!("/award/cases/{id}"), "de").await;
    for text in ["Dieser Bescheid erreicht niemanden", "kam am 15.04.2027 zurück", "550 no such user"] {
        assert!(case.text().contains(text), "{text}: {case:?}");
    }
    let page = stage.open(&applicant(SOLINGEN), &format!("/award/notices/{id}"), "de").await;
    assert!(page.text().contains("Unsere E-Mail hat Sie nicht erreicht"), "{page:?}");

    // It is sent to a corrected address: ten days from that day.
    stage.email_was_sent(id).await;
    let notice = stage.notice(id).await;
    assert_eq!((&notice["standing"], &notice["until"]), (&json!("offered"), &json!("2027-05-30")));
    assert!(!stage.open(&worker(), "/award", "de").await.text().contains("erreichen niemanden"));
    // It bounces again; a recipient who finds the notice in the portal all the same has retrieved it.
    stage.clock.advance(TimeDelta::hours(1));
    stage.bounced(id).await;
    let path = format!("/notices/{id}/retrieval");
    let retrieved = stage.post(&applicant(SOLINGEN), &path, None).await.json();
    assert_eq!((&retrieved["standing"], &retrieved["notified_on"]), (&json!("open"), &json!("2027-05-21")));
    stage.end().await;
}

#[tokio::test]
async fn what_came_back_goes_by_post_at_once() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    stage.decided(id, grant()).await;
    stage.bounced(id).await;
    let entry = json!({ "entry": "posted", "on": "2027-04-15" });
    let posted = stage.post(&worker(), &format!("/notices/{id}/entries"), entry).await;
    assert_eq!(posted.json()["notified_on"], "2027-04-19", "{posted:?}");
    assert!(!stage.open(&worker(), "/award", "de").await.text().contains("erreichen niemanden"));
    stage.end().await;
}

/// For notices from before emails were tracked the offer counts from the issue, as their recipients were told.
#[tokio::test]
async fn notices_from_before_keep_their_days() {
    let db = testkit::database("award", &[&bus::MIGRATIONS]).await.pool;
    let migrations: Vec<_> = award::MIGRATIONS.iter().collect();
    sqlx::raw_sql(sqlx::AssertSqlSafe(migrations[0].sql.as_str().to_owned())).execute(&db).await.unwrap();
    sqlx::raw_sql(
        "insert into calls values (gen_random_uuid(), 1, now(), '{}');
         insert into budgets select id, 2027, 100 from calls;
         insert into cases select gen_random_uuid(), 1, id, 2027, 1, 'F', 'A', 'T', 'granted', '{}', 1, 0, null,
                jsonb_build_object('submitted_at', '2027-01-15T10:00:00Z'), now()
             from calls;
         insert into notices (application, id, kind, pdf, sha256, issued_at, offered_on)
             select application, application, 'award', '', '', '2027-04-15T10:00:00Z', '2027-04-15' from cases;",
    )
    .execute(&db)
    .await
    .unwrap();
    for migration in &migrations[1..] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(migration.sql.as_str().to_owned())).execute(&db).await.unwrap();
    }
    let kept: bool =
        sqlx::query_scalar("select message_sent_at = issued_at and message_bounced_at is null from notices")
            .fetch_one(&db)
            .await
            .unwrap();
    assert!(kept);
}

#[tokio::test]
async fn a_notice_that_nobody_opens_goes_by_post() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let reasons =
        json!({ "kind": "reject", "reasons": "Das Projekt hat begonnen.\nDie Finanzierung ist offen." });
    assert_eq!(stage.decided(id, reasons).await, "rejected");
    assert_eq!(stage.kinds(id).await, ["award-rejected", "notice-issued"]);
    stage.email_was_sent(id).await;
    let entries = format!("/notices/{id}/entries");
    let record = |entry: &str, on: &str| json!({ "entry": entry, "on": on });
    let posted = |on: &str| record("posted", on);
    let worker = worker();

    let early = stage.post(&worker, &entries, posted("2027-04-15")).await;
    assert_eq!(early.problem(), (409, "conflict".into()));
    stage.clock.set("2027-04-26T08:00:00Z".parse().unwrap());
    let page = stage.open(&applicant(SOLINGEN), &format!("/award/notices/{id}"), "en").await;
    assert!(page.text().contains("You will get the notice by post"), "{page:?}");
    let future = stage.post(&worker, &entries, posted("2027-04-27")).await;
    assert_eq!(
        (future.problem(), &future.json()["errors"][0]["pointer"]),
        ((422, "invalid".into()), &json!("/on"))
    );
    let good = stage.post(&worker, &entries, posted("2027-04-26")).await.json();
    assert_eq!((&good["notified_on"], &good["until"]), (&json!("2027-04-30"), &json!("2027-05-31")));
    assert_eq!(stage.post(&worker, &entries, posted("2027-04-26")).await.problem().0, 409);

    // The recipient waives the remedy: final at once.
    let waived = stage.post(&worker, &entries, record("waived", "2027-04-26")).await.json();
    assert_eq!((&waived["standing"], &waived["on"]), (&json!("final"), &json!("2027-04-26")));
    let published = || stage.kinds(id);
    until("the notice becomes final", published, |published| published.len() == 3).await;
    stage.end().await;
}

#[tokio::test]
async fn a_notice_is_for_its_recipient_and_those_who_decide() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    for path in [format!("/award/notices/{id}"), format!("/award/notices/{id}/pdf")] {
        let early = stage.open(&applicant(SOLINGEN), &path, "de").await;
        assert_eq!(early.status, 404, "there is none yet");
    }
    stage.decided(id, grant()).await;
    let essen = applicant("05113000");
    let reviewer = session("reviewer", &[chassis::Role::Reviewer]);
    for stranger in [essen, reviewer] {
        for path in [format!("/award/notices/{id}"), format!("/award/notices/{id}/pdf")] {
            assert_eq!(stage.open(&stranger, &path, "de").await.status, 404);
        }
        assert_eq!(
            stage.get(&stranger, &format!("/notices/{id}")).await.problem(),
            (404, "not-found".into())
        );
    }
    stage.end().await;
}

#[tokio::test]
async fn later_notices_name_the_corrected_contact() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let contact = Contact {
        name: "Serap Demir".to_owned(),
        email: "neu@solingen.example".to_owned(),
        phone: String::new(),
        language: Language::De,
    };
    let changed_by = Person { id: "p-1".to_owned(), name: "Serap Demir".to_owned() };
    let changed_at = "2027-04-15T10:00:00Z".parse().unwrap();
    let previous_email = "alt@solingen.example".to_owned();
    stage.publish(id, ContactChanged { contact, previous_email, changed_by, changed_at }).await;
    let named = async || {
        let query = "select submitted #>> '{application,contact,name}' from cases where application = $1";
        sqlx::query_scalar::<_, String>(query).bind(id.uuid()).fetch_one(&stage.db).await.unwrap()
    };
    until("the contact is corrected", named, |name| name == "Serap Demir").await;
    // Nothing else of the case has changed: a decision on the revision seen before is accepted.
    assert_eq!(stage.decided(id, grant()).await, "granted");
    stage.end().await;
}

#[tokio::test]
async fn a_case_that_cannot_be_read_keeps_no_other_notice_from_becoming_final() {
    let stage = Stage::new(Cents::euros(120_000)).await;
    let (broken, id) = (stage.ready(1).await, stage.ready(2).await);
    for id in [broken, id] {
        assert_eq!(stage.decided(id, grant()).await, "granted");
        // The recipient waives the remedy, the first one a day earlier.
        stage.clock.advance(TimeDelta::days(1));
    }
    let set_final =
        "update notices set arrived_on = offered_on, waived_on = offered_on, final_on = offered_on";
    let set_state = |state: Value| {
        sqlx::query("update cases set state = $2 where application = $1").bind(broken.uuid()).bind(state)
    };
    let state: Value = sqlx::query_scalar("select state from cases where application = $1")
        .bind(broken.uuid())
        .fetch_one(&stage.db)
        .await
        .unwrap();
    set_state(json!({ "stage": "nowhere" })).execute(&stage.db).await.unwrap();
    sqlx::query(set_final).execute(&stage.db).await.unwrap();
    let last = |id| {
        let published = stage.published(id);
        async move { published.await.pop().unwrap().0 }
    };
    until("the other is final", || last(id), |last| last == "notice-became-final").await;
    assert_ne!(last(broken).await, "notice-became-final");
    set_state(state).execute(&stage.db).await.unwrap();
    until("and then the first", || last(broken), |last| last == "notice-became-final").await;
    stage.end().await;
}
