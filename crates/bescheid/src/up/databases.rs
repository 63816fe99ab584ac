//! What the databases of a set begin with.

use anyhow::{Context, Result};
use bus::Bus;
use chassis::settings::Database;
use chassis::{Clock, database};
use events::Service;
use intake::FileNumbers;
use intake::demo::LoadAs;

use crate::service::migrators;

/// Runs what is missing of a service's migrations.
pub async fn migrate(service: Service, url: &str) -> Result<()> {
    database::migrate(&Database::at(url), &migrators(service))
        .await
        .with_context(|| format!("cannot migrate the database of {service}"))
}

/// The slides' projects: two wait as drafts for a person to submit them, one is on its way.
const PROJECTS: [(&str, LoadAs); 3] = [
    (include_str!("../../../../deploy/demo/solingen.toml"), LoadAs::Draft),
    (include_str!("../../../../deploy/demo/metropole-ruhr.toml"), LoadAs::Draft),
    (include_str!("../../../../deploy/demo/paderborn.toml"), LoadAs::Submitted),
];

/// Publishes the demonstration call and loads its projects; what is there already stays as it is.
pub async fn demonstration(url: &str, broker: &bus::Settings) -> Result<()> {
    let db = database::connect(&Database { max_connections: 2, ..Database::at(url) }).await?;
    let clock = Clock::system();
    // Its tasks stay unstarted: intake's own relay carries the facts away.
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
