//! One service as a test sees it: everything real around it, and the others that say facts to it.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header, request};
use bus::{Bus, Running, Stats, Subscriptions, outbox};
use chassis::session::{COOKIE, CSRF_FIELD, SessionKeys};
use chassis::settings::Database;
use chassis::{Role, ServiceSettings, Session, Shutdown, StartError, TestClock};
use chrono::{DateTime, Utc};
use events::{AnyFact, Call, CallPublished, Cause, Service};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::Nats;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{TestDatabase, broker, database, process, session_keys, until};

/// A service that runs on a database and a broker of its own, and a client of it. A test ends with
/// [`ServiceUnderTest::end`]; one that leaves facts parked on purpose, with [`ServiceUnderTest::stop`].
pub struct ServiceUnderTest {
    /// Where it answers: `http://127.0.0.1:port`.
    pub url: String,
    /// Its database.
    pub db: PgPool,
    /// The time of the service and of those it listens to.
    pub clock: TestClock,
    name: Service,
    prefix: &'static str,
    nats: bus::Settings,
    client: Client<HttpConnector, Body>,
    publishers: Mutex<BTreeMap<Service, Publisher>>,
    serving: Serving,
    // The broker ends with this value.
    _broker: (Nats, TempDir),
}

/// A service that is not run: only its bus is, to say facts.
struct Publisher {
    db: PgPool,
    bus: Bus,
    running: Running,
}

struct Serving {
    shutdown: Shutdown,
    task: Option<JoinHandle<Result<(), StartError>>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let unseen = self.task.is_some() && !std::thread::panicking();
        assert!(!unseen, "a test ends its service with `end` or `stop`, or nobody sees how it ended");
    }
}

/// The settings that all services have.
pub struct Common {
    /// `[database]`
    pub database: Database,
    /// `[nats]`
    pub nats: bus::Settings,
    /// `[session]`
    pub session: SessionKeys,
}

impl ServiceUnderTest {
    /// Starts the service `S`, whose pages and API lie below `prefix`, at the time `now`.
    pub async fn start<S: host::Service>(
        prefix: &'static str,
        now: DateTime<Utc>,
        settings: impl FnOnce(Common) -> S::Settings,
    ) -> Self {
        let broker = broker("").await;
        let nats = bus::Settings::open(broker.0.url());
        let clock = TestClock::at(now);
        let TestDatabase { url, pool } = database(S::NAME.name(), &S::Settings::migrators()).await;
        let app = process(S::NAME.name(), clock.clock());
        let (address, shutdown) = (app.url(), app.shutdown());
        let settings =
            settings(Common { database: Database::at(&url), nats: nats.clone(), session: session_keys() });
        Self {
            url: address,
            db: pool,
            clock,
            name: S::NAME,
            prefix,
            nats,
            client: Client::builder(TokioExecutor::new()).build_http(),
            publishers: Mutex::default(),
            serving: Serving { shutdown, task: Some(tokio::spawn(host::run::<S>(app, settings))) },
            _broker: broker,
        }
    }

    /// How the broker is reached.
    pub fn nats(&self) -> &bus::Settings {
        &self.nats
    }

    /// A bus on the service's own database, to open units of work with. Facts leave by the service's own relay.
    pub async fn bus(&self) -> Bus {
        self.connect(self.name, self.db.clone()).await
    }

    async fn connect(&self, service: Service, db: PgPool) -> Bus {
        let clock = self.clock.clone();
        Bus::connect(service, &self.nats, db, move || clock.now()).await.expect("the broker is up")
    }

    /// The service whose fact it is says it about `key`.
    pub async fn say(&self, key: impl Into<Uuid>, fact: impl Into<AnyFact>) {
        self.say_at_once(key, [fact.into()]).await;
    }

    /// Intake says that this call is published.
    pub async fn publish(&self, call: Call) {
        self.say(call.id(), CallPublished { call }).await;
    }

