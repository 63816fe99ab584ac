//! The smallest service, to show `main` and `run`. The tests start it as a real process.

use std::convert::Infallible;
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use chassis::settings::{Database, Http, Log, SessionKeys};
use chassis::{App, ServiceSettings, StartError};
use serde::Deserialize;
use sqlx::migrate::Migrator;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    http: Http,
    #[serde(default)]
    log: Log,
    database: Database,
    session: SessionKeys,
    /// Whether a background task fails after the start, as where the broker is lost.
    #[serde(default)]
    lose_broker: bool,
}

impl ServiceSettings for Settings {
    fn http(&self) -> &Http {
        &self.http
    }

    fn log(&self) -> &Log {
        &self.log
    }

    fn session(&self) -> &SessionKeys {
        &self.session
    }

    fn database(&self) -> &Database {
        &self.database
    }

    fn migrators() -> Vec<&'static Migrator> {
        Vec::new()
    }
}

async fn run(process: App, settings: Settings) -> Result<(), StartError> {
    let db = chassis::database::connect(&settings.database).await?;
    chassis::database::check_schema(&db, &Settings::migrators()).await?;
    if settings.lose_broker {
        process.spawn("broker", async { Err("connection lost") });
    }
    let stopping = process.stopping();
    process.spawn("relay", async move {
        stopping.cancelled().await;
        Ok::<_, Infallible>(())
    });
    let routes = Router::new()
        .route("/", get(async || "hello"))
        .route("/stuck", get(async || std::future::pending::<()>().await));
    chassis::http::serve(process, routes).await
}

fn main() -> ExitCode {
    chassis::main("hello", run)
}
