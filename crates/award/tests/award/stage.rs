//! A running award service, and the services it listens to.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, header};
use bus::{Bus, Running, Subscriptions, outbox};
use chassis::session::COOKIE;
use chassis::settings::Database;
use chassis::{Role, Session, Shutdown, TestClock};
use chrono::TimeDelta;
use events::{
    AnyFact, ApplicationId, ApplicationSubmitted, CallPublished, Cause, Cents, EmailBounced, EmailSent,
    EventId, ReviewCompleted, Service,
};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use testkit::{TestDatabase, until, until_some};
use uuid::Uuid;

use crate::sample::{call, reviews, submitted};

pub struct Stage {
    pub clock: TestClock,
    pub db: TestDatabase,
    pub url: String,
    pub intake: Publisher,
    pub review: Publisher,
    pub notification: Publisher,
    client: Client<HttpConnector, Full<Bytes>>,
    shutdown: Shutdown,
    // Kept alive for the time of the test.
    _broker: (local::Nats, tempfile::TempDir),
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub bytes: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and short name of the problem that it is.
    pub fn problem(&self) -> (u16, String) {
        let document = self.json();
        let id = document["type"].as_str().unwrap().strip_prefix("urn:bescheid:problem:").unwrap();
        (self.status.as_u16(), id.to_owned())
    }
}

/// A service that says facts.
pub struct Publisher {
    bus: Bus,
    _running: Running,
}

impl Publisher {
    async fn new(service: Service, nats: &str, clock: &TestClock) -> Self {
        let db = testkit::database(service.name(), &[&bus::MIGRATIONS]).await;
        let clock = clock.clone();
        let bus =
            Bus::connect(service, &bus::Settings::open(nats), db.pool, move || clock.now()).await.unwrap();
        let _running = bus.start(Arc::new(()), Subscriptions::new());
        Self { bus, _running }
    }

    pub async fn say(&self, key: impl Into<Uuid>, fact: impl Into<AnyFact>) {
        let mut tx = self.bus.begin().await.unwrap();
        outbox::append(&mut tx, key, fact, Cause::default());
        self.bus.commit(tx).await.unwrap();
    }
}

impl Stage {
    /// With a call that has this much money in 2027.
    pub async fn new(budget: Cents) -> Self {
        let clock = TestClock::at("2027-04-15T10:00:00Z".parse().unwrap());
        let db = testkit::database("award", &[&bus::MIGRATIONS, &award::MIGRATIONS]).await;
        let broker = testkit::broker("").await;
        let process = testkit::process("award", clock.clock());
        let (url, shutdown) = (process.url(), process.shutdown());
        let settings = award::Settings {
            http: Default::default(),
            log: Default::default(),
            database: Database::at(&db.url),
            nats: bus::Settings::open(broker.0.url()),
            session: testkit::session_keys(),
            sweep: award::Sweep { every_seconds: 1 },
        };
        tokio::spawn(host::run::<award::AppState>(process, settings));
        let intake = Publisher::new(Service::Intake, &broker.0.url(), &clock).await;
        let review = Publisher::new(Service::Review, &broker.0.url(), &clock).await;
        let notification = Publisher::new(Service::Notification, &broker.0.url(), &clock).await;
        let call = call(budget);
        intake.say(call.id(), CallPublished { call }).await;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { clock, db, url, intake, review, notification, client, shutdown, _broker: broker }
    }

    pub async fn announced(&self, submitted: ApplicationSubmitted) -> ApplicationId {
        let id = ApplicationId(Uuid::now_v7());
        self.intake.say(id, submitted).await;
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
        let id = ApplicationId(Uuid::now_v7());
        self.review.say(id, reviews).await;
        self.intake.say(id, submitted).await;
        self.until_state(id, "ready").await;
        id
    }

    /// Proposed by a case worker and approved by an approver: `granted`, `rejected` or `waitlisted`.
    pub async fn decided(&self, id: ApplicationId, proposal: Value) -> String {
        let proposed = self.post(&worker(self), &format!("/cases/{id}/proposal"), proposal).await;
        assert_eq!(proposed.status, 200, "{proposed:?}");
        let approved = self.post(&approver(self), &format!("/cases/{id}/approval"), json!({})).await;
        assert_eq!(approved.status, 200, "{approved:?}");
        approved.json()["state"].as_str().unwrap().to_owned()
    }

    /// Notification says that the email about the notice went out now; until that is heard.
    pub async fn told(&self, id: ApplicationId) {
        self.notification.say(id, self.email_sent("notice-issued")).await;
        let now = json!(self.clock.now());
        self.until_notice(id, "the message was sent", |notice| notice["message_sent_at"] == now).await;
    }

    /// Notification says that the email about the notice came back now; until that is heard.
    pub async fn bounced(&self, id: ApplicationId) {
        self.notification.say(id, self.email_bounced("notice-issued")).await;
        let now = json!(self.clock.now());
        self.until_notice(id, "the message came back", |notice| notice["message_bounced_at"] == now).await;
    }

    /// An email with this template that went out now.
    pub fn email_sent(&self, template: &str) -> EmailSent {
        EmailSent {
            about: EventId(Uuid::now_v7()),
            template: template.into(),
            recipient: "amt@solingen.example".into(),
            message_id: "<1@example.org>".into(),
            sent_at: self.clock.now(),
            attempts: 1,
            ambiguous: false,
        }
    }

