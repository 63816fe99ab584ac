//! The services in this process, with stand-ins for the people between them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Result, bail};
use bescheid::service::migrators;
use chassis::Clock;
use chassis::settings::Database;
use chrono::TimeDelta;
use events::{Application, ApplicationId, Call, Cause, Person, Service};
use intake::application::Ready;
use intake::submission::{self, Submission};
use sqlx::PgPool;
use testkit::samples;
use tests::{Services, consumes, demonstration_call};
use tokio::task::JoinHandle;

use super::people;
use super::recorder::Consumed;
use super::servers::Servers;

/// Of each service to Postgres, as in production.
const CONNECTIONS: u32 = 10;

/// All that runs.
pub struct System {
    pub consumed: Consumed,
    pub call: Call,
    services: Services,
    application: Application,
    people: [JoinHandle<()>; 2],
}

impl System {
    /// `prefix`: of the names of its databases; `smtp`: the port of the mail server. Each system has a broker of its own.
    pub async fn open(
        servers: &Servers,
        nats_url: &str,
        prefix: &str,
        smtp: u16,
        consumed: Consumed,
    ) -> Result<Self> {
        let mut call = demonstration_call();
        let clock = Clock::system();
        // The bench runs on any day.
        call.window.opens = clock.now() - TimeDelta::days(1);
        call.window.closes = clock.now() + TimeDelta::days(1);

        let mut databases = BTreeMap::new();
        for service in Service::ALL {
            let url = servers.create(&format!("{prefix}{service}")).await?;
            chassis::database::migrate(&Database::at(&url), &migrators(service)).await?;
            let pool = chassis::database::connect(&Database::at(&url)).await?;
            databases.insert(service, (url, pool));
        }
        let services =
            Services::start(databases, nats_url, "http://localhost", smtp, CONNECTIONS, &clock).await;
        let before = consumed.count();
        intake::calls::publish(&services.intake.bus, call.clone()).await?;
        let people = [
            tokio::spawn(people::review(services.review.bus.clone(), call.clone())),
            tokio::spawn(people::decide(services.award.bus.clone(), call.clone())),
        ];
        let system = Self { consumed, call, services, application: application(), people };
        // Everybody who listens to intake knows the call.
        let consumers =
            Service::ALL.into_iter().filter(|service| consumes(*service, Service::Intake)).count();
        system.consumed.until(before + consumers as u64).await;
        Ok(system)
    }

    /// What an applicant sends.
    pub fn form(&self) -> &Application {
        &self.application
    }

    /// Of the services, by the prefix of their paths.
    pub fn addresses(&self) -> &BTreeMap<&'static str, SocketAddr> {
        &self.services.addresses
    }

    /// A pool of each database.
    pub fn databases(&self) -> &BTreeMap<Service, PgPool> {
        &self.services.databases
    }

    /// One application, as the API submits it: one transaction.
    pub async fn submit(&self) -> Result<ApplicationId> {
        let intake = &self.services.intake;
        let mut tx = intake.bus.begin().await?;
        let now = tx.now();
        let applicant = samples::ags("05122000");
        let check = |call: &Call| Ready::new(self.application.clone(), call, &applicant, now);
        let id = ApplicationId(bus::outbox::new_id(now).uuid());
        let by = Person { id: "applicant-solingen".to_owned(), name: "Erika Mustermann".to_owned() };
        let (numbers, call) = (&intake.numbers, self.call.id());
        match submission::submit(&mut tx, numbers, id, call, check, by, Cause::default()).await? {
            Submission::Done(_) => intake.bus.commit(tx).await?,
            other => bail!("{other:?}"),
        }
        Ok(id)
    }

    pub async fn close(self) {
        for person in self.people {
            person.abort();
        }
        self.services.stop().await;
    }
}

/// The port of a mail server where nobody listens: emails are queued and not sent.
pub fn nobody() -> Result<u16> {
    local::free_port()
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
