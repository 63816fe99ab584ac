//! The whole service over a real Postgres and a real nats-server: facts and requests in, facts and pages out.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use bus::{Bus, Running, Stats, Subscriptions, outbox};
use chassis::session::{COOKIE, CSRF_FIELD, SessionKeys};
use chassis::settings::Database;
use chassis::{Role, ServiceSettings, Session, Shutdown, TestClock};
use chrono::{DateTime, TimeDelta, Utc};
use events::{
    AnyFact, ApplicantReplied, ApplicationId, ApplicationSubmitted, ApplicationWithdrawn, CallPublished,
    Cause, Contact, ContactChanged, Language, OfficeRule, Person, Service, TieDeclared, TieEnded,
};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use testkit::until;
use uuid::Uuid;

use crate::Settings;
use crate::samples::{call, joint, submitted};

const HILDEN: &str = "05158016";
const SOLINGEN: &str = "05122000";

fn now() -> DateTime<Utc> {
    "2027-01-15T10:00:00Z".parse().unwrap()
}

fn keys() -> SessionKeys {
    testkit::session_keys()
}

fn session(person: &str, role: Role) -> Session {
    let expires = now() + TimeDelta::hours(8);
    Session {
        person: person.into(),
        name: "Jana Kurz".into(),
        email: None,
        roles: vec![role],
        ags: None,
        expires,
    }
}

/// Eligibility as a process, and an intake that can speak.
struct World<Broker> {
    url: String,
    db: PgPool,
    nats: bus::Settings,
    intake: Bus,
    intake_db: PgPool,
    speaking: Running,
    stop: Shutdown,
    serving: tokio::task::JoinHandle<Result<(), chassis::StartError>>,
    _broker: Broker,
}

async fn begin() -> World<impl Sized> {
    let broker = testkit::broker("").await;
    let nats = bus::Settings::open(broker.0.url());
    let clock = TestClock::at(now());
    let database = testkit::database("eligibility", &Settings::migrators()).await;
    let process = testkit::process("eligibility", clock.clock());
    let (url, stop) = (process.url(), process.shutdown());
    let settings = Settings {
        http: Default::default(),
        log: Default::default(),
        session: keys(),
        database: Database::at(&database.url),
        nats: nats.clone(),
    };
    let serving = tokio::spawn(host::run::<crate::AppState>(process, settings));
    let intake_db = testkit::database("intake", &[&bus::MIGRATIONS]).await.pool;
    let intake = Bus::connect(Service::Intake, &nats, intake_db.clone(), move || clock.now()).await.unwrap();
    let speaking = intake.start(Arc::new(()), Subscriptions::new());
    World { url, db: database.pool, nats, intake, intake_db, speaking, stop, serving, _broker: broker }
}

async fn say_as(bus: &Bus, key: impl Into<Uuid>, fact: impl Into<AnyFact>) {
    let mut tx = bus.begin().await.unwrap();
    outbox::append(&mut tx, key, fact, Cause::default());
    bus.commit(tx).await.unwrap();
}

impl<Broker> World<Broker> {
    async fn say(&self, key: impl Into<Uuid>, fact: impl Into<AnyFact>) {
        say_as(&self.intake, key, fact).await;
    }

    async fn publish_call(&self) {
        let call = call(OfficeRule::OwnOffice);
        self.say(call.id(), CallPublished { call }).await;
    }

    /// Submits, and waits until eligibility has answered.
    async fn submit(&self, application: ApplicationSubmitted) -> ApplicationId {
        let id = ApplicationId(Uuid::now_v7());
        self.say(id, application).await;
        until("eligibility answers", || self.said(id), |said| !said.is_empty()).await;
        id
    }

    /// What eligibility has said about it: kinds and payloads.
    async fn said(&self, id: ApplicationId) -> Vec<(String, Value)> {
        let rows = sqlx::query("select kind, envelope from bus.event_log where key = $1 order by version")
            .bind(id.uuid())
            .fetch_all(&self.db)
            .await
            .unwrap();
        let read = |row: &sqlx::postgres::PgRow| {
            let envelope: Value = serde_json::from_slice(row.get("envelope")).unwrap();
            (row.get("kind"), envelope["data"].clone())
        };
        rows.iter().map(read).collect()
    }

