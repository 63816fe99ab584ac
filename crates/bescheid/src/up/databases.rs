//! Migrations, and the demonstration data.

use anyhow::{Context, Result};
use bus::Bus;
use chassis::settings::Database;
use chassis::{Clock, database};
use events::Service;
use intake::FileNumbers;
use intake::demo::LoadAs;

use crate::service::migrators;

/// Runs the pending migrations of a service.
pub async fn migrate(service: Service, url: &str) -> Result<()> {
    database::migrate(&Database::at(url), &migrators(service))
        .await
        .with_context(|| format!("cannot migrate the database of {service}"))
}

/// The demonstration projects: two are drafts, one is submitted.
const PROJECTS: [(&str, LoadAs); 3] = [
    (include_str!("../../../../deploy/demo/solingen.toml"), LoadAs::Draft),
    (include_str!("../../../../deploy/demo/metropole-ruhr.toml"), LoadAs::Draft),
    (include_str!("../../../../deploy/demo/paderborn.toml"), LoadAs::Submitted),
];

/// Publishes the demonstration call and loads its projects; existing ones are not changed.
pub async fn demonstration(url: &str, broker: &bus::Settings) -> Result<()> {
    let db = database::connect(&Database { max_connections: 2, ..Database::at(url) }).await?;
    let clock = Clock::system();
    // Without the tasks of the bus: the relay of the running intake publishes the facts.
    let bus = Bus::connect(Service::Intake, broker, db.clone(), move || clock.now()).await?;
    let call = intake::call_file::read(include_str!("../../../../deploy/calls/komm-in-2027.toml"))?;
    intake::calls::publish(&bus, call).await.context("cannot publish the demonstration call")?;
    let numbers = FileNumbers::of(&db);
    for (file, load_as) in PROJECTS {
        let project = intake::demo::read(file)?;
        intake::demo::load(&bus, &numbers, &project, load_as)
            .await
            .with_context(|| format!("cannot load {}", project.application.title))?;
    }
    db.close().await;
    Ok(())
}
