//! What the people in the tests do, through the API.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::Application;
use serde_json::{Value, json};
use testkit::{samples, until_some};
use uuid::Uuid;

use crate::{CALL, InProcess};

/// A person who applies for a municipality.
#[derive(Clone, Copy, Debug)]
pub struct Applicant {
    /// Key of the municipality.
    pub ags: &'static str,
    pub email: &'static str,
}

impl Applicant {
    /// An independent city (kreisfreie Stadt) with an immigration office of its own: clearly eligible.
    pub const SOLINGEN: Self = Self { ags: "05122000", email: "solingen@example.org" };
    /// The lead of the joint project.
    pub const ESSEN: Self = Self { ags: "05113000", email: "essen@example.org" };
    /// Has no immigration office: a person must decide.
    pub const HILDEN: Self = Self { ags: "05158016", email: "hilden@example.org" };
}

/// A valid form of this applicant.
pub fn form(applicant: Applicant) -> Application {
    let mut form = samples::application();
    form.contact.email = applicant.email.to_owned();
    form
}

impl InProcess {
    fn applicant_token(&self, applicant: Applicant) -> String {
        self.api.token(&format!("person-{}", applicant.ags), Role::Applicant, Some(applicant.ags))
    }

    /// POST with a new idempotency key.
    pub async fn post(&self, token: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.post_again(token, path, &Uuid::new_v4().to_string(), body).await
    }

    /// POST with this idempotency key.
    pub async fn post_again(&self, token: &str, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        self.api.call(Method::POST, path, token, Some(key), Some(&body)).await.expect("an answer")
    }

    /// Returns the application's id.
    pub async fn submit(&self, applicant: Applicant, form: &Application) -> String {
        let token = self.applicant_token(applicant);
        self.journey.submit(&token, CALL, form).await.expect("submitted").to_string()
    }

    pub async fn withdraw(&self, applicant: Applicant, id: &str) {
        self.journey.withdraw(&self.applicant_token(applicant), id).await.expect("withdrawn");
    }

    /// Corrects the email address of the contact.
    pub async fn correct_contact(&self, applicant: Applicant, id: &str, email: &str) {
        let mut contact = form(applicant).contact;
        contact.email = email.to_owned();
        let path = format!("/apply/api/applications/{id}/contact");
        let token = self.applicant_token(applicant);
        self.journey.act(&path, &token, &json!(contact)).await.expect("corrected");
    }

    /// Replies, as the applicant, while a person decides.
    pub async fn reply(&self, applicant: Applicant, id: &str, text: &str) {
        let path = format!("/apply/api/applications/{id}/replies");
        let text = json!({ "text": text });
        self.journey.act(&path, &self.applicant_token(applicant), &text).await.expect("answered");
    }

    /// Waits until the applicant's timeline has this entry exactly `times` times.
    pub async fn until_timeline(&self, applicant: Applicant, id: &str, entry: &str, times: usize) {
        let (path, token) = (format!("/apply/api/applications/{id}"), self.applicant_token(applicant));
        let there = |seen: &Value| {
            let lines = seen["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
            lines.iter().filter(|line| line["what"] == entry).count() == times
        };
        self.journey.until(&path, &token, there).await.expect(entry);
    }

    /// Waits until the case worker's list shows a reply; returns the case.
    pub async fn until_reply(&self, id: &str) -> Value {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        let replied = |list: &Value| {
            let cases = list["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
            cases.iter().any(|case| case["id"] == id && !case["replied_at"].is_null())
        };
        self.journey.until("/eligibility/api/cases", &token, replied).await.expect("a reply in the list");
        self.api.get(&format!("/eligibility/api/cases/{id}"), &token).await.expect("the case")
    }

    /// The status that the applicant sees.
    pub async fn status(&self, applicant: Applicant, id: &str) -> String {
        let token = self.applicant_token(applicant);
        let seen = self.api.get(&format!("/apply/api/applications/{id}"), &token).await.expect("a status");
        seen["status"].as_str().expect("a status").to_owned()
    }

    /// Waits until the applicant sees this status.
    pub async fn until_status(&self, applicant: Applicant, id: &str, status: &str) {
        let (path, token) = (format!("/apply/api/applications/{id}"), self.applicant_token(applicant));
        self.journey.until(&path, &token, |seen| seen["status"] == status).await.expect(status);
    }

    /// Decides a referred application as a case worker.
    pub async fn decide_eligibility(&self, id: &str, decision: &str) {
        self.journey.decide_eligibility(id, decision).await.expect("decided");
    }

    /// Takes the next file as a reviewer, once there is one, and reviews it. Returns the application's id.
    pub async fn review_next(&self, reviewer: &str, points: u8, recommendation: &str) -> String {
        let next =
            || async { self.journey.review_next(reviewer, points, recommendation).await.expect("a review") };
        until_some("a file to review", next).await.to_string()
    }

    /// Gives both reviews of the only file in the queue.
    pub async fn review_twice(&self, recommendation: &str) {
        let first = self.review_next("reviewer-1", 8, recommendation).await;
        let second = self.review_next("reviewer-2", 6, recommendation).await;
        assert_eq!(first, second, "both reviews belong to one file");
    }

    /// Waits until the case at award is in this stage.
    pub async fn until_case(&self, id: &str, stage: &str) -> Value {
        self.journey.until_case(id, stage).await.expect(stage)
    }

    /// Proposes as a case worker.
    pub async fn propose(&self, id: &str, proposal: Value) {
        self.journey.propose(id, &proposal).await.expect("proposed");
    }

    /// Approves as an approver. Returns the new stage.
    pub async fn approve(&self, id: &str) -> String {
        self.journey.approve(id).await.expect("approved")
    }

    /// Waits until this many emails to an address have arrived; returns their subjects in order.
    pub async fn emails(&self, address: &str, count: usize) -> Vec<String> {
        let found = self.mailbox.wait_for(Duration::from_secs(60), |messages| {
            let mine: Vec<_> = messages.iter().filter(|message| message.is_to(address)).collect();
            (mine.len() >= count).then(|| mine.iter().map(|message| message.subject.clone()).collect())
        });
        found.await.unwrap_or_else(|error| {
            panic!("{count} emails for {address}: {error}; there are {:?}", self.subjects(address))
        })
    }

    /// The subjects of all emails to an address so far.
    pub fn subjects(&self, address: &str) -> Vec<String> {
        let messages = self.mailbox.messages();
        messages
            .iter()
            .filter(|message| message.is_to(address))
            .map(|message| message.subject.clone())
            .collect()
    }

    /// Retrieves the notice as the applicant, and returns its PDF.
    pub async fn notice_pdf(&self, applicant: Applicant, id: &str) -> Vec<u8> {
        let token = self.applicant_token(applicant);
        let path = format!("/award/api/notices/{id}/retrieval");
        self.journey.act(&path, &token, &json!({})).await.expect("retrieved");
        self.api.bytes(&format!("/award/notices/{id}/pdf"), &token).await.expect("the notice")
    }
}
