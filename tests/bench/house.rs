//! The five services in this process, each on a database of its own: their real subscriptions and
//! handlers on the real bus, without their pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use bescheid::service::migrators;
use bus::{Bus, Running};
use chassis::Clock;
use chassis::settings::Database;
use chrono::TimeDelta;
use events::{Application, ApplicationId, Call, Cause, Person, Service};
use intake::FileNumbers;
use intake::application::Ready;
use sqlx::PgPool;
use testkit::{samples, until};
use tests::{demonstration_call, hears};
use tokio::task::JoinHandle;

use crate::people;
use crate::recorder::Heard;
use crate::servers::Servers;

/// All that runs.
pub struct House {
    pub databases: BTreeMap<Service, PgPool>,
    pub heard: Heard,
    pub call: Call,
    intake: Bus,
    numbers: FileNumbers,
    application: Application,
    running: Vec<Running>,
    people: Vec<JoinHandle<()>>,
}

impl House {
    /// `prefix`: of the names of its databases. Each house has a broker of its own.
    pub async fn open(servers: &Servers, nats_url: &str, prefix: &str, heard: Heard) -> Result<Self> {
        let mut call = demonstration_call();
        // The bench runs on any day.
        let now = Clock::system().now();
        call.window.opens = now - TimeDelta::days(1);
        call.window.closes = now + TimeDelta::days(1);

        let mut databases = BTreeMap::new();
        let mut buses = BTreeMap::new();
        for service in Service::ALL {
            let settings = Database::at(servers.create(&format!("{prefix}{service}")).await?);
            chassis::database::migrate(&settings, &migrators(service)).await?;
            let pool = chassis::database::connect(&settings).await?;
            let nats = bus::Settings::open(nats_url);
            let bus = Bus::connect(service, &nats, pool.clone(), || Clock::system().now()).await?;
            databases.insert(service, pool);
            buses.insert(service, bus);
        }
        let bus = |service| buses[&service].clone();
        let db = |service: Service| databases[&service].clone();
        let clock = Clock::system();

        let intake = intake::AppState::new(db(Service::Intake), bus(Service::Intake), clock.clone())?;
        let numbers = intake.numbers.clone();
        let eligibility = eligibility::AppState {
            db: db(Service::Eligibility),
            bus: bus(Service::Eligibility),
            pages: eligibility::pages()?,
        };
        let review = review::AppState {
            db: db(Service::Review),
            bus: bus(Service::Review),
            clock: clock.clone(),
            pages: review::pages()?,
            review: Default::default(),
        };
        let award = award::AppState::new(db(Service::Award), bus(Service::Award), clock.clone())?;
        let before = heard.count();
        intake::calls::publish(&bus(Service::Intake), call.clone()).await?;
        let running = vec![
            bus(Service::Intake).start(Arc::new(intake), intake::on::subscriptions()),
            bus(Service::Eligibility).start(Arc::new(eligibility), eligibility::on::subscriptions()),
            bus(Service::Review).start(Arc::new(review), review::on::subscriptions()),
            bus(Service::Award).start(Arc::new(award), award::on::subscriptions()),
            bus(Service::Notification).start(
                Arc::new(notification(servers, db(Service::Notification), bus(Service::Notification))?),
                notification::on::subscriptions(),
            ),
        ];
        let house = Self {
            people: vec![
                tokio::spawn(people::review(bus(Service::Review), call.clone())),
                tokio::spawn(people::decide(bus(Service::Award), call.clone())),
            ],
            databases: databases.clone(),
            heard,
            intake: bus(Service::Intake),
            numbers,
            application: application(),
            call,
            running,
        };
        // Everybody who listens to intake knows the call.
        let consumers = Service::ALL.into_iter().filter(|service| hears(*service, Service::Intake)).count();
        house.until_heard(before + consumers as u64).await;
        Ok(house)
    }

    /// One application, as the API submits it: one transaction.
    pub async fn submit(&self) -> Result<ApplicationId> {
        let mut tx = self.intake.begin().await?;
        let now = tx.now();
        let applicant = samples::ags("05122000");
        let ready = Ready::new(self.application.clone(), &self.call, &applicant, now)?;
        let id = ApplicationId(bus::outbox::new_id(now).uuid());
        let by = Person { id: "applicant-solingen".to_owned(), name: "Erika Mustermann".to_owned() };
        intake::submission::submit(&mut tx, &self.numbers, id, &self.call, ready, by, Cause::default())
            .await?;
        self.intake.commit(tx).await?;
        Ok(id)
    }

    /// Waits until so many facts have taken effect since the start.
    pub async fn until_heard(&self, count: u64) {
        until("every fact is heard", async || self.heard.count(), |heard| *heard >= count).await;
    }

    pub async fn close(self) {
        for hands in self.people {
            hands.abort();
        }
        for running in self.running {
            running.drain().await;
        }
    }
}

/// A form of the length people write; the fact it becomes has about 4 KB.
fn application() -> Application {
    let mut form = samples::application();
    let paragraph =
        "Die Steuerung der Integrationsarbeit ist verbesserungsbedürftig; alle Stellen arbeiten mit. ";
    form.problem_statement = paragraph.repeat(8);
    form.method = paragraph.repeat(8);
    form.products_and_results = paragraph.repeat(8);
    form.immigration_office_part = paragraph.repeat(6);
    form
}

/// Queues emails and does not send them: that is measured by itself.
fn notification(servers: &Servers, db: PgPool, bus: Bus) -> Result<notification::AppState> {
    let settings: notification::Settings = toml::from_str(&mail_settings(servers))?;
    let process = testkit::process("notification", Clock::system());
    let sender = notification::sender::Sender::new(&process, db.clone(), &settings, notification::pages()?)
        .map_err(|error| anyhow::anyhow!(error))?;
    Ok(notification::AppState {
        db,
        bus,
        clock: Clock::system(),
        pages: notification::pages()?,
        sender: Arc::new(sender),
        portal: settings.portal.url,
    })
}

/// Settings of notification that send to the mailbox.
pub fn mail_settings(servers: &Servers) -> String {
    format!(
        "[database]\nurl = \"postgres://given\"\n[nats]\nurl = {:?}\n\
         [session]\nsecret = \"0123456789abcdef0123456789abcdef\"\n\
         [portal]\nurl = \"http://localhost\"\n[smtp]\nhost = \"127.0.0.1\"\nport = {}\n\
         encryption = \"none\"\nfrom = \"Bescheid <bescheid@example.org>\"\n",
        servers.nats.url(),
        servers.mailbox.port()
    )
}