    /// As [`ServiceUnderTest::say`], several facts of one service in one transaction, in this order.
    pub async fn say_at_once(&self, key: impl Into<Uuid>, facts: impl IntoIterator<Item = AnyFact>) {
        let key = key.into();
        let facts: Vec<AnyFact> = facts.into_iter().collect();
        let publisher = facts.first().expect("a fact").kind().service();
        let bus = self.publisher(publisher).await;
        let mut tx = bus.begin().await.expect("the publisher's database answers");
        for fact in facts {
            assert_eq!(fact.kind().service(), publisher, "facts of one service");
            outbox::append(&mut tx, key, fact, Cause::default());
        }
        bus.commit(tx).await.expect("the publisher's database answers");
    }

    /// Waits until the broker has all that was said to the service.
    pub async fn all_is_published(&self) {
        for publisher in self.publishers.lock().await.values() {
            quiet(&publisher.db).await;
        }
    }

    /// The bus of a service it listens to, on a database of its own; started when first needed.
    async fn publisher(&self, service: Service) -> Bus {
        let mut publishers = self.publishers.lock().await;
        if let Some(publisher) = publishers.get(&service) {
            return publisher.bus.clone();
        }
        let db = database(service.name(), &[&bus::MIGRATIONS]).await.pool;
        let bus = self.connect(service, db.clone()).await;
        let running = bus.start(Arc::new(()), Subscriptions::new());
        publishers.insert(service, Publisher { db, bus: bus.clone(), running });
        bus
    }

    /// What the service has said about `key`, in order: kinds and payloads.
    pub async fn said(&self, key: impl Into<Uuid>) -> Vec<(String, Value)> {
        let rows: Vec<(String, Vec<u8>)> =
            sqlx::query_as("select kind, envelope from bus.event_log where key = $1 order by version")
                .bind(key.into())
                .fetch_all(&self.db)
                .await
                .expect("the event log");
        let data = |envelope: &[u8]| {
            serde_json::from_slice::<Value>(envelope).expect("an envelope is JSON")["data"].take()
        };
        rows.into_iter().map(|(kind, envelope)| (kind, data(&envelope))).collect()
    }

    /// The kinds of what the service has said about `key`, in order.
    pub async fn kinds(&self, key: impl Into<Uuid>) -> Vec<String> {
        self.said(key).await.into_iter().map(|(kind, _)| kind).collect()
    }

    /// A program asks the API; `path` is below `<prefix>/api`.
    pub async fn get(&self, who: &Session, path: &str) -> Answer {
        self.api(who, Method::GET, path, None, None).await
    }

    /// A program sends `body` to the API.
    pub async fn post(&self, who: &Session, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.api(who, Method::POST, path, None, body.into()).await
    }

    /// As [`ServiceUnderTest::post`], with an `Idempotency-Key`.
    pub async fn post_with_key(
        &self,
        who: &Session,
        path: &str,
        key: &str,
        body: impl Into<Option<Value>>,
    ) -> Answer {
        self.api(who, Method::POST, path, Some(key), body.into()).await
    }

    /// As [`ServiceUnderTest::post_with_key`], with any method, and key and body as it comes.
    pub async fn api(
        &self,
        who: &Session,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let token = session_keys().sign(who);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{}/api{path}", self.url, self.prefix))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let Some(body) = body else { return self.send(request, Body::empty()).await };
        self.send(request.header(header::CONTENT_TYPE, "application/json"), body.to_string()).await
    }

