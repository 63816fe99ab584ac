use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Copies the store of a broker that is down, to be put back later.
pub fn copy_store(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(copied.success(), "cp -a {} {}", from.display(), to.display());
}