    /// An email with this template that came back now.
    pub fn email_bounced(&self, template: &str) -> EmailBounced {
        EmailBounced {
            about: EventId(Uuid::now_v7()),
            template: template.into(),
            recipient: "amt@solingen.example".into(),
            reason: "550 5.1.1 no such mailbox".into(),
            bounced_at: self.clock.now(),
        }
    }

    /// The notice as those who decide see it.
    pub async fn notice(&self, id: ApplicationId) -> Value {
        self.get(&worker(self), &format!("/notices/{id}")).await.json()
    }

    pub async fn until_notice(&self, id: ApplicationId, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        until(what, || self.notice(id), holds).await
    }

    pub async fn until_state(&self, id: ApplicationId, state: &str) -> Value {
        let path = format!("/cases/{id}");
        until_some(&format!("{id} is {state}"), || async {
            let case = self.get(&worker(self), &path).await;
            (case.status == 200 && case.json()["state"] == state).then(|| case.json())
        })
        .await
    }

    /// What this service has said so far, in order, by name.
    pub async fn said(&self, id: ApplicationId) -> Vec<String> {
        sqlx::query_scalar("select kind from bus.event_log where key = $1 order by version")
            .bind(id.uuid())
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }

    pub fn session(&self, person: &str, roles: &[Role]) -> Session {
        Session {
            person: person.into(),
            name: format!("Dr. {person}"),
            email: None,
            roles: roles.to_vec(),
            ags: None,
            expires: self.clock.now() + TimeDelta::days(365),
        }
    }

    pub async fn get(&self, session: &Session, path: &str) -> Answer {
        self.api(session, Method::GET, path, None, None).await
    }

    pub async fn post(&self, session: &Session, path: &str, body: Value) -> Answer {
        self.api(session, Method::POST, path, Some(body), None).await
    }

    /// A program's request.
    pub async fn api(
        &self,
        session: &Session,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Answer {
        let token = testkit::session_keys().sign(session);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/award/api{path}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map(|body| serde_json::to_vec(&body).unwrap()).unwrap_or_default();
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    /// A browser opens a page.
    pub async fn open(&self, session: &Session, path: &str, language: &str) -> Answer {
        let request = self.browser(session, Method::GET, path).header(header::ACCEPT_LANGUAGE, language);
        self.send(request.body(Full::default()).unwrap()).await
    }

    /// Somebody or something asks for this address with these headers.
    pub async fn ask(
        &self,
        session: &Session,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.browser(session, method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Full::default()).unwrap()).await
    }

    /// A browser sends a form of our own page.
    pub async fn send_form(&self, session: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = testkit::session_keys().csrf(session);
        let fields: Vec<(&str, &str)> =
            [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let request = self
            .browser(session, Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Full::from(serde_html_form::to_string(fields).unwrap())).unwrap()).await
    }

    /// Sends a form that is refused: the page to which the answer leads, as it is each time it is loaded.
    pub async fn refused(&self, session: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        let sent = self.send_form(session, path, fields).await;
        assert_eq!(sent.status, 303, "{sent:?}");
        let place = sent.location.split('#').next().unwrap();
        assert!(place.contains("?refused="), "{place}");
        let (once, again) = (self.open(session, place, "de").await, self.open(session, place, "de").await);
        assert_eq!((once.status.as_u16(), again.status.as_u16()), (200, 200));
        again
    }

    fn browser(&self, session: &Session, method: Method, path: &str) -> axum::http::request::Builder {
        let token = testkit::session_keys().sign(session);
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::COOKIE, format!("{COOKIE}={token}"))
            .header(header::ACCEPT, "text/html")
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.client.request(request).await.unwrap();
        let location =
            response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, location: location.unwrap_or_default(), bytes }
    }

    /// The counts are what counting gives, what is committed is what was granted, and nothing is left on the way.
    pub async fn end(self) {
        let kept: Vec<(String, i64)> =
            sqlx::query_as("select stage, cases from counts where cases <> 0 order by stage")
                .fetch_all(&self.db.pool)
                .await
                .unwrap();
        let counted: Vec<(String, i64)> =
            sqlx::query_as("select stage, count(*) from cases group by stage order by stage")
                .fetch_all(&self.db.pool)
                .await
                .unwrap();
        assert_eq!(kept, counted, "counts");
        let (committed, granted): (i64, i64) = sqlx::query_as(
            "select (select sum(committed_cents)::bigint from budgets),
                    (select coalesce(sum(amount_cents), 0)::bigint from commitments where released_at is null)",
        )
        .fetch_one(&self.db.pool)
        .await
        .unwrap();
        assert_eq!(committed, granted, "committed");
        let quiet = || async { bus::Stats::read(&self.db.pool).await.unwrap() };
        until("nothing left in outbox, held or parked", quiet, bus::Stats::is_quiet).await;
        self.shutdown.drain();
    }
}

pub fn worker(stage: &Stage) -> Session {
    stage.session("worker", &[Role::CaseWorker])
}

pub fn approver(stage: &Stage) -> Session {
    stage.session("approver", &[Role::Approver])
}

/// The applicant of this municipality.
pub fn applicant(stage: &Stage, ags: &str) -> Session {
    Session { ags: Some(ags.into()), ..stage.session("applicant", &[Role::Applicant]) }
}

/// Everything that was applied for.
pub fn grant() -> Value {
    json!({ "kind": "grant" })
}
