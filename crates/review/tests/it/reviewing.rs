//! Giving a review, over the API.

use axum::http::Method;
use chassis::{Role, Session};
use events::{AnyFact, Recommendation};
use serde_json::{Value, json};

use crate::stage::{Stage, sheet, submitted, with_paderborn};

#[tokio::test]
async fn nobody_sees_others_scores_before_giving_their_own() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let path = format!("/files/{id}");
    let give = format!("/files/{id}/review");
    let (anna, bela, cem) = (stage.reviewer("anna"), stage.reviewer("bela"), stage.reviewer("cem"));
    stage.api(&anna, Method::POST, "/next", None).await;
    stage.api(&anna, Method::POST, &give, Some(sheet(5, "fund"))).await;
    stage.api(&bela, Method::POST, "/next", None).await;
    let both = stage.session("bela", &[Role::Reviewer, Role::CaseWorker, Role::Operator]);
    for session in [&bela, &both] {
        let seen = stage.api(session, Method::GET, &path, None).await;
        assert_eq!((&seen.json()["reviews"], &seen.json()["given"]), (&Value::Null, &1.into()));
        let page = stage.open(session, &format!("/review/files/{id}"), "de").await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("Dr. anna") && !page.body.contains("Klare Ziele."), "{}", page.body);
    }
    assert_eq!(stage.api(&cem, Method::GET, &path, None).await.status, 404, "only what was offered");
    assert_eq!(stage.api(&cem, Method::POST, &give, Some(sheet(1, "decline"))).await.status, 404);

    let given = stage.api(&bela, Method::POST, &give, Some(sheet(2, "decline"))).await;
    assert_eq!(given.json(), json!({"weighted": 4_000, "completed": true}));
    let reviews = stage.api(&bela, Method::GET, &path, None).await.json()["reviews"].clone();
    assert_eq!(reviews[0]["reviewer"]["name"], "Dr. anna");
    let said = stage.said().await;
    let [AnyFact::ReviewCompleted(fact)] = said.as_slice() else { panic!("{said:?}") };
    let result = (fact.weighted, fact.recommendation, fact.split);
    assert_eq!(result, (7_000, Recommendation::Decline, true), "a split goes on as a decline");
    stage.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_review_is_named_by_place() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = stage.reviewer("anna");
    stage.api(&anna, Method::POST, "/next", None).await;
    let body = json!({
        "scores": [{"criterion": "effect", "points": 6}, {"criterion": "luck", "points": 1}],
        "recommendation": "fund",
        "comment": " ",
    });
    let refused = stage.api(&anna, Method::POST, &format!("/files/{id}/review"), Some(body)).await;
    assert_eq!(refused.status, 422);
    let places: Vec<_> =
        refused.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(places, ["/scores/0/points", "/scores", "/scores/1/criterion", "/comment"]);
    let unreadable =
        json!({"scores": [{"criterion": "effect", "points": -1}], "recommendation": "fund", "comment": "x"});
    let refused = stage.api(&anna, Method::POST, &format!("/files/{id}/review"), Some(unreadable)).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]),
        (422, &"/scores/0/points".into())
    );
    assert_eq!(stage.said().await, []);
    stage.end().await;
}

#[tokio::test]
async fn a_repeated_request_is_one_review() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let path = format!("/files/{id}/review");
    let anna = stage.reviewer("anna");
    stage.api_with_key(&anna, Method::POST, "/next", None, Some("n1")).await;
    let again = stage.api_with_key(&anna, Method::POST, "/next", None, Some("n1")).await;
    assert_eq!(again.json()["id"], id.to_string());
    let first = stage.api_with_key(&anna, Method::POST, &path, Some(sheet(5, "fund")), Some("k")).await;
    let second = stage.api_with_key(&anna, Method::POST, &path, Some(sheet(5, "fund")), Some("k")).await;
    assert_eq!((first.status.as_u16(), first.body), (200, second.body));
    let other = stage.api_with_key(&anna, Method::POST, &path, Some(sheet(1, "fund")), Some("k")).await;
    assert_eq!(other.status, 409, "the key stands for another request");
    let without = stage.api(&anna, Method::POST, &path, Some(sheet(5, "fund"))).await;
    assert_eq!(without.json()["detail"], "you have given your review of this application");
    assert_eq!(stage.read(id).await.unwrap().reviews().count(), 1);
    stage.end().await;
}

