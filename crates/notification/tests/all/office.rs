//! A harness for the sender: a database, a mailbox, a clock, and any number of senders.

use std::sync::{Arc, Mutex};

use bus::{Bus, Tx};
use chassis::settings::{Database, SettingsError};
use chassis::{App, TestClock};
use chrono::{DateTime, Utc};
use events::{AnyFact, ApplicationId, EmailBounced, EmailSent, Event, EventId, Language};
use local::{Content, Mailbox};
use notification::delivery::Policy;
use notification::mail::Mail;
use notification::sender::Sender;
use notification::store::contacts::{self, Contact};
use notification::store::deliveries::{self, NewEmail};
use notification::{MIGRATIONS, Settings};
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::{samples, until, until_some};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Settings that differ between tests.
pub struct Plan {
    /// Whether a sender runs from the beginning.
    pub sends: bool,
    /// `[smtp] encryption`
    pub encryption: &'static str,
    /// `[delivery] attempts`
    pub attempts: u16,
    /// `[smtp] connections`
    pub connections: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { sends: true, encryption: "none", attempts: 43, connections: 8 }
    }
}

pub struct Office {
    pub mailbox: Mailbox,
    pub clock: TestClock,
    pub sender: Arc<Sender>,
    pub db: PgPool,
    bus: Bus,
    process: App,
    running: Mutex<Vec<(App, JoinHandle<()>)>>,
    settings: Settings,
    _folder: TempDir,
}

/// A row of `deliveries`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    pub state: String,
    pub attempts: i32,
    pub unanswered: i32,
    pub last_error: Option<String>,
}

impl Office {
    pub async fn open(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::start(folder.path(), 0).await.unwrap();
        let database = testkit::database("notification", &[&bus::MIGRATIONS, &MIGRATIONS]).await;
        let settings = Settings { database: Database::at(&database.url), ..settings(&mailbox, &plan) };
        let clock = TestClock::at(samples::noon());
        let now = clock.clone();
        // No broker: facts stay in the outbox and in the event log.
        let bus = Bus::connect(notification::NAME, &settings.nats, database.pool.clone(), move || now.now())
            .await
            .unwrap();
        let process = testkit::process("notification", clock.clock());
        let sender = Arc::new(
            Sender::new(&process, database.pool.clone(), &settings, notification::pages().unwrap()).unwrap(),
        );
        let db = database.pool;
        let running = Mutex::default();
        let office = Self { mailbox, clock, sender, db, bus, process, running, settings, _folder: folder };
        if plan.sends {
            office.run(office.process.clone(), office.sender.clone());
        }
        office
    }

    /// Starts another sender, as in another process.
    pub fn send(&self) {
        let process = testkit::process("notification", self.clock.clock());
        let sender =
            Sender::new(&process, self.db.clone(), &self.settings, notification::pages().unwrap()).unwrap();
        self.run(process, Arc::new(sender));
    }

    /// Starts another sender, with the mail server at another port.
    pub fn settings_at(&self, port: u16) -> Settings {
        let mut settings = self.settings.clone();
        settings.smtp.port = port;
        settings
    }

    pub fn run(&self, process: App, sender: Arc<Sender>) {
        let bus = self.bus.clone();
        let task = tokio::spawn(async move { notification::sender::run(sender, bus).await.unwrap() });
        self.running.lock().unwrap().push((process, task));
    }

    pub fn policy(&self) -> Policy {
        self.settings.policy()
    }

    /// Queues the receipt of an application, as the handler does.
    pub async fn submitted(&self, email: &str, language: Language) -> ApplicationId {
        let contact = Contact {
            application: samples::new_application(),
            file_number: "36.KI-2027-0001".to_owned(),
            title: "Steuerung des Integrationsnetzwerks".to_owned(),
            name: "Erika Mustermann".to_owned(),
            email: email.to_owned(),
            language,
            submitted_at: self.clock.now(),
            withdrawn_at: None,
            call: None,
            authority: None,
        };
        let mut tx = self.bus.begin().await.unwrap();
        contacts::insert_all(&mut tx, vec![contact.clone()]).await.unwrap();
        self.queue(tx, &contact, Mail::ApplicationSubmitted { late: false }).await;
        contact.application
    }

    /// Queues a later email about an application, as the handlers do.
    pub async fn queue_later(&self, application: ApplicationId, mail: Mail) {
        let mut tx = self.bus.begin().await.unwrap();
        let contact =
            contacts::of(&mut tx, &[application.uuid()]).await.unwrap().remove(&application).unwrap();
        self.queue(tx, &contact, mail).await;
    }

    async fn queue(&self, mut tx: Tx, contact: &Contact, mail: Mail) {
        let about = EventId(Uuid::now_v7());
        let pages = notification::pages().unwrap();
        let template = mail.kind().name();
        let now = self.clock.now();
        let new = NewEmail {
            about,
            application: contact.application,
            template,
            traceparent: None,
            recipient: &contact.email,
            message_id: deliveries::message_id(about, &contact.email, self.sender.domain()),
            content: mail.render(now, contact, &self.settings.portal.url, pages.messages()).unwrap(),
        };
        assert!(deliveries::queue(&mut tx, &new, now).await.unwrap());
        self.bus.commit(tx).await.unwrap();
        self.sender.wake();
    }

