//! Starts a Postgres and a nats-server below a folder, and runs until it is ended in whatever way.
//!
//! `cargo run -p local --example hold -- FOLDER TOOLS` prints its progress, then `ready` and both process ids.

use std::path::PathBuf;

use anyhow::{Context, Result};
use local::tools::Search;
use local::{Durability, Nats, NatsSettings, Postgres, PostgresSettings};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (folder, tools) = (arguments.next().context("FOLDER?")?, arguments.next().context("TOOLS?")?);
    let progress = |line: &str| println!("{line}");
    let search = Search::new(tools);
    let (database, broker) = (folder.join("postgres"), folder.join("nats"));
    let programs = search.postgres(Postgres::major_of(&database), &progress).await?;
    let program = search.nats(&progress).await?;
    let settings = PostgresSettings { durability: Durability::Fast, ..PostgresSettings::new(database) };
    let mut postgres = Postgres::start(&programs, settings, &progress).await?;
    let mut nats = Nats::start(&program, NatsSettings::new(broker), &progress).await?;
    let ids = postgres.pid().zip(nats.pid()).context("both run")?;
    println!("ready {} {}", ids.0, ids.1);
    tokio::select! {
        ended = postgres.exited() => println!("PostgreSQL ended: {}", ended?),
        ended = nats.exited() => println!("nats-server ended: {}", ended?),
    }
    Ok(())
}
