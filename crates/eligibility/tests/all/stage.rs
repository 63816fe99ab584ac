//! A running eligibility service with a published call, and applications in it.

use std::ops::Deref;

use axum::http::{Method, StatusCode};
use chassis::{Role, Session};
use eligibility::{AppState, Settings};
use events::{ApplicationId, ApplicationSubmitted};
use serde_json::Value;
use testkit::{Answer, Common, ServiceUnderTest, samples, session, until};

pub const HILDEN: &str = "05158016";
pub const SOLINGEN: &str = "05122000";

pub struct Stage(ServiceUnderTest);

impl Deref for Stage {
    type Target = ServiceUnderTest;

    fn deref(&self) -> &ServiceUnderTest {
        &self.0
    }
}

impl Stage {
    /// Publishes the sample call.
    pub async fn new() -> Self {
        let stage = Self::without_call().await;
        stage.publish_call(samples::call()).await;
        stage
    }

    pub async fn without_call() -> Self {
        let settings = |Common { database, nats, session }| Settings {
            http: Default::default(),
            log: Default::default(),
            database,
            nats,
            session,
        };
        Self(ServiceUnderTest::start::<AppState>("/eligibility", samples::noon(), settings).await)
    }

    /// Submits, and waits until eligibility has processed it.
    pub async fn submit(&self, application: ApplicationSubmitted) -> ApplicationId {
        let id = samples::new_application();
        self.publish(id, application).await;
        until("eligibility answers", || self.published(id), |facts| !facts.is_empty()).await;
        id
    }

    pub async fn decide(&self, id: ApplicationId, key: Option<&str>, body: &Value) -> (StatusCode, Value) {
        self.decide_as(&worker(), id, key, body).await
    }

    pub async fn decide_as(
        &self,
        who: &Session,
        id: ApplicationId,
        key: Option<&str>,
        body: &Value,
    ) -> (StatusCode, Value) {
        let path = format!("/cases/{id}/decision");
        let answer = self.api(who, Method::POST, &path, key, Some(body.clone())).await;
        (answer.status, answer.json())
    }

    /// Sends the form on the page of the case.
    pub async fn fill_in(&self, id: ApplicationId, who: &Session, fields: &[(&str, &str)]) -> Answer {
        self.send_form(who, &format!("/eligibility/cases/{id}/decision"), fields).await
    }

    pub async fn end(self) {
        self.0.end().await;
    }
}

pub fn worker() -> Session {
    session("worker-1", &[Role::CaseWorker])
}
