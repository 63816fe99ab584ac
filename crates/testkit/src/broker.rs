use std::path::PathBuf;

use local::tools::NatsProgram;
use local::{Nats, NatsSettings};
use tempfile::TempDir;

use crate::environment;

/// The nats-server of this run.
pub fn nats_program() -> NatsProgram {
    NatsProgram { program: PathBuf::from(environment::get(environment::NATS_SERVER)), version: String::new() }
}

/// A broker of its own for a test, with `config` in nats-server's language added. The folder goes
/// away with the second value.
pub async fn broker(config: &str) -> (Nats, TempDir) {
    let folder = tempfile::tempdir().expect("a folder for the broker");
    let settings = NatsSettings { config: config.to_owned(), ..NatsSettings::new(folder.path()) };
    let nats = Nats::start(&nats_program(), settings, &|_| {}).await.expect("nats-server starts");
    (nats, folder)
}
