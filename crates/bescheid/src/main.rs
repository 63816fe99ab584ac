//! `cargo run` is `bescheid up`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use bescheid::{client, load, service, up};
use clap::{Parser, Subcommand};

/// Carries a town's grant application to a decision it can trust.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine: Postgres, NATS, a mailbox, the five services, one address.
    Up(up::Options),
    /// Replace one service of the running set by a new process, without losing a request.
    Restart {
        /// intake, eligibility, review, award or notification
        service: String,
        /// Folder of the running set.
        #[arg(long, default_value = up::DATA)]
        data: PathBuf,
    },
    /// Drive applications through the whole journey by the API; prints throughput and latencies.
    Load(load::Options),
    /// Run one service in this process, e.g. `bescheid service award --config award.toml`.
    #[command(disable_help_flag = true)]
    Service {
        /// intake, eligibility, review, award or notification
        service: String,
        /// [migrate] [--config FILE]
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command.unwrap_or_else(|| Command::Up(up::Options::default())) {
        Command::Up(options) => up::main(options),
        Command::Restart { service, data } => client::main(client::restart(data, service)),
        Command::Load(options) => client::main(load::run(options)),
        Command::Service { service, arguments } => service::main(&service, arguments),
    }
}
