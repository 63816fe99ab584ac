//! Giving a review through the API.

use chassis::{Role, Session};
use events::{AnyFact, Recommendation};
use serde_json::{Value, json};
use testkit::{samples, session};

use crate::stage::{Stage, reviewer, sheet, with_paderborn};

#[tokio::test]
async fn nobody_sees_others_scores_before_giving_their_own() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let path = format!("/files/{id}");
    let give = format!("/files/{id}/review");
    let (anna, bela, cem) = (reviewer("anna"), reviewer("bela"), reviewer("cem"));
    stage.post(&anna, "/next", None).await;
    stage.post(&anna, &give, sheet(5, "fund")).await;
    stage.post(&bela, "/next", None).await;
    let both = session("bela", &[Role::Reviewer, Role::CaseWorker, Role::Operator]);
    for session in [&bela, &both] {
        let seen = stage.get(session, &path).await;
        assert_eq!((&seen.json()["reviews"], &seen.json()["given"]), (&Value::Null, &1.into()));
        let page = stage.open(session, &format!("/review/files/{id}"), "de").await;
        assert_eq!(page.status, 200);
        assert!(
            !page.text().contains("Dr. anna") && !page.text().contains("Klare Ziele."),
            "{}",
            page.text()
        );
    }
    assert_eq!(stage.get(&cem, &path).await.status, 404, "only what was offered");
    assert_eq!(stage.post(&cem, &give, sheet(1, "decline")).await.status, 404);

    let given = stage.post(&bela, &give, sheet(2, "decline")).await;
    assert_eq!(given.json(), json!({"weighted": 4_000, "completed": true}));
    let reviews = stage.get(&bela, &path).await.json()["reviews"].clone();
    assert_eq!(reviews[0]["reviewer"]["name"], "Dr. anna");
    let published = stage.facts().await;
    let [AnyFact::ReviewCompleted(fact)] = published.as_slice() else { panic!("{published:?}") };
    let result = (fact.weighted, fact.recommendation, fact.split);
    assert_eq!(result, (7_000, Recommendation::Decline, true), "a split goes on as a decline");
    stage.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_review_is_named_by_place() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = reviewer("anna");
    stage.post(&anna, "/next", None).await;
    let body = json!({
        "scores": [{"criterion": "effect", "points": 6}, {"criterion": "luck", "points": 1}],
        "recommendation": "fund",
        "comment": " ",
    });
    let refused = stage.post(&anna, &format!("/files/{id}/review"), body).await;
    assert_eq!(refused.status, 422);
    let places: Vec<_> =
        refused.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(places, ["/scores/0/points", "/scores", "/scores/1/criterion", "/comment"]);
    let unreadable =
        json!({"scores": [{"criterion": "effect", "points": -1}], "recommendation": "fund", "comment": "x"});
    let refused = stage.post(&anna, &format!("/files/{id}/review"), unreadable).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]),
        (422, &"/scores/0/points".into())
    );
    assert_eq!(stage.facts().await, []);
    stage.end().await;
}

#[tokio::test]
async fn a_repeated_request_is_one_review() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let path = format!("/files/{id}/review");
    let anna = reviewer("anna");
    stage.post_with_key(&anna, "/next", "n1", None).await;
    let again = stage.post_with_key(&anna, "/next", "n1", None).await;
    assert_eq!(again.json()["id"], id.to_string());
    let first = stage.post_with_key(&anna, &path, "k", sheet(5, "fund")).await;
    let second = stage.post_with_key(&anna, &path, "k", sheet(5, "fund")).await;
    assert_eq!((first.status.as_u16(), first.text()), (200, second.text()));
    let other = stage.post_with_key(&anna, &path, "k", sheet(1, "fund")).await;
    assert_eq!(other.status, 409, "the key stands for another request");
    let without = stage.post(&anna, &path, sheet(5, "fund")).await;
    assert_eq!(without.json()["detail"], "you have given your review of this application");
    assert_eq!(stage.read(id).await.unwrap().reviews().count(), 1);
    stage.end().await;
}

#[tokio::test]
async fn only_reviewers_review() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    for role in [Role::Applicant, Role::CaseWorker, Role::Approver, Role::Operator] {
        let session = session("someone", &[role]);
        assert_eq!(stage.post(&session, "/next", None).await.status, 403);
        for verb in ["review", "return", "take", "abstain"] {
            let path = format!("/files/{id}/{verb}");
            assert_eq!(stage.post(&session, &path, sheet(5, "fund")).await.status, 403, "{verb}");
        }
    }
    let applicant = session("erika", &[Role::Applicant]);
    assert_eq!(stage.get(&applicant, &format!("/files/{id}")).await.status, 404);
    assert_eq!(stage.get(&applicant, "/queue").await.status, 403);
    assert_eq!(stage.open(&applicant, "/review/all", "de").await.status, 403);
    stage.end().await;
}

/// Three files with two reviewers each; all declare a tie to the applicant at once, each from the file they hold.
#[tokio::test]
async fn many_declare_a_tie_to_one_applicant_at_once() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.open_file().await;
    }
    let mut held = Vec::new();
    for n in 0..6 {
        let who = reviewer(&format!("reviewer-{n}"));
        let file = stage.post(&who, "/next", None).await;
        held.push((who, file.json()["id"].as_str().expect("a file").to_owned()));
    }
    let declared = held.iter().rev().map(async |(who, id)| {
        let whole = json!({"reason": "Schwester im Amt", "whole_applicant": true});
        stage.post(who, &format!("/files/{id}/abstain"), whole).await.status
    });
    let declared = futures_util::future::join_all(declared).await;
    assert!(declared.iter().all(|status| *status == 204), "{declared:?}");
    stage.end().await;
}