    /// A browser opens a page.
    pub async fn open<'a>(&self, who: impl Into<Option<&'a Session>>, path: &str, language: &str) -> Answer {
        let request = self.browser(who.into(), Method::GET, path).header(header::ACCEPT_LANGUAGE, language);
        self.send(request, Body::empty()).await
    }

    /// A browser, or what pretends to be one, asks with these headers.
    pub async fn ask(&self, who: &Session, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.browser(who, method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, Body::empty()).await
    }

    /// A browser sends the form of a page that was made for `who`.
    pub async fn send_form(&self, who: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send_form_of(who, who, path, fields).await
    }

    /// `who` sends the form of a page that was made for `page_of`.
    pub async fn send_form_of<'a>(
        &self,
        page_of: &Session,
        who: impl Into<Option<&'a Session>>,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let csrf = session_keys().csrf(page_of);
        let mut fields = fields.to_vec();
        fields.push((CSRF_FIELD, &csrf));
        let request = self
            .browser(who.into(), Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, serde_html_form::to_string(fields).expect("pairs of texts")).await
    }

    /// Sends a form that is not taken. Returns the page to which the answer leads, as it is when it is loaded again.
    pub async fn refused(&self, who: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        let sent = self.send_form(who, path, fields).await;
        let (there, _) = sent.location.split_once('#').unwrap_or((&sent.location, ""));
        assert!(sent.status == StatusCode::SEE_OTHER && there.contains("?refused="), "{sent:?}");
        assert_eq!(self.open(who, there, "de").await.status, StatusCode::OK, "{there}");
        self.open(who, there, "de").await
    }

    fn browser<'a>(
        &self,
        who: impl Into<Option<&'a Session>>,
        method: Method,
        path: &str,
    ) -> request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, "text/html");
        let Some(who) = who.into() else { return request };
        request.header(header::COOKIE, format!("{COOKIE}={}", session_keys().sign(who)))
    }

    /// Sends any other request.
    pub async fn send(&self, request: request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.body(body.into()).expect("a request is well formed");
        let (parts, body) = self.client.request(request).await.expect("the service answers").into_parts();
        let body = body.collect().await.expect("the answer comes to its end").to_bytes();
        let location = parts.headers.get(header::LOCATION).map(|to| to.to_str().expect("text").to_owned());
        let location = location.unwrap_or_default();
        Answer { status: parts.status, location, headers: parts.headers, body }
    }

    /// Ends the service once nothing waits in an outbox, is held or parked, neither here nor at the publishers.
    ///
    /// # Panics
    /// The service ended with an error or a panic.
    pub async fn end(self) {
        self.all_is_published().await;
        quiet(&self.db).await;
        self.stop().await;
    }

    /// Ends the service, whatever is left.
    ///
    /// # Panics
    /// The service ended with an error or a panic.
    pub async fn stop(mut self) {
        for publisher in self.publishers.into_inner().into_values() {
            publisher.running.drain().await;
        }
        self.serving.shutdown.drain();
        let task = self.serving.task.take().expect("a service ends once");
        match task.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => panic!("the service ended with an error: {error}"),
            Err(error) => panic!("the service ended with a panic: {error}"),
        }
    }
}

async fn quiet(db: &PgPool) {
    let stats = || async { Stats::read(db).await.expect("the tables of the bus") };
    until("nothing in an outbox, held or parked", stats, Stats::is_quiet).await;
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Where it leads; empty if nowhere.
    pub location: String,
    /// All its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Debug for Answer {
    /// With the text of the body, so that a failed assertion can be read.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { status, location, headers, body } = self;
        let text = String::from_utf8_lossy(body);
        write!(f, "{status}, location {location:?}, {headers:?}\n{text}")
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as text of its own.
    pub fn into_text(self) -> String {
        self.text().to_owned()
    }

    /// The body as JSON; null where there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and short name of the problem that it is.
    pub fn problem(&self) -> (u16, String) {
        let document = self.json();
        let id = document["type"].as_str().and_then(|id| id.strip_prefix("urn:bescheid:problem:"));
        (self.status.as_u16(), id.unwrap_or_else(|| panic!("no problem: {self:?}")).to_owned())
    }

    /// The value of the input `name` on the page.
    pub fn field(&self, name: &str) -> String {
        let input = self.text().split("<input").find(|input| input.contains(&format!("name=\"{name}\"")));
        let value = input.and_then(|input| input.split("value=\"").nth(1)?.split('"').next());
        value.unwrap_or_else(|| panic!("no input {name}: {}", self.text())).to_owned()
    }
}

/// The session of a person with these roles: in no municipality, without an email address, and of no foreseeable end.
pub fn session(person: &str, roles: &[Role]) -> Session {
    Session {
        person: person.to_owned(),
        name: format!("Dr. {person}"),
        email: None,
        roles: roles.to_vec(),
        ags: None,
        expires: DateTime::from_timestamp(4_102_444_800, 0).expect("the year 2100"),
    }
}
