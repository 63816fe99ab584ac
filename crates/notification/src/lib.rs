//! Notification: one email per (fact, recipient), in the recipient's language, and its fate.
//!
//! - [`delivery`] one email on its way, as a state machine
//! - `on/` the facts heard; each queues an email
//! - [`mail`] what the emails say
//! - [`sender`] sends what is queued
//! - `http/` the list of emails and their fate
//! - `store/` the tables

pub mod config;
pub mod delivery;
mod http;
pub mod mail;
pub mod on;
pub mod sender;
pub mod store;

use std::sync::Arc;

use bus::Bus;
use chassis::{Clock, Process, ServiceSettings, StartError};
use sqlx::PgPool;

pub use config::Settings;
pub use http::routes;

use sender::Sender;

/// What it is called.
pub const NAME: events::Service = events::Service::Notification;

/// The tables of this service, from version 1000.
pub static MIGRATIONS: sqlx::migrate::Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/notification");
    migrations.ignore_missing = true;
    migrations
};

/// What handlers and pages work with.
pub struct Service {
    /// The database.
    pub db: PgPool,
    /// The bus.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Messages and layout.
    pub pages: pages::Pages,
    /// Sends emails.
    pub sender: Arc<Sender>,
    /// Address of the portal.
    pub portal: String,
}

/// The pages' messages, and the texts of the emails.
///
/// # Errors
/// A catalogue with a mistake.
pub fn messages() -> Result<pages::Pages, pages::CatalogueError> {
    pages::Pages::new("/mail", include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
}

/// Runs until the process has drained.
///
/// # Errors
/// What the process cannot start, or go on, without.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    let db = chassis::database::connect(&settings.database).await?;
    chassis::database::check_schema(&db, &Settings::migrators()).await?;
    let clock = process.clock().clone();
    let now = clock.clone();
    let bus = Bus::connect(NAME, &settings.nats, db.clone(), move || now.now())
        .await
        .map_err(StartError::other("connect to NATS"))?;
    let sender =
        Sender::new(&process, db.clone(), &settings).map_err(StartError::other("set up the mail server"))?;
    let sender = Arc::new(sender);
    let pages = messages().map_err(StartError::other("messages"))?;
    let service = Arc::new(Service {
        db: db.clone(),
        bus: bus.clone(),
        clock,
        pages,
        sender: sender.clone(),
        portal: settings.portal.url,
    });

    process.health().check("postgres", move || {
        let db = db.clone();
        async move { chassis::database::answers(&db).await }
    });
    let broker = bus.clone();
    process.health().check("nats", move || {
        let broker = broker.broker().map(|()| "connected".to_owned());
        async move { broker }
    });
    let running = bus.start(service.clone(), on::subscriptions());
    let stopping = process.stopping();
    // After the sender: what it says last goes out with the relay's last round.
    let stop = {
        let sender = sender.clone();
        async move {
            stopping.cancelled().await;
            sender.ended().await;
        }
    };
    process.spawn("bus", running.run_until(stop));
    bus.first_look().await;
    process.spawn("sender", sender.run(bus));
    let routes = service.pages.around(&process, http::routes(service.clone()));
    chassis::http::serve(process, routes).await
}
