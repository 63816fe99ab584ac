//! A running award service, and cases on their way through it.

use std::ops::Deref;

use chassis::{Role, Session};
use events::{
    ApplicationId, ApplicationSubmitted, Call, Cents, EmailBounced, EmailSent, FinancingPlan, Recommendation,
    ReviewCompleted, ReviewGiven, Score,
};
use serde_json::{Value, json};
use testkit::{Common, ServiceUnderTest, samples, session, until, until_some};

pub struct Stage(ServiceUnderTest);

impl Deref for Stage {
    type Target = ServiceUnderTest;

    fn deref(&self) -> &ServiceUnderTest {
        &self.0
    }
}

impl Stage {
    /// With a call that has this budget for 2027.
    pub async fn new(budget: Cents) -> Self {
        let settings = |Common { database, nats, session }| award::Settings {
            http: Default::default(),
            log: Default::default(),
            database,
            nats,
            session,
            sweep: award::Sweep { every_seconds: 1 },
        };
        let now = "2027-04-15T10:00:00Z".parse().unwrap();
        let service = ServiceUnderTest::start::<award::AppState>("/award", now, settings).await;
        service.publish_call(call(budget)).await;
        Self(service)
    }

    pub async fn announced(&self, submitted: ApplicationSubmitted) -> ApplicationId {
        let id = samples::new_application();
        self.publish(id, submitted).await;
        self.until_state(id, "announced").await;
        id
    }

    /// A case that all reviewers have seen.
    pub async fn ready(&self, number: u32) -> ApplicationId {
        self.ready_with(submitted(number), reviews(8_000)).await
    }

    pub async fn ready_with(
        &self,
        submitted: ApplicationSubmitted,
        reviews: ReviewCompleted,
    ) -> ApplicationId {
        let id = samples::new_application();
        self.publish(id, reviews).await;
        self.publish(id, submitted).await;
        self.until_state(id, "ready").await;
        id
    }

    /// Proposed by a case worker and approved by an approver; returns `granted`, `rejected` or `waitlisted`.
    pub async fn decided(&self, id: ApplicationId, proposal: Value) -> String {
        let proposed = self.post(&worker(), &format!("/cases/{id}/proposal"), proposal).await;
        assert_eq!(proposed.status, 200, "{proposed:?}");
        let approved = self.post(&approver(), &format!("/cases/{id}/approval"), json!({})).await;
        assert_eq!(approved.status, 200, "{approved:?}");
        approved.json()["state"].as_str().unwrap().to_owned()
    }

    /// Publishes that the email about the notice was sent now, and waits until that is consumed.
    pub async fn email_was_sent(&self, id: ApplicationId) {
        self.publish(id, self.email_sent("notice-issued")).await;
        let now = json!(self.clock.now());
        self.until_notice(id, "the message was sent", |notice| notice["message_sent_at"] == now).await;
    }

    /// Publishes that the email about the notice bounced now, and waits until that is consumed.
    pub async fn bounced(&self, id: ApplicationId) {
        self.publish(id, self.email_bounced("notice-issued")).await;
        let now = json!(self.clock.now());
        self.until_notice(id, "the message came back", |notice| notice["message_bounced_at"] == now).await;
    }

    /// An email with this template that was sent now.
    pub fn email_sent(&self, template: &str) -> EmailSent {
        EmailSent { sent_at: self.clock.now(), ..samples::email_sent(template) }
    }

    /// An email with this template that bounced now.
    pub fn email_bounced(&self, template: &str) -> EmailBounced {
        EmailBounced { bounced_at: self.clock.now(), ..samples::email_bounced(template) }
    }

    /// The notice as case workers see it.
    pub async fn notice(&self, id: ApplicationId) -> Value {
        self.get(&worker(), &format!("/notices/{id}")).await.json()
    }

    pub async fn until_notice(&self, id: ApplicationId, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        until(what, || self.notice(id), holds).await
    }

    pub async fn until_state(&self, id: ApplicationId, state: &str) -> Value {
        let path = format!("/cases/{id}");
        until_some(&format!("{id} is {state}"), || async {
            let case = self.get(&worker(), &path).await;
            (case.status == 200 && case.json()["state"] == state).then(|| case.json())
        })
        .await
    }

    /// What is committed equals what was granted, and no fact is under way.
    /// Ends it although something waits in it.
    pub async fn stop(self) {
        self.0.stop().await;
    }

    pub async fn end(self) {
        let (committed, granted): (i64, i64) = sqlx::query_as(
            "select (select sum(committed_cents)::bigint from budgets),
                    (select coalesce(sum(amount_cents), 0)::bigint from commitments where released_at is null)",
        )
        .fetch_one(&self.db)
        .await
        .unwrap();
        assert_eq!(committed, granted, "committed");
        self.0.end().await;
    }
}

pub fn worker() -> Session {
    session("worker", &[Role::CaseWorker])
}

pub fn approver() -> Session {
    session("approver", &[Role::Approver])
}

/// The applicant of this municipality.
pub fn applicant(ags: &str) -> Session {
    Session { ags: Some(ags.into()), ..session("applicant", &[Role::Applicant]) }
}

/// Everything that was applied for.
pub fn grant() -> Value {
    json!({ "kind": "grant" })
}

/// A call with this budget for 2027.
pub fn call(budget: Cents) -> Call {
    let mut call = samples::call();
    call.budget[0].amount = budget;
    call
}

/// Solingen applies for 60,000 € of 75,000 €.
pub fn submitted(number: u32) -> ApplicationSubmitted {
    let mut submitted = samples::application_submitted();
    submitted.file_number = format!("36.KI-2027-{number:04}");
    submitted.submitted_by = samples::person("applicant");
    submitted.application.title = format!("Qualifizierung des Integrationsnetzwerks {number}");
    submitted.application.financing = FinancingPlan {
        grant: Cents::euros(60_000),
        own_share: Cents::euros(15_000),
        third_parties: Cents::ZERO,
        total: Cents::euros(75_000),
    };
    submitted
}

/// Two reviews, both recommending it.
pub fn reviews(weighted: u16) -> ReviewCompleted {
    let review = |id: &str| ReviewGiven {
        reviewer: samples::person(id),
        scores: vec![
            Score { criterion: "effect".into(), points: 4 },
            Score { criterion: "partners".into(), points: 3 },
        ],
        weighted,
        recommendation: Recommendation::Fund,
        comment: "Gut begründet, und die Zahlen stimmen.".into(),
    };
    ReviewCompleted {
        reviews: vec![review("reviewer-1"), review("reviewer-2")],
        weighted,
        recommendation: Recommendation::Fund,
        split: false,
    }
}