#[tokio::test]
async fn only_reviewers_review() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    for role in [Role::Applicant, Role::CaseWorker, Role::Approver, Role::Operator] {
        let session = stage.session("someone", &[role]);
        assert_eq!(stage.api(&session, Method::POST, "/next", None).await.status, 403);
        for verb in ["review", "return", "take", "abstain"] {
            let path = format!("/files/{id}/{verb}");
            assert_eq!(
                stage.api(&session, Method::POST, &path, Some(sheet(5, "fund"))).await.status,
                403,
                "{verb}"
            );
        }
    }
    let applicant = stage.session("erika", &[Role::Applicant]);
    assert_eq!(stage.api(&applicant, Method::GET, &format!("/files/{id}"), None).await.status, 404);
    assert_eq!(stage.api(&applicant, Method::GET, "/queue", None).await.status, 403);
    assert_eq!(stage.open(&applicant, "/review/all", "de").await.status, 403);
    stage.end().await;
}

/// Three files, two reviewers at each; all leave all files of the applicant at once, each beginning with their own.
#[tokio::test]
async fn many_declare_a_tie_to_one_applicant_at_once() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.open_file().await;
    }
    let mut held = Vec::new();
    for n in 0..6 {
        let who = stage.reviewer(&format!("reviewer-{n}"));
        let file = stage.api(&who, Method::POST, "/next", None).await;
        held.push((who, file.json()["id"].as_str().expect("a file").to_owned()));
    }
    let declared = held.iter().rev().map(async |(who, id)| {
        let whole = json!({"reason": "Schwester im Amt", "whole_applicant": true});
        stage.api(who, Method::POST, &format!("/files/{id}/abstain"), Some(whole)).await.status
    });
    let declared = futures_util::future::join_all(declared).await;
    assert!(declared.iter().all(|status| *status == 204), "{declared:?}");
    stage.end().await;
}

/// The form of a tie and of bias: kept while it is typed, and when it is refused.
#[tokio::test]
async fn a_reason_for_a_tie_is_kept_until_it_is_taken() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = stage.reviewer("anna");
    stage.send_form(&anna, "/review/next", &[("key", "a")]).await;
    let bias = format!("/review/files/{id}/abstain");
    for (form, draft, field) in [
        (bias.as_str(), format!("{bias}/draft"), "whole_applicant"),
        ("/review/ties", "/review/ties/draft".to_owned(), "ags"),
    ] {
        let typed = [("reason", "Meine Schwester"), ("open_page", "018f0000-0000-7000-8000-000000000002")];
        let saved = stage.send_form(&anna, &draft, &typed).await;
        assert_eq!(saved.json()["outcome"], "saved", "{saved:?}");
        let elsewhere = stage.send_form(&anna, &draft, &[("reason", "Anderes")]).await;
        assert_eq!((elsewhere.status.as_u16(), &elsewhere.json()["outcome"]), (409, &"changed".into()));
        let page = stage.open(&anna, form, "de").await.body;
        assert!(page.contains("Noch nicht abgeschickt") && page.contains("Meine Schwester"), "{page}");
        let refused = stage.send_form(&anna, form, &[("reason", " "), (field, "yes")]).await;
        assert_eq!(refused.location, format!("{form}?refused=1#errors"));
        for _ in 0..2 {
            let page = stage.open(&anna, form, "de").await.body;
            assert!(page.contains("id=\"errors\"") && !page.contains("Noch nicht"), "{page}");
        }
        let discarded = stage.send_form(&anna, &draft, &[("action", "discard")]).await;
        assert_eq!((discarded.status.as_u16(), discarded.location.as_str()), (303, form));
        assert!(!stage.open(&anna, form, "de").await.body.contains("id=\"errors\""));
    }
    // Who has given the file back is told at the first key.
    stage.api(&anna, Method::POST, &format!("/files/{id}/return"), None).await;
    let gone = stage.send_form(&anna, &format!("{bias}/draft"), &[("reason", "Zu spät")]).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["outcome"]), (404, &"gone".into()), "{gone:?}");
    let late = stage.send_form(&anna, &bias, &[("reason", "Zu spät"), ("key", "z")]).await;
    assert_eq!(late.location, format!("{bias}?refused=1#errors"), "{late:?}");
    let page = stage.open(&anna, &bias, "de").await.body;
    assert!(page.contains("Nicht übernommen") && page.contains("Zu spät"), "{page}");
    stage.end().await;
}

