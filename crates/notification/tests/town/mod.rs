//! The whole service in a test, with other services that only speak.

#![expect(clippy::unwrap_used, reason = "a test fails where its helpers fail")]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use bus::{Bus, Running, Stats, Subscriptions, outbox};
use chassis::{App, Role, Session, StartError, TestClock};
use chrono::TimeDelta;
use events::{AnyFact, ApplicationId, CallId, Cause, Service};
use http_body_util::BodyExt;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use local::{Mailbox, Nats};
use notification::MIGRATIONS;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::{samples, until};
use tokio::task::JoinHandle;

use crate::office::{Plan, settings};

pub struct Town {
    pub mailbox: Mailbox,
    db: PgPool,
    url: String,
    speakers: BTreeMap<Service, (Bus, Running, PgPool)>,
    process: App,
    service: JoinHandle<Result<(), StartError>>,
    client: Client<HttpConnector, Body>,
    _nats: Nats,
    _folders: [TempDir; 2],
}

impl Town {
    pub async fn new() -> Self {
        let (nats, nats_folder) = testkit::broker("").await;
        let mail_folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::start(mail_folder.path(), 0).await.unwrap();
        let clock = TestClock::at(samples::noon());
        let mut speakers = BTreeMap::new();
        for service in [Service::Intake, Service::Eligibility, Service::Review, Service::Award] {
            let db = testkit::database(service.name(), &[&bus::MIGRATIONS]).await.pool;
            let now = clock.clone();
            let open = bus::Settings::open(nats.url());
            let bus = Bus::connect(service, &open, db.clone(), move || now.now()).await.unwrap();
            let running = bus.start(Arc::new(()), Subscriptions::<()>::new());
            speakers.insert(service, (bus, running, db));
        }
        let database = testkit::database("notification", &[&bus::MIGRATIONS, &MIGRATIONS]).await;
        let settings = settings(&database.url, &nats.url(), &mailbox, &Plan::default());
        let process = testkit::process("notification", clock.clock());
        let url = process.url();
        let service = tokio::spawn(host::run::<notification::AppState>(process.clone(), settings));
        Self {
            mailbox,
            db: database.pool,
            url,
            speakers,
            process,
            service,
            client: Client::builder(TokioExecutor::new()).build_http(),
            _nats: nats,
            _folders: [nats_folder, mail_folder],
        }
    }

    /// The service whose fact it is says it.
    pub async fn say(&self, application: ApplicationId, fact: AnyFact) {
        let (bus, ..) = &self.speakers[&fact.kind().service()];
        let mut tx = bus.begin().await.unwrap();
        outbox::append(&mut tx, application, fact, Cause::default());
        bus.commit(tx).await.unwrap();
    }

    /// Intake says something about a call.
    pub async fn publish(&self, call: CallId, fact: AnyFact) {
        let (bus, ..) = &self.speakers[&fact.kind().service()];
        let mut tx = bus.begin().await.unwrap();
        outbox::append(&mut tx, call, fact, Cause::default());
        bus.commit(tx).await.unwrap();
    }

    pub async fn until_mails(&self, address: &str, count: usize) {
        let look = || async {
            let messages = self.mailbox.messages();
            messages
                .iter()
                .filter(|mail| mail.is_to(address))
                .map(|mail| mail.subject.clone())
                .collect::<Vec<_>>()
        };
        let found = until("emails", look, |found| found.len() >= count).await;
        assert_eq!(found.len(), count, "{found:?}");
    }

    /// Waits until so many facts of `source` have taken effect.
    pub async fn heard(&self, source: Service, count: i64) {
        let look = || async {
            sqlx::query_scalar::<_, i64>("select count(*) from bus.inbox where source = $1")
                .bind(source.name())
                .fetch_one(&self.db)
                .await
                .unwrap()
        };
        until("facts heard", look, |heard| *heard >= count).await;
    }

    pub async fn deliveries(&self, application: ApplicationId) -> Vec<Value> {
        let (status, body) =
            self.get("case_worker", &format!("/mail/api/deliveries?application={application}")).await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        body["deliveries"].as_array().unwrap().clone()
    }

    /// Name and state of each email about an application.
    pub async fn fates(&self, application: ApplicationId) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let deliveries = self.deliveries(application).await;
        deliveries.iter().map(|one| (text(&one["template"]), text(&one["state"]))).collect()
    }

    /// The sum of a counter, over all its labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, body) = self.get("operator", "/metrics").await;
        let lines = body.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    pub async fn get(&self, role: &str, path: &str) -> (u16, String) {
        self.send(role, Request::get(self.at(path)).header("accept", "application/json")).await
    }

    pub async fn page(&self, role: &str, path: &str) -> (u16, String) {
        self.send(role, Request::get(self.at(path)).header("accept", "text/html")).await
    }

    pub async fn post(&self, role: &str, path: &str, key: &str) -> u16 {
        self.send(role, Request::post(self.at(path)).header("idempotency-key", key)).await.0
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn send(&self, role: &str, request: axum::http::request::Builder) -> (u16, String) {
        let role = Role::ALL.into_iter().find(|one| one.id() == role).expect("a role");
        let session = Session {
            person: role.id().to_owned(),
            name: "A person".to_owned(),
            email: None,
            roles: vec![role],
            ags: None,
            expires: samples::noon() + TimeDelta::hours(8),
        };
        let token = testkit::session_keys().sign(&session);
        let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Nothing is left in any outbox, held or parked; then the end.
    pub async fn finish(self) {
        let databases = self.speakers.values().map(|(_, _, db)| db).chain([&self.db]);
        for db in databases {
            until("quiet", || async { Stats::read(db).await.unwrap() }, Stats::is_quiet).await;
        }
        self.process.shutdown().drain();
        self.service.await.unwrap().unwrap();
        for (_, running, _) in self.speakers.into_values() {
            running.drain().await;
        }
    }
}
