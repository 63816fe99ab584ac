//! The rules confirm clear cases; a person decides the others, through the API and on the page.

use axum::http::StatusCode;
use chassis::{Role, Session};
use events::{TieDeclared, TieEnded};
use serde_json::{Value, json};
use testkit::{samples, session, until};
use uuid::Uuid;

use crate::stage::{HILDEN, SOLINGEN, Stage, worker};

#[tokio::test]
async fn the_clear_are_confirmed_and_a_person_decides_the_rest_once() {
    let stage = Stage::new().await;
    let solingen = stage.submit(samples::submitted_by(SOLINGEN)).await;
    assert_eq!(stage.kinds(solingen).await, ["eligibility-confirmed"]);
    assert_eq!(stage.published(solingen).await[0].1["decided_by"], "rules");

    let hilden = stage.submit(samples::submitted_by(HILDEN)).await;
    assert_eq!(stage.kinds(hilden).await, ["eligibility-referred"]);
    let worker = worker();
    let list = stage.open(&worker, "/eligibility/api/cases", "de").await.into_text();
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["cases"][0]["id"], json!(hilden));
    assert_eq!(
        (&list["cases"][0]["open"], &list["cases"][1]),
        (&json!(["immigration_office"]), &Value::Null)
    );

    let order = json!({"decision": "ineligible", "reason": "Der Kreis wirkt nicht mit."});
    let (status, view) = stage.decide(hilden, Some("k-1"), &order).await;
    assert_eq!((status, &view["state"]), (StatusCode::OK, &json!("ineligible")));
    assert_eq!(stage.decide(hilden, Some("k-1"), &order).await, (status, view), "the same answer again");
    let kept: Value =
        sqlx::query_scalar("select response from bus.idempotency").fetch_one(&stage.db).await.unwrap();
    assert_eq!(kept, json!(hilden), "the application is not kept once more");
    let other = json!({"decision": "eligible", "reason": "Der Kreis wirkt nicht mit."});
    assert_eq!(stage.decide(hilden, Some("k-1"), &other).await.0, StatusCode::CONFLICT, "another request");
    assert_eq!(stage.decide(hilden, None, &other).await.0, StatusCode::CONFLICT, "decided already");
    assert_eq!(stage.decide(solingen, None, &order).await.0, StatusCode::CONFLICT, "the rules decided");
    assert_eq!(stage.kinds(hilden).await, ["eligibility-referred", "ineligibility-confirmed"]);
    let published = &stage.published(hilden).await[1].1["decided_by"]["person"];
    assert_eq!(published["person"]["id"], "worker-1");
    assert_eq!(published["reason"], "Der Kreis wirkt nicht mit.");
    stage.end().await;
}