#[tokio::test]
async fn bias_is_declared_with_a_reason_and_for_good() {
    let stage = Stage::new().await;
    let (first, second) = (stage.open_file().await, stage.open_file().await);
    let anna = stage.reviewer("anna");
    stage.api(&anna, Method::POST, "/next", None).await;
    let path = format!("/files/{first}/abstain");
    let refused = stage.api(&anna, Method::POST, &path, Some(json!({"reason": ""}))).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]), (422, &"/reason".into()));
    let declared = stage.api(&anna, Method::POST, &path, Some(json!({"reason": "Schwester im Amt"}))).await;
    assert_eq!(declared.status, 204);
    let next = stage.api(&anna, Method::POST, "/next", None).await;
    assert_eq!(next.json()["id"], second.to_string());
    let whole = json!({"reason": "Schwester im Amt", "whole_applicant": true});
    stage.api(&anna, Method::POST, &format!("/files/{second}/abstain"), Some(whole)).await;
    stage.open_file().await;
    assert_eq!(stage.api(&anna, Method::POST, "/next", None).await.status, 204, "no file of this applicant");
    stage.end().await;
}

/// Who submitted an application, or is the person whom it names, has a tie that nobody needs to declare.
#[tokio::test]
async fn who_submitted_or_is_the_contact_gives_no_review() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let submitter = Session { person: submitted().submitted_by.id, ..stage.reviewer("anna") };
    let email = submitted().application.contact.email.to_uppercase();
    let contact = Session { email: Some(email), ..stage.reviewer("bela") };
    for tied in [submitter, contact] {
        assert_eq!(stage.api(&tied, Method::POST, "/next", None).await.status, 204, "it is not offered");
        let queue = stage.api(&tied, Method::GET, "/queue", None).await.json();
        assert_eq!((&queue["waiting"], &queue["offered"]), (&1.into(), &0.into()), "{queue}");
        // Held since before the rule looked here.
        sqlx::query("insert into reviewers (application, person, name, part, since, until) values ($1, $2, $2, 'holds', now(), $3)")
            .bind(id.uuid())
            .bind(&tied.person)
            .bind(stage.clock.now() + chrono::TimeDelta::hours(1))
            .execute(&stage.db.pool)
            .await
            .unwrap();
        let path = format!("/files/{id}/review");
        let refused = stage.api(&tied, Method::POST, &path, Some(sheet(5, "fund"))).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
    }
    assert_eq!(stage.read(id).await.unwrap().reviews().count(), 0);
    stage.end().await;
}

/// A tie to a municipality that is declared after the review: the other services hear of it, the review is marked.
#[tokio::test]
async fn a_tie_declared_after_the_review_is_told_and_marks_it() {
    let stage = Stage::new().await;
    let completed = stage.open_file_of(with_paderborn).await;
    let open = stage.open_file_of(with_paderborn).await;
    let (anna, bela) = (stage.reviewer("anna"), stage.reviewer("bela"));
    for (who, file) in [(&anna, completed), (&bela, completed), (&anna, open)] {
        assert_eq!(stage.api(who, Method::POST, "/next", None).await.json()["id"], file.to_string());
        let path = format!("/files/{file}/review");
        assert_eq!(stage.api(who, Method::POST, &path, Some(sheet(5, "fund"))).await.status, 200);
    }
    let tie = [("ags", "05774032"), ("reason", "Bis 2025 dort beschäftigt"), ("key", "1")];
    assert_eq!(stage.send_form(&anna, "/review/ties", &tie).await.status, 303);
    let said = stage.said().await;
    let told =
        said.iter().filter(|fact| matches!(fact, AnyFact::TieDeclared(tie) if tie.person.id == "anna"));
    assert_eq!(told.count(), 2, "of both files: {said:?}");
    let clerk = stage.session("clerk", &[Role::CaseWorker]);
    for (file, says) in [(open, "Ein Gutachten zählt nicht"), (completed, "zählt nicht: Bindung")] {
        let page = stage.open(&clerk, &format!("/review/files/{file}"), "de").await;
        assert!(page.body.contains(says), "{says}: {}", page.body);
    }
    stage.end().await;
}