    /// State of each email about an application, in the order of queueing.
    pub async fn states(&self, application: ApplicationId) -> Vec<String> {
        sqlx::query_scalar("select state from deliveries where application_id = $1 order by id")
            .bind(application.uuid())
            .fetch_all(&self.db)
            .await
            .unwrap()
    }

    /// Waits for the email to `recipient`.
    pub async fn arrived(&self, recipient: &str) -> Content {
        let id = until_some("an email", || async {
            self.mailbox.messages().iter().find(|mail| mail.is_to(recipient)).map(|mail| mail.id)
        })
        .await;
        self.mailbox.read(id).await.unwrap().unwrap()
    }

    /// Waits for the fact about the email about `application`.
    pub async fn fate(&self, application: ApplicationId) -> AnyFact {
        until_some("the fate of an email", || async {
            let (kind, bytes): (String, Vec<u8>) =
                sqlx::query_as("select kind, envelope from bus.event_log where key = $1")
                    .bind(application.uuid())
                    .fetch_optional(&self.db)
                    .await
                    .unwrap()?;
            Some(match kind.as_str() {
                "email-sent" => Event::<EmailSent>::read(&bytes).unwrap().data.into(),
                _ => Event::<EmailBounced>::read(&bytes).unwrap().data.into(),
            })
        })
        .await
    }

    /// Waits until the delivery is in this state and meets the condition.
    pub async fn until_state(
        &self,
        application: ApplicationId,
        state: &str,
        wanted: impl Fn(&Row) -> bool,
    ) -> Row {
        let look = || async {
            sqlx::query_as::<_, Row>(
                "select state, attempts, unanswered, last_error from deliveries where application_id = $1",
            )
            .bind(application.uuid())
            .fetch_one(&self.db)
            .await
            .unwrap()
        };
        until("the state of a delivery", look, |row| row.state == state && wanted(row)).await
    }

    /// Number of deliveries in this state.
    pub async fn count(&self, state: &str) -> i64 {
        sqlx::query_scalar("select count(*) from deliveries where state = $1")
            .bind(state)
            .fetch_one(&self.db)
            .await
            .unwrap()
    }

    /// Leaves the delivery as if its sender had been killed in this state.
    pub async fn left_behind(&self, application: ApplicationId, state: &str, until: DateTime<Utc>) {
        sqlx::query(
            "update deliveries set state = $2, moment = $3, claims = 1, attempts = 1, sender = 1
             where application_id = $1",
        )
        .bind(application.uuid())
        .bind(state)
        .bind(until)
        .execute(&self.db)
        .await
        .unwrap();
    }

    /// Drains all senders.
    pub async fn finish(self) -> Self {
        let running = std::mem::take(&mut *self.running.lock().unwrap());
        for (process, task) in running {
            process.shutdown().drain();
            task.await.unwrap();
        }
        self
    }

    /// Ends a test; nothing may stay claimed.
    pub async fn close(self) {
        let office = self.finish().await;
        assert_eq!(office.count("sending").await, 0, "a drained sender holds no claim");
    }

    /// Ends a test whose senders hang on purpose.
    pub fn abandon(self) {
        for (_, task) in self.running.lock().unwrap().drain(..) {
            task.abort();
        }
    }
}

/// Settings for this mailbox, with a database and a broker that do not exist.
pub fn settings(mailbox: &Mailbox, plan: &Plan) -> Settings {
    try_settings(mailbox.port(), plan, &[]).unwrap()
}

/// As [`settings`], with further and replaced keys.
pub fn try_settings(port: u16, plan: &Plan, others: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let port = port.to_string();
    let attempts = plan.attempts.to_string();
    let connections = plan.connections.to_string();
    let usual = [
        ("DATABASE__URL", "postgres://127.0.0.1:1/none"),
        ("NATS__URL", "nats://127.0.0.1:1"),
        ("SESSION__SECRET", "for tests only, and long enough for that"),
        ("PORTAL__URL", "https://portal.example.org"),
        ("SMTP__HOST", "127.0.0.1"),
        ("SMTP__PORT", &port),
        ("SMTP__CONNECTIONS", &connections),
        ("SMTP__ENCRYPTION", plan.encryption),
        ("SMTP__FROM", "Bescheid <bescheid@example.org>"),
        ("DELIVERY__ATTEMPTS", &attempts),
        ("DELIVERY__LONGEST_OUTAGE_PAUSE_SECONDS", "1"),
    ];
    let usual = usual.iter().filter(|(key, _)| others.iter().all(|(other, _)| key != other));
    let variables = usual
        .chain(others)
        .map(|(key, value)| (format!("BESCHEID_NOTIFICATION__{key}"), (*value).to_owned()));
    chassis::settings::load_from("notification", None, variables)
}