#[tokio::test]
async fn who_may_not_is_refused_and_what_is_wrong_is_named() {
    let stage = Stage::new().await;
    let hilden = stage.submit(samples::submitted_by(HILDEN)).await;
    let case = format!("/eligibility/cases/{hilden}");
    let response = stage.open(None, &case, "de").await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert!(response.location.starts_with("/sign-in?next="));
    let reviewer = session("reviewer-1", &[Role::Reviewer]);
    for path in ["/eligibility", &case, "/eligibility/api/cases", &format!("/eligibility/api/cases/{hilden}")]
    {
        assert_eq!(stage.open(&reviewer, path, "de").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let fields = [("decision", "eligible"), ("reason", "lange genug"), ("key", "k")];
    assert_eq!(stage.fill_in(hilden, &reviewer, &fields).await.status, StatusCode::FORBIDDEN);

    let worker = worker();
    let nowhere = Uuid::now_v7();
    assert_eq!(
        stage.open(&worker, &format!("/eligibility/cases/{nowhere}"), "de").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(stage.open(&worker, "/eligibility/cases/1", "de").await.status, StatusCode::NOT_FOUND);
    for after in ["x", "-8000000000000000000.00000000-0000-0000-0000-000000000000"] {
        let wrong = format!("/eligibility?after={after}");
        assert_eq!(stage.open(&worker, &wrong, "de").await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(stage.open(&worker, "/eligibility?state=lost", "de").await.status, StatusCode::BAD_REQUEST);
    let (status, problem) =
        stage.decide(hilden, None, &json!({"decision": "eligible", "reason": "kurz"})).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/reason"))
    );
    let (status, problem) =
        stage.decide(hilden, None, &json!({"decision": "perhaps", "reason": "lange genug"})).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/decision"))
    );
    let order = json!({"decision": "eligible", "reason": "lange genug"});
    assert_eq!(stage.decide(hilden, Some("k\u{e4}"), &order).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(stage.decide(hilden, Some(&"k".repeat(201)), &order).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(stage.kinds(hilden).await, ["eligibility-referred"]);
    stage.end().await;
}

#[tokio::test]
async fn a_person_decides_on_the_page_and_nothing_typed_is_lost() {
    let stage = Stage::new().await;
    let mut hilden = samples::submitted_by(HILDEN);
    hilden.application.title = "<script>alert('x')</script>'; drop table cases; --".to_owned();
    let id = stage.submit(hilden).await;
    let worker = worker();
    let queue = stage.open(&worker, "/eligibility", "de").await.into_text();
    assert!(queue.contains("Ein Antrag wartet auf eine Entscheidung.") && queue.contains("&#60;script&#62;"));
    let page = stage.open(&worker, &format!("/eligibility/cases/{id}"), "de").await.into_text();
    assert!(page.contains("zuständig ist: Kreis Mettmann") && page.contains("GV100AD"));

    let there = format!("/eligibility/cases/{id}");
    let response = stage.fill_in(id, &worker, &[("reason", "<b>kurz"), ("key", "k-1")]).await;
    assert_eq!(response.location, format!("{there}?refused=true#errors"));
    assert!(response.body.is_empty());
    for _ in 0..2 {
        let page = stage.open(&worker, &format!("{there}?refused=true"), "de").await.into_text();
        assert!(page.contains("Bitte wählen Sie bei") && page.contains("&#60;b&#62;kurz"), "{page}");
    }
    let short = [("decision", "eligible"), ("reason", "kurz"), ("key", "k-1")];
    assert_eq!(stage.fill_in(id, &worker, &short).await.status, StatusCode::SEE_OTHER);
    let page = stage.open(&worker, &there, "de").await.into_text();
    assert!(page.contains("zu kurz") && page.contains(r#"value="eligible" checked"#));

    // Autosave works for a colleague too, who is told when it is too late.
    let auto = format!("{there}/draft");
    let other = session("worker-2", &[Role::CaseWorker]);
    let saved = stage.send_form(&other, &auto, &[("reason", "Ich prüfe noch.")]).await;
    assert_eq!((saved.status, &saved.json()["outcome"]), (StatusCode::OK, &json!("saved")));
    let page = stage.open(&other, &there, "de").await.into_text();
    assert!(page.contains("Noch nicht abgeschickt") && page.contains("Ich prüfe noch."), "{page}");
    let changed = stage.send_form(&other, &auto, &[("reason", "Anderes Fenster")]).await;
    assert_eq!(changed.json()["outcome"], "changed");

    let good = [("decision", "eligible"), ("reason", "Der Kreis\r\nwirkt mit."), ("key", "k-1")];
    for _ in 0..2 {
        let response = stage.fill_in(id, &worker, &good).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
        assert_eq!(response.location, format!("/eligibility/cases/{id}?decided=true"));
    }
    assert_eq!(stage.kinds(id).await, ["eligibility-referred", "eligibility-confirmed"]);
    let page = stage.open(&worker, &format!("/eligibility/cases/{id}?decided=true"), "de").await.into_text();
    assert!(
        page.contains("Die Entscheidung ist gespeichert.")
            && page.contains("Dr. worker-1 hat am 23.11.2026, 12:00 Uhr")
    );
    let queue = stage.open(&worker, "/eligibility", "de").await.into_text();
    assert!(queue.contains("Kein Antrag wartet"));

    let late = [("decision", "ineligible"), ("reason", "Das sehe ich anders."), ("key", "k-2")];
    let page = stage.open(&other, &there, "de").await.into_text();
    assert!(page.contains("Ich prüfe noch."), "there is no form any more, and the text can be taken along");
    let gone = stage.send_form(&other, &auto, &[("reason", "Ich prüfe noch.")]).await;
    assert_eq!((gone.status, &gone.json()["outcome"]), (StatusCode::NOT_FOUND, &json!("gone")));
    let response = stage.fill_in(id, &other, &late).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    let page = stage.open(&other, &there, "de").await.into_text();
    assert!(
        page.contains("Ihre Entscheidung wurde nicht gespeichert") && page.contains("Das sehe ich anders.")
    );
    stage.end().await;
}

#[tokio::test]
async fn who_has_a_tie_does_not_decide_and_the_page_says_so_before() {
    let stage = Stage::new().await;
    let application = samples::joint(HILDEN, SOLINGEN);
    let (email, by) =
        (application.application.contact.email.to_uppercase(), application.submitted_by.clone());
    let id = stage.submit(application).await;
    let worker = worker();
    let of = |ags: &str| Session { ags: Some(ags.to_owned()), ..worker.clone() };
    let order = json!({"decision": "eligible", "reason": "Der Kreis wirkt mit."});
    let fields = [("decision", "eligible"), ("reason", "Der Kreis wirkt mit."), ("key", "k")];
    let there = format!("/eligibility/cases/{id}");
    for (who, why) in [
        (of(HILDEN), "Sie gehören zu einer Kommune, die beteiligt ist."),
        (of(SOLINGEN), "Sie gehören zu einer Kommune, die beteiligt ist."),
        (Session { person: by.id, ..worker.clone() }, "Sie haben diesen Antrag eingereicht."),
        (Session { email: Some(email), ..worker.clone() }, "Sie sind die Ansprechperson dieses Antrags."),
    ] {
        let page = stage.open(&who, &there, "de").await.into_text();
        assert!(page.contains("Sie entscheiden hier nicht mit") && page.contains(why), "{why}: {page}");
        assert!(!page.contains("/decision\""), "no form: {page}");
        let (status, problem) = stage.decide_as(&who, id, None, &order).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|why| why.contains("you have a tie")), "{problem}");
        // A decision sent from a page that was opened earlier is kept, and shown with the reason why it was refused.
        let sent = stage.fill_in(id, &who, &fields).await;
        assert_eq!(sent.location, format!("{there}?refused=true#errors"));
        let page = stage.open(&who, &there, "de").await.into_text();
        for expected in ["Nicht übernommen", "20, 21 VwVfG", "Der Kreis wirkt mit."] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
    }

    // A tie counts from its fact until the fact of its end, even if it arrives before the application.
    let later = samples::new_application();
    let person = || samples::person("worker-1");
    let municipality = || SOLINGEN.parse().ok();
    for id in [id, later] {
        let tie =
            TieDeclared { person: person(), municipality: municipality(), declared_at: samples::noon() };
        stage.publish(id, tie).await;
    }
    stage.publish(later, samples::joint(HILDEN, SOLINGEN)).await;
    for id in [id, later] {
        let look =
            || async { stage.open(&worker, &format!("/eligibility/cases/{id}"), "de").await.into_text() };
        until("the tie is known", look, |page| page.contains("Sie haben eine Bindung an diesen Antrag"))
            .await;
        assert_eq!(stage.decide(id, None, &order).await.0, StatusCode::CONFLICT);
        assert_eq!(stage.kinds(id).await, ["eligibility-referred"]);
    }
    let colleague = session("worker-2", &[Role::CaseWorker]);
    assert_eq!(stage.decide_as(&colleague, later, None, &order).await.0, StatusCode::OK);
    let ended = TieEnded { person: person(), municipality: municipality(), ended_at: samples::noon() };
    stage.publish(id, ended).await;
    let look = || async { stage.open(&worker, &there, "de").await.into_text() };
    until("the form is back", look, |page| page.contains("/decision\"")).await;
    assert_eq!(stage.decide(id, None, &order).await.0, StatusCode::OK);
    stage.end().await;
}
