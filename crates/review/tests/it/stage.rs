//! A running review service, and the services it listens to.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, Request, StatusCode, header};
use bus::control::Operator;
use bus::{Bus, Running, Subscriptions, outbox};
use chassis::session::COOKIE;
use chassis::settings::Database;
use chassis::{Role, Session, Shutdown, TestClock};
use chrono::TimeDelta;
use events::{
    AnyFact, ApplicationId, ApplicationSubmitted, Authority, BudgetYear, Call, CallId, CallPublished, Cause,
    Cents, Court, Criterion, Decider, EligibilityConfirmed, FundingPriority, JointProject, Letters,
    OfficeRule, Participant, ProjectTheme, Service, Text, Window,
};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use review::Settings;
use review::file::{File, Terms};
use review::store::{calls, files};
use serde_json::Value;
use testkit::{TestDatabase, samples, until};
use uuid::Uuid;

pub struct Stage {
    pub clock: TestClock,
    pub db: TestDatabase,
    url: String,
    client: Client<HttpConnector, Full<axum::body::Bytes>>,
    shutdown: Shutdown,
    files: AtomicU32,
    // Kept alive for the time of the test.
    broker: (local::Nats, tempfile::TempDir),
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub body: String,
}

impl Answer {
    /// The body, or null where there is none.
    pub fn json_or_null(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A call with two criteria (60, 40), up to 5 points each, and two reviews for each file.
pub fn call() -> Call {
    let text = |de: &str, en: &str| Text { de: de.into(), en: en.into() };
    let criterion = |key: &str, title, weight| Criterion { key: key.into(), title, weight };
    Call {
        criteria: vec![
            criterion("effect", text("Wirkung", "Effect"), 60),
            criterion("partners", text("Partner", "Partners"), 40),
        ],
        maximum_score: 5,
        reviews_per_application: 2,
        key: "komm-in-2027".into(),
        version: 3,
        title: text("KOMM-IN NRW 2027", "KOMM-IN NRW 2027"),
        programme: "KOMM-IN NRW".into(),
        file_number_prefix: "36.KI-2027".into(),
        window: Window {
            opens: samples::noon() - TimeDelta::days(30),
            closes: samples::noon() + TimeDelta::days(30),
        },
        budget: vec![BudgetYear { year: 2027, amount: Cents::euros(2_450_000) }],
        minimum_grant: Cents::euros(5_000),
        maximum_grant: Cents::euros(200_000),
        office_rule: OfficeRule::OwnOffice,
        funding_priorities: FundingPriority::ALL.to_vec(),
        themes: ProjectTheme::ALL.to_vec(),
        project_from: samples::noon().date_naive(),
        project_to: samples::noon().date_naive() + TimeDelta::days(700),
        letters: Letters {
            authority: Authority {
                name: "Bezirksregierung".into(),
                address: Vec::new(),
                contact: String::new(),
            },
            signed_by: "Muster".into(),
            court: Court { name: "Verwaltungsgericht".into(), address: Vec::new() },
            court_by_seat: false,
            ancillary_conditions: "ANBest-G".into(),
            conditions: Vec::new(),
            payout: String::new(),
            proof_due_days: 180,
            footer: String::new(),
        },
    }
}

impl Stage {
    pub async fn new() -> Self {
        let clock = TestClock::at(samples::noon());
        let db = testkit::database("review", &[&bus::MIGRATIONS, &review::MIGRATIONS]).await;
        let broker = testkit::broker("").await;
        let process = testkit::process("review", clock.clock());
        let (url, shutdown) = (process.url(), process.shutdown());
        let settings = Settings {
            http: Default::default(),
            log: Default::default(),
            database: Database::at(&db.url),
            nats: bus::Settings::open(broker.0.url()),
            session: testkit::session_keys(),
            review: Default::default(),
        };
        tokio::spawn(host::run::<review::AppState>(process, settings));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { clock, db, url, client, shutdown, files: AtomicU32::new(0), broker }
    }

    /// Another service, which can say facts.
    pub async fn service(&self, service: Service) -> Publisher {
        let db = testkit::database(service.name(), &[&bus::MIGRATIONS]).await;
        let clock = self.clock.clone();
        let settings = bus::Settings::open(self.broker.0.url());
        let bus = Bus::connect(service, &settings, db.pool, move || clock.now()).await.unwrap();
        let _running = bus.start(std::sync::Arc::new(()), Subscriptions::new());
        Publisher { bus, _running }
    }

    /// An operator's way to the service.
    pub async fn operator(&self) -> Operator {
        Operator::connect(&bus::Settings::open(self.broker.0.url())).await.unwrap()
    }

    /// Puts an open file on the table, one minute younger than the one before.
    pub async fn open_file(&self) -> ApplicationId {
        self.open_file_of(|_| {}).await
    }

    pub async fn open_file_of(&self, change: impl FnOnce(&mut ApplicationSubmitted)) -> ApplicationId {
        let n = self.files.fetch_add(1, Ordering::SeqCst);
        let id = ApplicationId(Uuid::now_v7());
        let call = call();
        let mut submitted = ApplicationSubmitted {
            call: call.id(),
            file_number: format!("36.KI-2027-{n:04}"),
            submitted_at: samples::noon() + TimeDelta::minutes(n.into()),
            ..samples::application_submitted()
        };
        change(&mut submitted);
        let bus = self.bus().await;
        let mut tx = bus.begin().await.unwrap();
        calls::save(&mut tx, call.id(), &call).await.unwrap();
        files::announce(&mut tx, id, &submitted).await.unwrap();
        let file = files::lock(&mut tx, id).await.unwrap().unwrap();
        files::save(&mut tx, &file.opened(self.terms()), &Cause::default()).await.unwrap();
        bus.commit(tx).await.unwrap();
        id
    }

    pub fn terms(&self) -> Terms {
        Terms {
            rule_version: call().version,
            needed: call().reviews_per_application,
            opened_at: self.clock.now(),
        }
    }

    /// A bus on the service's own database, to open units of work with.
    pub async fn bus(&self) -> Bus {
        let clock = self.clock.clone();
        let settings = bus::Settings::open(self.broker.0.url());
        Bus::connect(Service::Review, &settings, self.db.pool.clone(), move || clock.now()).await.unwrap()
    }

    /// The service's own hands, for what time does.
    pub async fn own_service(&self) -> review::AppState {
        review::AppState {
            db: self.db.pool.clone(),
            bus: self.bus().await,
            clock: self.clock.clock(),
            pages: review::pages().unwrap(),
            review: Default::default(),
        }
    }

    pub async fn read(&self, id: ApplicationId) -> Option<File> {
        files::read(&mut self.db.pool.acquire().await.unwrap(), id).await.unwrap()
    }

    /// What this service has said so far, in order.
    pub async fn said(&self) -> Vec<AnyFact> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar("select envelope from bus.event_log order by event_id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap();
        rows.iter()
            .map(|bytes| {
                let envelope: Value = serde_json::from_slice(bytes).unwrap();
                let kind = events::Kind::from_type(envelope["type"].as_str().unwrap()).unwrap();
                AnyFact::read(kind, envelope["data"].clone()).unwrap()
            })
            .collect()
    }

    pub fn session(&self, person: &str, roles: &[Role]) -> Session {
        Session {
            person: person.into(),
            name: format!("Dr. {person}"),
            email: None,
            roles: roles.to_vec(),
            ags: None,
            expires: self.clock.now() + TimeDelta::days(1),
        }
    }

    pub fn reviewer(&self, person: &str) -> Session {
        self.session(person, &[Role::Reviewer])
    }

    /// A program's request.
    pub async fn api(&self, session: &Session, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.api_with_key(session, method, path, body, None).await
    }

    pub async fn api_with_key(
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
            .uri(format!("{}/review/api{path}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                serde_json::to_vec(&body).unwrap()
            }
            None => Vec::new(),
        };
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    /// A browser opens a page.
    pub async fn open(&self, session: &Session, path: &str, language: &str) -> Answer {
        let request = self.browser(session, Method::GET, path).header(header::ACCEPT_LANGUAGE, language);
        self.send(request.body(Full::default()).unwrap()).await
    }

    /// A browser sends a form of our own page.
    pub async fn send_form(&self, session: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = testkit::session_keys().csrf(session);
        let fields: Vec<(&str, &str)> =
            [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.send_raw_form(session, path, &fields).await
    }

    pub async fn send_raw_form(&self, session: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(fields).unwrap();
        let request = self
            .browser(session, Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    fn browser(&self, session: &Session, method: Method, path: &str) -> axum::http::request::Builder {
        let token = testkit::session_keys().sign(session);
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::COOKIE, format!("{COOKIE}={token}"))
            .header(header::ACCEPT, "text/html")
    }

    async fn send(&self, request: Request<Full<axum::body::Bytes>>) -> Answer {
        let response = self.client.request(request).await.unwrap();
        let location =
            response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer {
            status,
            location: location.unwrap_or_default(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Every number on the pages is what counting gives, and nothing is left on the way.
    pub async fn end(self) {
        let kept: Vec<(String, i64)> = sqlx::query_as(
            "select name, sum(value)::bigint from counters, lateral (values ('announced', announced),
                ('waiting', waiting), ('taken', taken), ('completed', completed), ('withdrawn', withdrawn))
                as v (name, value) group by name having sum(value) <> 0 order by name",
        )
        .fetch_all(&self.db.pool)
        .await
        .unwrap();
        let counted: Vec<(String, i64)> =
            sqlx::query_as("select bucket, count(*) from files group by bucket order by bucket")
                .fetch_all(&self.db.pool)
                .await
                .unwrap();
        assert_eq!(kept, counted, "counters");
        let quiet = || async { bus::Stats::read(&self.db.pool).await.unwrap() };
        until("nothing left in outbox, held or parked", quiet, bus::Stats::is_quiet).await;
        self.shutdown.drain();
    }
}

/// A service that says facts.
pub struct Publisher {
    bus: Bus,
    _running: Running,
}

impl Publisher {
    pub async fn say(&self, key: impl Into<Uuid>, fact: impl Into<AnyFact>) {
        let mut tx = self.bus.begin().await.unwrap();
        outbox::append(&mut tx, key, fact, Cause::default());
        self.bus.commit(tx).await.unwrap();
    }
}

pub fn published() -> (CallId, CallPublished) {
    (call().id(), CallPublished { call: call() })
}

pub fn submitted() -> ApplicationSubmitted {
    ApplicationSubmitted { call: call().id(), ..samples::application_submitted() }
}

pub fn confirmed() -> EligibilityConfirmed {
    EligibilityConfirmed {
        findings: Vec::new(),
        decided_by: Decider::Rules,
        rule_version: call().version,
        register_day: samples::noon().date_naive(),
    }
}

/// Paderborn takes part.
pub fn with_paderborn(submitted: &mut ApplicationSubmitted) {
    submitted.participant_names = vec!["Paderborn".into()];
    submitted.application.joint = Some(JointProject {
        lead_share: Cents::euros(40_000),
        participants: vec![Participant { ags: samples::ags("05774032"), share: Cents::euros(8_000) }],
    });
}

/// A good review.
pub fn sheet(points: u8, recommendation: &str) -> Value {
    serde_json::json!({
        "scores": [{"criterion": "effect", "points": points}, {"criterion": "partners", "points": points}],
        "recommendation": recommendation,
        "comment": "Klare Ziele.",
    })
}
