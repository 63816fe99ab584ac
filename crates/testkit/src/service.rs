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

/// A service that runs on a database and a broker of its own, a client of it, and publishers of the facts that it
/// consumes. A test ends with [`ServiceUnderTest::end`]; one that leaves facts parked on purpose, with
/// [`ServiceUnderTest::stop`].
pub struct ServiceUnderTest {
    /// `http://127.0.0.1:port`
    pub url: String,
    /// The database of the service.
    pub db: PgPool,
    /// The clock of the service and of the publishers.
    pub clock: TestClock,
    name: Service,
    prefix: &'static str,
    nats: bus::Settings,
    client: Client<HttpConnector, Body>,
    publishers: Mutex<BTreeMap<Service, Publisher>>,
    serving: Serving,
    // Dropping it stops the broker.
    _broker: (Nats, TempDir),
}

/// Another service, of which only the bus runs, to publish facts.
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
        assert!(!unseen, "a test must end its service with `end` or `stop`, which check how it has ended");
    }
}

/// The values that a test puts into the settings of its service.
pub struct Common {
    pub database: Database,
    pub nats: bus::Settings,
    pub session: SessionKeys,
}

impl ServiceUnderTest {
    /// Starts the service `S`, whose pages and API are below `prefix`, at the time `now`.
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

    pub fn nats(&self) -> &bus::Settings {
        &self.nats
    }

    /// A bus on the service's own database, for units of work. The relay of the service publishes what they append.
    pub async fn bus(&self) -> Bus {
        self.connect(self.name, self.db.clone()).await
    }

    async fn connect(&self, service: Service, db: PgPool) -> Bus {
        let clock = self.clock.clone();
        Bus::connect(service, &self.nats, db, move || clock.now()).await.expect("the broker is up")
    }

    /// Publishes a fact about `key`, as the service that this kind of fact belongs to.
    pub async fn publish(&self, key: impl Into<Uuid>, fact: impl Into<AnyFact>) {
        self.publish_all(key, [fact.into()]).await;
    }

    /// Publishes a call as intake.
    pub async fn publish_call(&self, call: Call) {
        self.publish(call.id(), CallPublished { call }).await;
    }

    /// As [`ServiceUnderTest::say`], for several facts of one service in one transaction, in this order.
    pub async fn publish_all(&self, key: impl Into<Uuid>, facts: impl IntoIterator<Item = AnyFact>) {
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

    /// Waits until the broker has all facts of the publishers.
    pub async fn all_is_published(&self) {
        for publisher in self.publishers.lock().await.values() {
            quiet(&publisher.db).await;
        }
    }

    /// The bus of a publisher, on a database of its own; started when first needed.
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

    /// Kinds and payloads of the facts that the service has published about `key`, in order.
    pub async fn published(&self, key: impl Into<Uuid>) -> Vec<(String, Value)> {
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

    /// Kinds of the facts that the service has published about `key`, in order.
    pub async fn kinds(&self, key: impl Into<Uuid>) -> Vec<String> {
        self.published(key).await.into_iter().map(|(kind, _)| kind).collect()
    }

    /// GET by a program; `path` is below `<prefix>/api`.
    pub async fn get(&self, who: &Session, path: &str) -> Answer {
        self.api(who, Method::GET, path, None, None).await
    }

    /// POST by a program; `path` is below `<prefix>/api`.
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

    /// A request of a program with any method; `path` is below `<prefix>/api`.
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

    /// Opens a page as a browser; `language` is the header `Accept-Language`.
    pub async fn open<'a>(&self, who: impl Into<Option<&'a Session>>, path: &str, language: &str) -> Answer {
        let request = self.browser(who.into(), Method::GET, path).header(header::ACCEPT_LANGUAGE, language);
        self.send(request, Body::empty()).await
    }

    /// A request of a browser, or of a client that pretends to be one, with these headers.
    pub async fn ask(&self, who: &Session, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.browser(who, method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, Body::empty()).await
    }

    /// Sends a form as the browser of `who`, from a page made for `who`.
    pub async fn send_form(&self, who: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send_form_of(who, who, path, fields).await
    }

    /// Sends a form as the browser of `who`, from a page made for `page_of`.
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

    /// Sends a form that is refused. Returns the page to which the answer redirects, as it is when it is loaded again.
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

    pub async fn send(&self, request: request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.body(body.into()).expect("a request is well formed");
        let (parts, body) = self.client.request(request).await.expect("the service answers").into_parts();
        let body = body.collect().await.expect("the answer comes to its end").to_bytes();
        let location = parts.headers.get(header::LOCATION).map(|to| to.to_str().expect("text").to_owned());
        let location = location.unwrap_or_default();
        Answer { status: parts.status, location, headers: parts.headers, body }
    }

    /// Ends the service once it and the publishers have nothing in an outbox, held or parked.
    ///
    /// # Panics
    /// The service has ended with an error or a panic.
    pub async fn end(self) {
        self.all_is_published().await;
        quiet(&self.db).await;
        self.stop().await;
    }

    /// Ends the service at once.
    ///
    /// # Panics
    /// The service has ended with an error or a panic.
    pub async fn stop(mut self) {
        for publisher in self.publishers.into_inner().into_values() {
            publisher.running.drain().await.expect("drained");
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

/// An answer with its whole body.
#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    /// The header `Location`; empty if there is none.
    pub location: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Debug for Answer {
    /// Shows the body as text, so that a failed assertion can be read.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { status, location, headers, body } = self;
        let text = String::from_utf8_lossy(body);
        write!(f, "{status}, location {location:?}, {headers:?}\n{text}")
    }
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub fn into_text(self) -> String {
        self.text().to_owned()
    }

    /// The body as JSON; null where it is empty.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and id of the problem document.
    pub fn problem(&self) -> (u16, String) {
        let document = self.json();
        let id = document["type"].as_str().and_then(|id| id.strip_prefix("urn:bescheid:problem:"));
        (self.status.as_u16(), id.unwrap_or_else(|| panic!("no problem: {self:?}")).to_owned())
    }

    /// The value of the page's input element `name`.
    pub fn field(&self, name: &str) -> String {
        let input = self.text().split("<input").find(|input| input.contains(&format!("name=\"{name}\"")));
        let value = input.and_then(|input| input.split("value=\"").nth(1)?.split('"').next());
        value.unwrap_or_else(|| panic!("no input {name}: {}", self.text())).to_owned()
    }
}

/// The session of a person with these roles, without municipality and email address, valid until the year 2100.
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
