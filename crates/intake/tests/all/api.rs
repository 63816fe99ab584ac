use axum::http::{Method, StatusCode};
use chassis::Role;
use events::{Call, CallId};
use intake::calls::{Published, publish};
use serde_json::{Value, json};
use testkit::{RoundTrips, samples, until};

use crate::stage::{Stage, call, paderborn, solingen, staff};

fn body() -> Value {
    json!({"call": "komm-in-2027", "application": samples::application()})
}

/// Idempotency key and answer go with the begin and the commit, and the rules of the call are remembered.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_submits_waits_for_four_round_trips() {
    let trips = RoundTrips::start().await;
    let stage = Stage::behind(&trips).await;
    let mut counts = Vec::new();
    // Other tasks ask Postgres as well, now and then, and what comes behind an answer may be counted with the next
    // submission: what counts is the one in the middle.
    for number in 0..20 {
        let before = trips.count();
        stage.submit(&solingen(), &format!("key-{number}")).await;
        let left = async || {
            let left = sqlx::query_scalar::<_, i64>("select count(*) from bus.outbox");
            left.fetch_one(&stage.db).await.unwrap()
        };
        until("its row is deleted", left, |left| *left == 0).await;
        counts.push(trips.count() - before);
    }
    // Begin, file number, application, commit. Behind the answer: the pool's look at the connection of the file
    // number, and the deletion from the outbox.
    counts.sort_unstable();
    assert_eq!(counts[counts.len() / 2], 4 + 2, "{counts:?}");
    stage.end().await;
}

