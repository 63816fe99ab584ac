//! Intake as a process, and whoever it speaks with.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use bus::{Bus, Running, Subscriptions, outbox};
use chassis::session::{COOKIE, CSRF_FIELD, SessionKeys};
use chassis::settings::Database;
use chassis::{Role, ServiceSettings, Session, Shutdown, TestClock};
use chrono::{DateTime, TimeDelta, Utc};
use events::{AnyFact, ApplicationId, Cause, Service};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, Row};
use testkit::until;
use uuid::Uuid;

use crate::{Calls, Settings, samples};

pub fn now() -> DateTime<Utc> {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub fn keys() -> SessionKeys {
    testkit::session_keys()
}

fn session(person: &str, role: Role, ags: Option<&str>) -> Session {
    let expires = now() + TimeDelta::days(365);
    let ags = ags.map(str::to_owned);
    Session {
        person: person.into(),
        name: "Serap Demir".into(),
        email: None,
        roles: vec![role],
        ags,
        expires,
    }
}

/// An applicant of Solingen.
pub fn solingen() -> Session {
    session("solingen-1", Role::Applicant, Some("05122000"))
}

/// An applicant of Paderborn.
pub fn paderborn() -> Session {
    session("paderborn-1", Role::Applicant, Some("05774032"))
}

/// Somebody without a municipality.
pub fn staff(role: Role) -> Session {
    session("staff-1", role, None)
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub text: String,
}

impl Answer {
    /// As JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The value of the field `name` as the page shows it.
    pub fn field(&self, name: &str) -> String {
        let at = self
            .text
            .find(&format!("name=\"{name}\""))
            .unwrap_or_else(|| panic!("no {name} in {}", self.text));
        let rest = &self.text[at..];
        let rest = &rest[rest.find("value=\"").unwrap() + 7..];
        rest[..rest.find('"').unwrap()].to_owned()
    }
}

pub struct World<Broker> {
    pub url: String,
    pub db: PgPool,
    pub bus: Bus,
    pub clock: TestClock,
    nats: bus::Settings,
    stop: Shutdown,
    serving: tokio::task::JoinHandle<Result<(), chassis::StartError>>,
    _broker: Broker,
}

/// Intake runs, and the demonstration call is published.
pub async fn begin() -> World<impl Sized> {
    let broker = testkit::broker("").await;
    let nats = bus::Settings::open(broker.0.url());
    let clock = TestClock::at(now());
    let database = testkit::database("intake", &Settings::migrators()).await;
    let process = testkit::process("intake", clock.clock());
    let (url, stop) = (process.url(), process.shutdown());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/calls/komm-in-2027.toml");
    let settings = Settings {
        http: Default::default(),
        log: Default::default(),
        session: keys(),
        database: Database::at(&database.url),
        nats: nats.clone(),
        calls: Calls { publish: vec![file.into()] },
    };
    let serving = tokio::spawn(host::run::<crate::AppState>(process, settings));
    let time = clock.clone();
    let bus = Bus::connect(Service::Intake, &nats, database.pool.clone(), move || time.now()).await.unwrap();
    let world = World { url, db: database.pool, bus, clock, nats, stop, serving, _broker: broker };
    // The socket listens before the service does.
    let answer = world.api(Method::GET, "/calls", &solingen(), None, None).await;
    assert_eq!(answer.json()["calls"][0]["open"], true);
    world
}

async fn count(db: &PgPool, table: &str) -> i64 {
    let count = format!("select count(*) from {table}");
    sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(db).await.unwrap()
}

impl<Broker> World<Broker> {
    /// Stops the service once it has said everything; nothing may wait to be decided.
    pub async fn end(self) {
        until("everything is said", || count(&self.db, "bus.outbox"), |left| *left == 0).await;
        self.stop.drain();
        self.serving.await.unwrap().unwrap();
        for table in ["bus.waiting", "bus.unreadable"] {
            assert_eq!(count(&self.db, table).await, 0, "{table}");
        }
    }

    /// Another service that can speak.
    pub async fn other(&self, service: Service) -> Other {
        let db = testkit::database(service.name(), &[&bus::MIGRATIONS]).await.pool;
        let time = self.clock.clone();
        let bus = Bus::connect(service, &self.nats, db, move || time.now()).await.unwrap();
        let running = bus.start(Arc::new(()), Subscriptions::new());
        Other { bus, running }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let (parts, body) = client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let location = parts.headers.get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, location: location.unwrap_or_default(), text }
    }

    /// The JSON API.
    pub async fn api(
        &self,
        method: Method,
        path: &str,
        who: &Session,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/apply/api{path}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {}", keys().sign(who)));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// A page.
    pub async fn get(&self, path: &str, who: Option<&Session>, language: &str) -> Answer {
        let mut request = Request::builder()
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_LANGUAGE, language);
        if let Some(who) = who {
            request = request.header(header::COOKIE, format!("{COOKIE}={}", keys().sign(who)));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A form of our own page.
    pub async fn post(&self, path: &str, who: &Session, fields: &[(&str, &str)]) -> Answer {
        self.post_as(path, Some(who), who, fields).await
    }

    /// A form that is not taken: the page to which the answer leads, and which can be reloaded.
    pub async fn refused(&self, path: &str, who: &Session, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, who, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let (there, _) = answer.location.split_once("?refused=1#errors").expect("it was refused");
        self.get(there, Some(who), "de").await
    }

    /// A form whose page was made for `page_of`, sent by `who`.
    pub async fn post_as(
        &self,
        path: &str,
        who: Option<&Session>,
        page_of: &Session,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut fields = fields.to_vec();
        let token = keys().csrf(page_of);
        fields.push((CSRF_FIELD, &token));
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(who) = who {
            request = request.header(header::COOKIE, format!("{COOKIE}={}", keys().sign(who)));
        }
        self.send(request.body(Body::from(serde_html_form::to_string(fields).unwrap())).unwrap()).await
    }

    /// Submits the sample by the API.
    pub async fn submit(&self, who: &Session, key: &str) -> ApplicationId {
        let body = json!({"call": "komm-in-2027", "application": samples::application()});
        let answer = self.api(Method::POST, "/applications", who, Some(key), Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().parse().unwrap()
    }

    /// The facts intake has said about `key`: kinds and payloads.
    pub async fn said(&self, key: impl Into<Uuid>) -> Vec<(String, Value)> {
        let rows = sqlx::query("select kind, envelope from bus.event_log where key = $1 order by version")
            .bind(key.into())
            .fetch_all(&self.db)
            .await
            .unwrap();
        let read = |row: &sqlx::postgres::PgRow| {
            let envelope: Value = serde_json::from_slice(row.get("envelope")).unwrap();
            (row.get("kind"), envelope["data"].clone())
        };
        rows.iter().map(read).collect()
    }
}

pub struct Other {
    bus: Bus,
    running: Running,
}

impl Other {
    /// Says these facts, in this order.
    pub async fn say(&self, id: ApplicationId, facts: impl IntoIterator<Item = AnyFact>) {
        let mut tx = self.bus.begin().await.unwrap();
        for fact in facts {
            outbox::append(&mut tx, id, fact, Cause::default());
        }
        self.bus.commit(tx).await.unwrap();
    }

    pub async fn end(self) {
        self.running.drain().await;
    }
}
