//! The persons of the stories, who act by the API.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::Application;
use serde_json::{Value, json};
use testkit::{samples, until, until_some};
use uuid::Uuid;

use crate::World;

/// Somebody in a town hall.
#[derive(Clone, Copy, Debug)]
pub struct Applicant {
    /// Their municipality.
    pub ags: &'static str,
    /// Where their emails go.
    pub email: &'static str,
}

impl Applicant {
    /// A kreisfreie Stadt with an office of its own: clearly eligible.
    pub const SOLINGEN: Self = Self { ags: "05122000", email: "solingen@example.org" };
    /// Leads the joint project.
    pub const ESSEN: Self = Self { ags: "05113000", email: "essen@example.org" };
    /// No office: a person must decide.
    pub const HILDEN: Self = Self { ags: "05158016", email: "hilden@example.org" };
}

/// A sound form of this applicant.
pub fn form(applicant: Applicant) -> Application {
    let mut form = samples::application();
    form.contact.email = applicant.email.to_owned();
    form
}

impl World {
    fn applicant_token(&self, applicant: Applicant) -> String {
        self.api.token(&format!("person-{}", applicant.ags), Role::Applicant, Some(applicant.ags))
    }

    /// One write by the API.
    pub async fn post(&self, token: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.post_again(token, path, &Uuid::new_v4().to_string(), body).await
    }

    /// One write with a given idempotency key.
    pub async fn post_again(&self, token: &str, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        self.api.call(Method::POST, path, token, Some(key), Some(&body)).await.expect("an answer")
    }

    async fn must(&self, token: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(token, path, body).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
        answer
    }

    /// Waits until intake knows the call.
    async fn until_call(&self, token: &str) {
        let look =
            || async { self.api.get("/apply/api/calls", token).await.map_err(|error| format!("{error:#}")) };
        let open = |calls: &Result<Value, String>| {
            calls.as_ref().is_ok_and(|calls| calls.to_string().contains("komm-in-2027"))
        };
        drop(until("the call is open", look, open).await);
    }