    async fn kinds(&self, id: ApplicationId) -> Vec<String> {
        self.said(id).await.into_iter().map(|(kind, _)| kind).collect()
    }

    async fn send(&self, request: Request<Body>) -> (Response<()>, String) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let (parts, body) = client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, "text/html")
    }

    /// A page, or the API by GET.
    async fn get(&self, path: &str, who: Option<&Session>) -> (Response<()>, String) {
        let mut request = self.request(Method::GET, path);
        if let Some(who) = who {
            request = request.header(header::COOKIE, format!("{COOKIE}={}", keys().sign(who)));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn decide(&self, id: ApplicationId, key: Option<&str>, body: &Value) -> (StatusCode, Value) {
        self.decide_as(&session("worker-1", Role::CaseWorker), id, key, body).await
    }

    async fn decide_as(
        &self,
        who: &Session,
        id: ApplicationId,
        key: Option<&str>,
        body: &Value,
    ) -> (StatusCode, Value) {
        let path = format!("/eligibility/api/cases/{id}/decision");
        let token = keys().sign(who);
        let mut request = self
            .request(Method::POST, &path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let (response, body) = self.send(request.body(Body::from(body.to_string())).unwrap()).await;
        (response.status(), serde_json::from_str(&body).unwrap())
    }

    /// Sends the form of the case's page.
    async fn fill_in(
        &self,
        id: ApplicationId,
        who: &Session,
        fields: &[(&str, &str)],
    ) -> (Response<()>, String) {
        self.fill_in_at(&format!("/eligibility/cases/{id}/decision"), who, fields).await
    }

    async fn fill_in_at(&self, path: &str, who: &Session, fields: &[(&str, &str)]) -> (Response<()>, String) {
        let csrf = keys().csrf(who);
        let fields: Vec<(&str, &str)> =
            [(CSRF_FIELD, csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let request = self
            .request(Method::POST, path)
            .header(header::COOKIE, format!("{COOKIE}={}", keys().sign(who)))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_html_form::to_string(fields).unwrap()))
            .unwrap();
        self.send(request).await
    }

    /// Nothing on its way and nothing left behind, then an orderly end.
    async fn end(self) {
        for db in [&self.db, &self.intake_db] {
            until("quiet", || async { Stats::read(db).await.unwrap() }, Stats::is_quiet).await;
        }
        self.speaking.drain().await;
        self.stop.drain();
        self.serving.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clear_are_confirmed_and_a_person_decides_the_rest_once() {
    let world = begin().await;
    world.publish_call().await;
    let solingen = world.submit(submitted(SOLINGEN)).await;
    assert_eq!(world.kinds(solingen).await, ["eligibility-confirmed"]);
    assert_eq!(world.said(solingen).await[0].1["decided_by"], "rules");

    let hilden = world.submit(submitted(HILDEN)).await;
    assert_eq!(world.kinds(hilden).await, ["eligibility-referred"]);
    let worker = session("worker-1", Role::CaseWorker);
    let (_, list) = world.get("/eligibility/api/cases", Some(&worker)).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["cases"][0]["id"], json!(hilden));
    assert_eq!(
        (&list["cases"][0]["open"], &list["cases"][1]),
        (&json!(["immigration_office"]), &Value::Null)
    );

    let order = json!({"decision": "ineligible", "reason": "Der Kreis wirkt nicht mit."});
    let (status, view) = world.decide(hilden, Some("k-1"), &order).await;
    assert_eq!((status, &view["state"]), (StatusCode::OK, &json!("ineligible")));
    assert_eq!(world.decide(hilden, Some("k-1"), &order).await, (status, view), "the same answer again");
    let other = json!({"decision": "eligible", "reason": "Der Kreis wirkt nicht mit."});
    assert_eq!(world.decide(hilden, Some("k-1"), &other).await.0, StatusCode::CONFLICT, "another request");
    assert_eq!(world.decide(hilden, None, &other).await.0, StatusCode::CONFLICT, "decided already");
    assert_eq!(world.decide(solingen, None, &order).await.0, StatusCode::CONFLICT, "the rules decided");
    assert_eq!(world.kinds(hilden).await, ["eligibility-referred", "ineligibility-confirmed"]);
    let said = &world.said(hilden).await[1].1["decided_by"]["person"];
    assert_eq!(said["person"]["id"], "worker-1");
    assert_eq!(said["reason"], "Der Kreis wirkt nicht mit.");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_refused_and_what_is_wrong_is_named() {
    let world = begin().await;
    world.publish_call().await;
    let hilden = world.submit(submitted(HILDEN)).await;
    let case = format!("/eligibility/cases/{hilden}");
    let (response, _) = world.get(&case, None).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(response.headers()[header::LOCATION].to_str().unwrap().starts_with("/sign-in?next="));
    let reviewer = session("reviewer-1", Role::Reviewer);
    for path in ["/eligibility", &case, "/eligibility/api/cases", &format!("/eligibility/api/cases/{hilden}")]
    {
        assert_eq!(world.get(path, Some(&reviewer)).await.0.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let fields = [("decision", "eligible"), ("reason", "lange genug"), ("key", "k")];
    assert_eq!(world.fill_in(hilden, &reviewer, &fields).await.0.status(), StatusCode::FORBIDDEN);

    let worker = session("worker-1", Role::CaseWorker);
    let nowhere = Uuid::now_v7();
    assert_eq!(
        world.get(&format!("/eligibility/cases/{nowhere}"), Some(&worker)).await.0.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.get("/eligibility/cases/1", Some(&worker)).await.0.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.get("/eligibility?after=x", Some(&worker)).await.0.status(), StatusCode::BAD_REQUEST);
    assert_eq!(world.get("/eligibility?state=lost", Some(&worker)).await.0.status(), StatusCode::BAD_REQUEST);
    let (status, problem) =
        world.decide(hilden, None, &json!({"decision": "eligible", "reason": "kurz"})).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/reason"))
    );
    let (status, problem) =
        world.decide(hilden, None, &json!({"decision": "perhaps", "reason": "lange genug"})).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/decision"))
    );
    let order = json!({"decision": "eligible", "reason": "lange genug"});
    assert_eq!(world.decide(hilden, Some("k\u{e4}"), &order).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(world.decide(hilden, Some(&"k".repeat(201)), &order).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(world.kinds(hilden).await, ["eligibility-referred"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_on_the_page_and_nothing_typed_is_lost() {
    let world = begin().await;
    world.publish_call().await;
    let mut hilden = submitted(HILDEN);
    hilden.application.title = "<script>alert('x')</script>'; drop table cases; --".to_owned();
    let id = world.submit(hilden).await;
    let worker = session("worker-1", Role::CaseWorker);
    let (_, queue) = world.get("/eligibility", Some(&worker)).await;
    assert!(queue.contains("Ein Antrag wartet auf eine Entscheidung.") && queue.contains("&#60;script&#62;"));
    let (_, page) = world.get(&format!("/eligibility/cases/{id}"), Some(&worker)).await;
    assert!(page.contains("zuständig ist: Kreis Mettmann") && page.contains("GV100AD"));

    let there = format!("/eligibility/cases/{id}");
    let (response, page) = world.fill_in(id, &worker, &[("reason", "<b>kurz"), ("key", "k-1")]).await;
    assert_eq!(response.headers()[header::LOCATION], format!("{there}?refused=true#errors"));
    assert!(page.is_empty());
    for _ in 0..2 {
        let (_, page) = world.get(&format!("{there}?refused=true"), Some(&worker)).await;
        assert!(page.contains("Bitte wählen Sie bei") && page.contains("&#60;b&#62;kurz"), "{page}");
    }
    let short = [("decision", "eligible"), ("reason", "kurz"), ("key", "k-1")];
    assert_eq!(world.fill_in(id, &worker, &short).await.0.status(), StatusCode::SEE_OTHER);
    let (_, page) = world.get(&there, Some(&worker)).await;
    assert!(page.contains("zu kurz") && page.contains(r#"value="eligible" checked"#));

    // The form saves by itself, also for a colleague, who is told when it is too late.
    let auto = format!("{there}/draft");
    let other = session("worker-2", Role::CaseWorker);
    let (saved, text) = world.fill_in_at(&auto, &other, &[("reason", "Ich prüfe noch.")]).await;
    assert!(saved.status() == StatusCode::OK && text.contains(r#""outcome":"saved""#), "{text}");
    let (_, page) = world.get(&there, Some(&other)).await;
    assert!(page.contains("Noch nicht abgeschickt") && page.contains("Ich prüfe noch."), "{page}");
    let (_, text) = world.fill_in_at(&auto, &other, &[("reason", "Anderes Fenster")]).await;
    assert!(text.contains(r#""outcome":"changed""#), "{text}");

    let good = [("decision", "eligible"), ("reason", "Der Kreis\r\nwirkt mit."), ("key", "k-1")];
    for _ in 0..2 {
        let (response, _) = world.fill_in(id, &worker, &good).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()[header::LOCATION], format!("/eligibility/cases/{id}?decided=true"));
    }
    assert_eq!(world.kinds(id).await, ["eligibility-referred", "eligibility-confirmed"]);
    let (_, page) = world.get(&format!("/eligibility/cases/{id}?decided=true"), Some(&worker)).await;
    assert!(
        page.contains("Die Entscheidung ist gespeichert.")
            && page.contains("Jana Kurz hat am 15.01.2027, 11:00 Uhr")
    );
    let (_, queue) = world.get("/eligibility", Some(&worker)).await;
    assert!(queue.contains("Kein Antrag wartet"));

    let late = [("decision", "ineligible"), ("reason", "Das sehe ich anders."), ("key", "k-2")];
    let (_, page) = world.get(&there, Some(&other)).await;
    assert!(page.contains("Ich prüfe noch."), "there is no form any more, and the text can be taken along");
    let (gone, text) = world.fill_in_at(&auto, &other, &[("reason", "Ich prüfe noch.")]).await;
    assert!(gone.status() == StatusCode::NOT_FOUND && text.contains(r#""outcome":"gone""#), "{text}");
    let (response, _) = world.fill_in(id, &other, &late).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let (_, page) = world.get(&there, Some(&other)).await;
    assert!(
        page.contains("Ihre Entscheidung wurde nicht gespeichert") && page.contains("Das sehe ich anders.")
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_tie_does_not_decide_and_the_page_says_so_before() {
    let world = begin().await;
    world.publish_call().await;
    let application = joint(HILDEN, SOLINGEN);
    let (email, by) =
        (application.application.contact.email.to_uppercase(), application.submitted_by.clone());
    let id = world.submit(application).await;
    let worker = session("worker-1", Role::CaseWorker);
    let of = |ags: &str| Session { ags: Some(ags.to_owned()), ..worker.clone() };
    let order = json!({"decision": "eligible", "reason": "Der Kreis wirkt mit."});
    let fields = [("decision", "eligible"), ("reason", "Der Kreis wirkt mit."), ("key", "k")];
    let there = format!("/eligibility/cases/{id}");
    for (who, why) in [
        (of(HILDEN), "Sie gehören zu einer Kommune, die beteiligt ist."),
        (of(SOLINGEN), "Sie gehören zu einer Kommune, die beteiligt ist."),
        (Session { person: by.id, ..worker.clone() }, "Sie haben diesen Antrag eingereicht."),
        (Session { email: Some(email), ..worker.clone() }, "Sie sind die Ansprechperson dieses Antrags."),
    ] {
        let (_, page) = world.get(&there, Some(&who)).await;
        assert!(page.contains("Sie entscheiden hier nicht mit") && page.contains(why), "{why}: {page}");
        assert!(!page.contains("/decision\""), "no form: {page}");
        let (status, problem) = world.decide_as(&who, id, None, &order).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|why| why.contains("you have a tie")), "{problem}");
        // Sent from a page that was opened before: kept, and shown with the reason why it was not taken.
        let (sent, _) = world.fill_in(id, &who, &fields).await;
        assert_eq!(sent.headers()[header::LOCATION], format!("{there}?refused=true#errors"));
        let (_, page) = world.get(&there, Some(&who)).await;
        for expected in ["Nicht übernommen", "20, 21 VwVfG", "Der Kreis wirkt mit."] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
    }

    // What review tells: from then on, and until it ends; also where it is heard before the application.
    let db = testkit::database("review", &[&bus::MIGRATIONS]).await.pool;
    let review = Bus::connect(Service::Review, &world.nats, db, now).await.unwrap();
    let telling = review.start(Arc::new(()), Subscriptions::new());
    let later = ApplicationId(Uuid::now_v7());
    let person = || Person { id: "worker-1".into(), name: "Jana Kurz".into() };
    let municipality = || SOLINGEN.parse().ok();
    for id in [id, later] {
        let tie = TieDeclared { person: person(), municipality: municipality(), declared_at: now() };
        say_as(&review, id, tie).await;
    }
    world.say(later, joint(HILDEN, SOLINGEN)).await;
    for id in [id, later] {
        let look = || async { world.get(&format!("/eligibility/cases/{id}"), Some(&worker)).await.1 };
        until("the tie is known", look, |page| page.contains("Sie haben eine Bindung an diesen Antrag"))
            .await;
        assert_eq!(world.decide(id, None, &order).await.0, StatusCode::CONFLICT);
        assert_eq!(world.kinds(id).await, ["eligibility-referred"]);
    }
    let colleague = session("worker-2", Role::CaseWorker);
    assert_eq!(world.decide_as(&colleague, later, None, &order).await.0, StatusCode::OK);
    let ended = TieEnded { person: person(), municipality: municipality(), ended_at: now() };
    say_as(&review, id, ended).await;
    let look = || async { world.get(&there, Some(&worker)).await.1 };
    until("the form is back", look, |page| page.contains("/decision\"")).await;
    assert_eq!(world.decide(id, None, &order).await.0, StatusCode::OK);
    telling.drain().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_waits_for_nobody_and_an_application_waits_for_its_call() {
    let world = begin().await;
    let id = ApplicationId(Uuid::now_v7());
    world.say(id, submitted(HILDEN)).await;
    // The application is with the broker before its call is.
    until("intake has spoken", || async { Stats::read(&world.intake_db).await.unwrap() }, Stats::is_quiet)
        .await;
    world.publish_call().await;
    until("eligibility answers", || world.said(id), |said| !said.is_empty()).await;

    let by = Person { id: "a-1".into(), name: "Ayşe Demir".into() };
    world.say(id, ApplicationWithdrawn { withdrawn_at: now(), withdrawn_by: by, reason: None }).await;
    let worker = session("worker-1", Role::CaseWorker);
    let queue = || async { world.get("/eligibility", Some(&worker)).await.1 };
    until("the queue is empty", queue, |queue| queue.contains("Kein Antrag wartet")).await;
    let order = json!({"decision": "eligible", "reason": "Der Kreis wirkt mit."});
    let (status, problem) = world.decide(id, None, &order).await;
    assert_eq!((status, &problem["detail"]), (StatusCode::CONFLICT, &json!("withdrawn by the applicant")));
    assert_eq!(world.kinds(id).await, ["eligibility-referred"]);
    let (_, list) = world.get("/eligibility/api/cases?state=withdrawn", Some(&worker)).await;
    assert!(list.contains(&id.to_string()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_come_in_pages() {
    let world = begin().await;
    world.publish_call().await;
    let mut all = Vec::new();
    for _ in 0..27 {
        let id = ApplicationId(Uuid::now_v7());
        world.say(id, submitted(HILDEN)).await;
        all.push(id.to_string());
    }
    let worker = session("worker-1", Role::CaseWorker);
    let queue = || async { world.get("/eligibility", Some(&worker)).await.1 };
    until("all wait", queue, |queue| queue.contains("27 Anträge warten")).await;
    let mut seen = Vec::new();
    let mut path = "/eligibility/api/cases?state=referred".to_owned();
    loop {
        let list: Value = serde_json::from_str(&world.get(&path, Some(&worker)).await.1).unwrap();
        seen.extend(
            list["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = list["next"].as_str() else { break };
        assert_eq!(seen.len(), 25);
        path = format!("/eligibility/api/cases?state=referred&after={next}");
    }
    seen.sort();
    all.sort();
    assert_eq!(seen, all);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_stands_on_the_case_and_marks_it_in_the_list_and_contacts_are_as_they_are_now() {
    let world = begin().await;
    world.publish_call().await;
    let hilden = world.submit(submitted(HILDEN)).await;
    let worker = session("worker-1", Role::CaseWorker);
    let api = format!("/eligibility/api/cases/{hilden}");
    let (_, list) = world.get("/eligibility", Some(&worker)).await;
    assert!(!list.contains("Antwort der Kommune"), "{list}");
    let person = || Person { id: "h-1".to_owned(), name: "Erika <Muster>".to_owned() };
    let reply =
        |text: &str, replied_at| ApplicantReplied { text: text.to_owned(), replied_by: person(), replied_at };
    world.say(hilden, reply("Die Erklärung des Kreises folgt.", now())).await;
    world.say(hilden, reply("Hier ist sie: <i>ja</i>", now() + TimeDelta::minutes(5))).await;
    let contact = Contact {
        name: "Erika Muster".to_owned(),
        email: "neu@hilden.example".to_owned(),
        phone: String::new(),
        language: Language::De,
    };
    let changed = ContactChanged {
        contact,
        previous_email: "alt@hilden.example".to_owned(),
        changed_by: person(),
        changed_at: now(),
    };
    world.say(hilden, changed).await;
    let look = || async { world.get(&api, Some(&worker)).await.1 };
    let view = until("all is heard", look, |text| text.contains("neu@hilden.example")).await;
    let view: Value = serde_json::from_str(&view).unwrap();
    assert_eq!(view["replies"][0]["text"], "Die Erklärung des Kreises folgt.");
    assert_eq!((&view["replies"][1]["by"], &view["replies"][2]), (&json!("Erika <Muster>"), &Value::Null));

    let (_, page) = world.get(&format!("/eligibility/cases/{hilden}"), Some(&worker)).await;
    assert!(
        page.contains("Hier ist sie: &#60;i&#62;ja&#60;/i&#62;") && page.contains("neu@hilden.example"),
        "{page}"
    );
    let (reply_at, decision_at) = (page.find("Antworten der Kommune"), page.find("Ist der Antrag zulässig?"));
    assert!(reply_at < decision_at, "above the decision");
    let (_, list) = world.get("/eligibility", Some(&worker)).await;
    assert!(list.contains("Antwort der Kommune vom 15.01.2027"), "{list}");

    // Decided meanwhile: what comes then is kept, and marked as what nobody had seen.
    let order = json!({"decision": "eligible", "reason": "Die Erklärung liegt vor."});
    assert_eq!(world.decide(hilden, None, &order).await.0, StatusCode::OK);
    world.say(hilden, reply("Noch etwas", now() + TimeDelta::hours(1))).await;
    until("it is heard", look, |text| text.contains("Noch etwas")).await;
    let (_, page) = world.get(&format!("/eligibility/cases/{hilden}"), Some(&worker)).await;
    assert_eq!(page.matches("nach der Entscheidung").count(), 2, "{page}");
    world.end().await;
}