/// The forms of a tie and of bias are kept while typing, and when refused.
#[tokio::test]
async fn a_reason_for_a_tie_is_kept_until_it_is_taken() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let anna = reviewer("anna");
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
        let page = stage.open(&anna, form, "de").await.into_text();
        assert!(page.contains("Noch nicht abgeschickt") && page.contains("Meine Schwester"), "{page}");
        let refused = stage.send_form(&anna, form, &[("reason", " "), (field, "yes")]).await;
        assert_eq!(refused.location, format!("{form}?refused=1#errors"));
        for _ in 0..2 {
            let page = stage.open(&anna, form, "de").await.into_text();
            assert!(page.contains("id=\"errors\"") && !page.contains("Noch nicht"), "{page}");
        }
        let discarded = stage.send_form(&anna, &draft, &[("action", "discard")]).await;
        assert_eq!((discarded.status.as_u16(), discarded.location.as_str()), (303, form));
        assert!(!stage.open(&anna, form, "de").await.text().contains("id=\"errors\""));
    }
    // A reviewer who has given the file back is told so by the first save.
    stage.post(&anna, &format!("/files/{id}/return"), None).await;
    let gone = stage.send_form(&anna, &format!("{bias}/draft"), &[("reason", "Zu spät")]).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["outcome"]), (404, &"gone".into()), "{gone:?}");
    let late = stage.send_form(&anna, &bias, &[("reason", "Zu spät"), ("key", "z")]).await;
    assert_eq!(late.location, format!("{bias}?refused=1#errors"), "{late:?}");
    let page = stage.open(&anna, &bias, "de").await.into_text();
    assert!(page.contains("Nicht übernommen") && page.contains("Zu spät"), "{page}");
    stage.end().await;
}

#[tokio::test]
async fn bias_is_declared_with_a_reason_and_for_good() {
    let stage = Stage::new().await;
    let (first, second) = (stage.open_file().await, stage.open_file().await);
    let anna = reviewer("anna");
    stage.post(&anna, "/next", None).await;
    let path = format!("/files/{first}/abstain");
    let refused = stage.post(&anna, &path, json!({"reason": ""})).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]), (422, &"/reason".into()));
    let declared = stage.post(&anna, &path, json!({"reason": "Schwester im Amt"})).await;
    assert_eq!(declared.status, 204);
    let next = stage.post(&anna, "/next", None).await;
    assert_eq!(next.json()["id"], second.to_string());
    let whole = json!({"reason": "Schwester im Amt", "whole_applicant": true});
    stage.post(&anna, &format!("/files/{second}/abstain"), whole).await;
    stage.open_file().await;
    assert_eq!(stage.post(&anna, "/next", None).await.status, 204, "no file of this applicant");
    stage.end().await;
}

/// The person who submitted an application, and its contact, have a tie without declaring it.
#[tokio::test]
async fn who_submitted_or_is_the_contact_gives_no_review() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    let submitter = Session { person: samples::application_submitted().submitted_by.id, ..reviewer("anna") };
    let email = samples::application_submitted().application.contact.email.to_uppercase();
    let contact = Session { email: Some(email), ..reviewer("bela") };
    for tied in [submitter, contact] {
        assert_eq!(stage.post(&tied, "/next", None).await.status, 204, "it is not offered");
        let queue = stage.get(&tied, "/queue").await.json();
        assert_eq!((&queue["waiting"], &queue["offered"]), (&1.into(), &0.into()), "{queue}");
        // Held since before this rule was checked.
        sqlx::query("insert into reviewers (application, person, name, part, since, until) values ($1, $2, $2, 'holds', now(), $3)")
            .bind(id.uuid())
            .bind(&tied.person)
            .bind(stage.clock.now() + chrono::TimeDelta::hours(1))
            .execute(&stage.db)
            .await
            .unwrap();
        let path = format!("/files/{id}/review");
        let refused = stage.post(&tied, &path, sheet(5, "fund")).await;
        assert_eq!(refused.status, 409, "{}", refused.text());
    }
    assert_eq!(stage.read(id).await.unwrap().reviews().count(), 0);
    stage.end().await;
}

/// A tie to a municipality declared after the review is published, and the review is marked.
#[tokio::test]
async fn a_tie_declared_after_the_review_is_published_and_marks_it() {
    let stage = Stage::new().await;
    let completed = stage.open_file_of(with_paderborn).await;
    let open = stage.open_file_of(with_paderborn).await;
    let (anna, bela) = (reviewer("anna"), reviewer("bela"));
    for (who, file) in [(&anna, completed), (&bela, completed), (&anna, open)] {
        assert_eq!(stage.post(who, "/next", None).await.json()["id"], file.to_string());
        let path = format!("/files/{file}/review");
        assert_eq!(stage.post(who, &path, sheet(5, "fund")).await.status, 200);
    }
    let tie = [("ags", "05774032"), ("reason", "Bis 2025 dort beschäftigt"), ("key", "1")];
    assert_eq!(stage.send_form(&anna, "/review/ties", &tie).await.status, 303);
    let published = stage.facts().await;
    let ties =
        published.iter().filter(|fact| matches!(fact, AnyFact::TieDeclared(tie) if tie.person.id == "anna"));
    assert_eq!(ties.count(), 2, "of both files: {published:?}");
    let clerk = session("clerk", &[Role::CaseWorker]);
    for (file, says) in [(open, "Ein Gutachten zählt nicht"), (completed, "zählt nicht: Bindung")] {
        let page = stage.open(&clerk, &format!("/review/files/{file}"), "de").await;
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    stage.end().await;
}
