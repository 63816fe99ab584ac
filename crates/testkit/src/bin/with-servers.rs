//! `with-servers COMMAND …`: runs a command with the address of a real Postgres and the path of a nats-server in its
//! environment, and stops the Postgres afterwards.

use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use local::tools::Search;
use local::{Durability, Postgres, PostgresSettings};
use testkit::environment;
use tokio::process::Command;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<u8> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: with-servers COMMAND [ARGUMENT …]")?;
    let tell = |text: &str| eprintln!("{text}");
    let tools = std::env::var_os(environment::TOOLS).unwrap_or_else(|| ".bescheid/tools".into());
    let tools = std::path::absolute(tools)?;
    let search = Search::new(&tools);
    let nats = search.nats(&tell).await?;
    let programs = search.postgres(None, &tell).await?;
    // Accessible to others: when this runs as root, Postgres runs as another user.
    let folder = tempfile::Builder::new()
        .prefix("bescheid-tests-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .context("cannot make a folder for the tests' Postgres")?;
    let settings = PostgresSettings {
        durability: Durability::Fast,
        max_connections: 500,
        ..PostgresSettings::new(folder.path().join("postgres"))
    };
    let mut postgres = Postgres::start(&programs, settings, &tell).await?;
    let status = Command::new(&program)
        .args(arguments)
        .env(environment::POSTGRES, postgres.url("postgres"))
        .env(environment::NATS_SERVER, &nats.program)
        .env(environment::TOOLS, &tools)
        .status()
        .await
        .with_context(|| format!("cannot run {}", program.display()));
    postgres.stop().await?;
    // A command that was ended by a signal has failed.
    Ok(u8::try_from(status?.code().unwrap_or(1)).unwrap_or(1))
}