/// The new rules come from a process of its own, so that the service learns of them only by asking.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_of_a_call_is_in_force_at_once() {
    let stage = Stage::new().await;
    let post = async |key, application: &Value| {
        let body = json!({"call": "komm-in-2027", "application": application});
        stage.api(&solingen(), Method::POST, "/applications", Some(key), Some(body)).await
    };
    let publish = async |change: &dyn Fn(&mut Call)| {
        let mut call = call();
        change(&mut call);
        assert_eq!(publish(&stage.bus().await, call).await.unwrap(), Published::NewVersion);
    };
    let application = body()["application"].take();
    assert_eq!(post("k1", &application).await.status, StatusCode::CREATED);

    // What was ready by the old rules is refused by the new ones.
    publish(&|call| (call.version, call.window.opens) = (3, call.window.closes)).await;
    assert_eq!(post("k2", &application).await.status, StatusCode::CONFLICT);
    // What was refused by the old rules is ready by the new ones, and gets the next number: no refusal takes one.
    publish(&|call| call.version = 4).await;
    let receipt = post("k3", &application).await.json();
    assert_eq!(receipt["file_number"], "36.KI-2027-0002");
    let id: uuid::Uuid = receipt["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(stage.published(id).await[0].1["rule_version"], 4);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_submitted_read_and_withdrawn() {
    let stage = Stage::new().await;
    let post = async |key, body| stage.api(&solingen(), Method::POST, "/applications", key, Some(body)).await;

    let first = post(Some("k1"), body()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    let receipt = first.json();
    assert_eq!((&receipt["file_number"], &receipt["late"]), (&json!("36.KI-2027-0001"), &json!(false)));
    let id = receipt["id"].as_str().unwrap().to_owned();

    // The same request again gets the same answer, and stores nothing. Another body with the same key is refused.
    assert_eq!(post(Some("k1"), body()).await.json(), receipt);
    let mut other = body();
    other["application"]["title"] = json!("Ein anderes Projekt");
    assert_eq!(post(Some("k1"), other.clone()).await.status, StatusCode::CONFLICT);
    assert_eq!(post(None, body()).await.status, StatusCode::BAD_REQUEST);
    let by_id = json!({"call": CallId::of_key("komm-in-2027"), "application": other["application"]});
    assert_eq!(post(Some("k2"), by_id).await.json()["file_number"], "36.KI-2027-0002");
    // The key of another person is another key.
    let theirs = stage.post_with_key(&paderborn(), "/applications", "k1", body()).await;
    assert_eq!(theirs.json()["file_number"], "36.KI-2027-0003");

    let path = format!("/applications/{id}");
    let view = stage.get(&solingen(), &path).await.json();
    assert_eq!((&view["status"], &view["may_withdraw"]), (&json!("submitted"), &json!(true)));
    assert_eq!(view["timeline"][0]["what"], "submitted");
    for (who, status) in [
        (paderborn(), StatusCode::NOT_FOUND),
        (staff(Role::Reviewer), StatusCode::NOT_FOUND),
        (staff(Role::CaseWorker), StatusCode::OK),
        (staff(Role::Operator), StatusCode::OK),
    ] {
        assert_eq!(stage.get(&who, &path).await.status, status);
    }

    let path = format!("/applications/{id}/withdrawal");
    let withdraw = async |who, key, reason: &str| {
        stage.api(&who, Method::POST, &path, key, Some(json!({"reason": reason}))).await
    };
    assert_eq!(withdraw(paderborn(), None, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(withdraw(staff(Role::CaseWorker), None, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(withdraw(solingen(), None, &"x".repeat(2_001)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(withdraw(solingen(), Some("w1"), "Kein Personal").await.json()["status"], "withdrawn");
    assert_eq!(withdraw(solingen(), Some("w1"), "Kein Personal").await.status, StatusCode::OK);
    assert_eq!(withdraw(solingen(), None, "").await.status, StatusCode::CONFLICT);

    let id: uuid::Uuid = id.parse().unwrap();
    let published = stage.published(id).await;
    let kinds: Vec<&str> = published.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["application-submitted", "application-withdrawn"]);
    assert_eq!(published[0].1["applicant"], json!({"ags": "05122000", "name": "Solingen"}));
    assert_eq!(published[1].1["reason"], "Kein Personal");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_problem_that_names_the_field() {
    let stage = Stage::new().await;
    let post = async |body: Value| stage.post_with_key(&solingen(), "/applications", "k", body).await;
    let with = |pointer: &str, value: Value| {
        let mut body = body();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body
    };
    let joint =
        |ags: &str| json!({"lead_share": 4_700_000, "participants": [{"ags": ags, "share": 100_000}]});
    for (pointer, value, at, detail) in [
        ("/application/title", json!(" "), "/application/title", "missing"),
        ("/application/title", json!("\u{200b}\u{ad}\u{2060}"), "/application/title", "missing"),
        ("/application/contact/email", json!("amt@köln.de"), "/application/contact/email", "without them"),
        ("/application/title", json!("x".repeat(201)), "/application/title", "201"),
        ("/application/title", json!(7), "/application/title", "expected a string"),
        (
            "/application/financing/total",
            json!(6_000_001),
            "/application/financing/total",
            "€0.01 of the total cost are missing",
        ),
        ("/application/financing/grant", json!(4_800_000.5), "/application/financing/grant", "expected i64"),
        (
            "/application/joint",
            joint("05999999"),
            "/application/joint/participants/0/ags",
            "no such municipality",
        ),
        (
            "/application/joint",
            joint("Bochum"),
            "/application/joint/participants/0/ags",
            "five or eight digits",
        ),
        (
            "/application/joint",
            joint("05122000"),
            "/application/joint/participants/0/ags",
            "leads the project",
        ),
        (
            "/application/joint",
            json!({"lead_share": 1, "participants": [{"ags": "05911000", "share": 1}]}),
            "/application/joint/lead_share",
            "€47,999.98 are missing",
        ),
        (
            "/application/project_period/to",
            json!("2027-03-31"),
            "/application/project_period/to",
            "before the start",
        ),
        (
            "/application/project_period/to",
            json!("2027-02-30"),
            "/application/project_period/to",
            "out of range",
        ),
        ("/application/contact/email", json!("nobody"), "/application/contact/email", "not an email address"),
        ("/application/contact/language", json!("fr"), "/application/contact/language", "unknown variant"),
        ("/application/funding_priorities", json!([]), "/application/funding_priorities", "missing"),
        ("/call", json!("no-such-call"), "/call", "no such call"),
        ("/extra", json!(1), "/extra", "unknown field"),
    ] {
        let answer = post(with(pointer, value)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{pointer}: {}", answer.text());
        let problem = answer.json();
        assert_eq!(problem["type"], "urn:bescheid:problem:invalid");
        assert_eq!(problem["errors"][0]["pointer"], at, "{}", answer.text());
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(detail), "{}", answer.text());
    }
    let mut two = with("/application/title", json!(""));
    two["application"]["method"] = json!("");
    assert_eq!(post(two).await.json()["errors"].as_array().unwrap().len(), 2);

    let huge = post(with("/application/method", json!("x".repeat(10_000_000)))).await;
    assert_eq!(huge.json()["type"], "urn:bescheid:problem:too-large");
    // None of the refused requests has used up the key.
    let good = with("/application/title", json!("<script>alert('x')</script>'; drop table applications; --"));
    assert_eq!(post(good).await.status, StatusCode::CREATED);

    for who in [staff(Role::CaseWorker), staff(Role::Operator)] {
        let answer = stage.post_with_key(&who, "/applications", "k", body()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let mut nowhere = solingen();
    nowhere.ags = Some("05999999".into());
    let answer = stage.post_with_key(&nowhere, "/applications", "k", body()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_call_opens_nothing_is_taken_in_after_it_closes_all_is_flagged() {
    let stage = Stage::new().await;
    stage.clock.set("2026-09-30T21:59:59Z".parse().unwrap());
    let early = stage.post_with_key(&solingen(), "/applications", "k", body()).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text().contains("opens at 2026-09-30 22:00:00 UTC"), "{}", early.text());
    stage.clock.set("2027-03-01T08:00:00Z".parse().unwrap());
    let late = stage.post_with_key(&solingen(), "/applications", "k", body()).await;
    assert_eq!((late.status, &late.json()["late"]), (StatusCode::CREATED, &json!(true)));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_get_numbers_in_a_row() {
    let stage = std::sync::Arc::new(Stage::new().await);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..25 {
        let stage = stage.clone();
        // Each is sent twice at once: the second waits for the first, and gets the same answer.
        tasks.spawn(async move {
            let (key, who) = (format!("k{n}"), solingen());
            let again = tokio::join!(stage.submit(&who, &key), stage.submit(&who, &key));
            assert_eq!(again.0, again.1);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let numbers: Vec<String> =
        sqlx::query_scalar("select file_number from applications order by file_number")
            .fetch_all(&stage.db)
            .await
            .unwrap();
    let expected: Vec<String> = (1..=25).map(|n| format!("36.KI-2027-{n:04}")).collect();
    assert_eq!(numbers, expected);
    std::sync::Arc::into_inner(stage).unwrap().end().await;
}