    /// Submits, and returns the application's id.
    pub async fn submit(&self, applicant: Applicant, form: &Application) -> String {
        let token = self.applicant_token(applicant);
        self.until_call(&token).await;
        let body = json!({ "call": "komm-in-2027", "application": form });
        let answer = self.must(&token, "/apply/api/applications", body).await;
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Takes an application back.
    pub async fn withdraw(&self, applicant: Applicant, id: &str) {
        let token = self.applicant_token(applicant);
        self.must(
            &token,
            &format!("/apply/api/applications/{id}/withdrawal"),
            json!({ "reason": "Kein Bedarf" }),
        )
        .await;
    }

    /// Corrects the address that emails go to.
    pub async fn correct_contact(&self, applicant: Applicant, id: &str, email: &str) {
        let token = self.applicant_token(applicant);
        let mut contact = form(applicant).contact;
        contact.email = email.to_owned();
        self.must(&token, &format!("/apply/api/applications/{id}/contact"), json!(contact)).await;
    }

    /// Answers while a person decides.
    pub async fn reply(&self, applicant: Applicant, id: &str, text: &str) {
        let token = self.applicant_token(applicant);
        self.must(&token, &format!("/apply/api/applications/{id}/replies"), json!({ "text": text })).await;
    }

    /// Waits until the applicant sees this entry so many times on the timeline.
    pub async fn until_timeline(&self, applicant: Applicant, id: &str, entry: &str, times: usize) {
        let token = self.applicant_token(applicant);
        let path = format!("/apply/api/applications/{id}");
        until_some(&format!("{entry} on the timeline"), || async {
            let seen = self.api.get(&path, &token).await.ok()?;
            let lines = seen["timeline"].as_array()?;
            (lines.iter().filter(|line| line["what"] == entry).count() == times).then_some(())
        })
        .await
    }

    /// Waits until the case worker sees a reply in the list; returns the case.
    pub async fn until_reply(&self, id: &str) -> Value {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        until_some("a reply in the list", || async {
            let list = self.api.get("/eligibility/api/cases", &token).await.ok()?;
            let line = list["cases"].as_array()?.iter().find(|case| case["id"] == id)?.clone();
            if line["replied_at"].is_null() {
                return None;
            }
            self.api.get(&format!("/eligibility/api/cases/{id}"), &token).await.ok()
        })
        .await
    }

    /// What the applicant sees as the status.
    pub async fn status(&self, applicant: Applicant, id: &str) -> String {
        let token = self.applicant_token(applicant);
        let seen = self.api.get(&format!("/apply/api/applications/{id}"), &token).await.expect("a status");
        seen["status"].as_str().expect("a status").to_owned()
    }

    /// Waits for a status.
    pub async fn until_status(&self, applicant: Applicant, id: &str, status: &str) {
        until(&format!("status {status}"), || self.status(applicant, id), |seen| seen == status).await;
    }

    /// A case worker decides what was referred.
    pub async fn decide_eligibility(&self, id: &str, decision: &str) {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        let path = format!("/eligibility/api/cases/{id}");
        until_some("the case is referred", || async {
            let case = self.api.get(&path, &token).await.ok()?;
            (case["state"] == "referred").then_some(())
        })
        .await;
        let body =
            json!({ "decision": decision, "reason": "Nach Rücksprache mit dem Kreis so entschieden." });
        self.must(&token, &format!("{path}/decision"), body).await;
    }

    /// A reviewer takes the next file and gives a review. Returns which file it was.
    pub async fn review_next(&self, reviewer: &str, points: u8, recommendation: &str) -> String {
        let token = self.api.token(reviewer, Role::Reviewer, None);
        let file = until_some("a file to review", || async {
            let (status, file) = self.post(&token, "/review/api/next", json!({})).await;
            (status == StatusCode::OK).then_some(file)
        })
        .await;
        let id = file["id"].as_str().expect("an id").to_owned();
        let criteria = file["criteria"].as_array().expect("criteria");
        let scores: Vec<Value> =
            criteria.iter().map(|one| json!({ "criterion": one["key"], "points": points })).collect();
        let body = json!({ "scores": scores, "recommendation": recommendation, "comment": "Gut begründet und machbar." });
        self.must(&token, &format!("/review/api/files/{id}/review"), body).await;
        id
    }

    /// Both reviews of a file that is alone in the queue.
    pub async fn review_twice(&self, recommendation: &str) {
        let first = self.review_next("reviewer-1", 8, recommendation).await;
        let second = self.review_next("reviewer-2", 6, recommendation).await;
        assert_eq!(first, second, "both reviews belong to one file");
    }

    /// Waits for a stage of the case at award.
    pub async fn until_case(&self, id: &str, stage: &str) -> Value {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        until_some(&format!("the case is {stage}"), || async {
            let case = self.api.get(&format!("/award/api/cases/{id}"), &token).await.ok()?;
            (case["state"] == stage).then_some(case)
        })
        .await
    }

    /// A case worker proposes.
    pub async fn propose(&self, id: &str, proposal: Value) {
        self.until_case(id, "ready").await;
        let token = self.api.token("case-worker-2", Role::CaseWorker, None);
        self.must(&token, &format!("/award/api/cases/{id}/proposal"), proposal).await;
    }

    /// An approver approves. Returns the stage that follows.
    pub async fn approve(&self, id: &str) -> String {
        let token = self.api.token("approver-1", Role::Approver, None);
        let case = self.must(&token, &format!("/award/api/cases/{id}/approval"), json!({})).await;
        case["state"].as_str().expect("a state").to_owned()
    }

    /// Waits until this many emails have come for an address; returns their subjects in order.
    pub async fn emails(&self, address: &str, count: usize) -> Vec<String> {
        let found = self.mailbox.wait_for(Duration::from_secs(60), |messages| {
            let mine: Vec<_> = messages.iter().filter(|message| message.is_to(address)).collect();
            (mine.len() >= count).then(|| mine.iter().map(|message| message.subject.clone()).collect())
        });
        found.await.unwrap_or_else(|error| {
            panic!("{count} emails for {address}: {error}; there are {:?}", self.subjects(address))
        })
    }

    /// The subjects of all emails for an address by now.
    pub fn subjects(&self, address: &str) -> Vec<String> {
        let messages = self.mailbox.messages();
        messages
            .iter()
            .filter(|message| message.is_to(address))
            .map(|message| message.subject.clone())
            .collect()
    }

    /// The notice as the applicant retrieves and opens it.
    pub async fn notice_pdf(&self, applicant: Applicant, id: &str) -> Vec<u8> {
        let token = self.applicant_token(applicant);
        self.must(&token, &format!("/award/api/notices/{id}/retrieval"), json!({})).await;
        self.api.bytes(&format!("/award/notices/{id}/pdf"), &token).await.expect("the notice")
    }
}
