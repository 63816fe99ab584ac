use std::path::{Path, PathBuf};
use std::process::Command;

use local::tools::NatsProgram;
use local::{Nats, NatsSettings};
use tempfile::TempDir;

use crate::environment;

pub fn nats_program() -> NatsProgram {
    NatsProgram { program: PathBuf::from(environment::get(environment::NATS_SERVER)), version: String::new() }
}

/// Starts a broker for one test. `config` is added to its configuration, in the language of nats-server. Dropping the
/// second value deletes its folder.
pub async fn broker(config: &str) -> (Nats, TempDir) {
    let folder = tempfile::tempdir().expect("a folder for the broker");
    let settings = NatsSettings { config: config.to_owned(), ..NatsSettings::new(folder.path()) };
    let nats = Nats::start(&nats_program(), settings, &|_| {}).await.expect("nats-server starts");
    (nats, folder)
}

/// Copies the store of a broker that is stopped, or puts a copy back.
pub fn copy_store(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(copied.success(), "cp -a {} {}", from.display(), to.display());
}
