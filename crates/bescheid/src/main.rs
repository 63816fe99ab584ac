//! `cargo run` is `bescheid up`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use bescheid::folder::DATA;
use bescheid::operate::{Parked, Target};
use bescheid::{client, load, operate, service, up};
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
        #[arg(long, default_value = DATA)]
        data: PathBuf,
    },
    /// How are the services: outboxes, lag, what is held or parked.
    Status(Target),
    /// Is every fact that was logged consumed, held or parked, once? Names each fact that is lost or doubled.
    Verify(Target),
    /// Facts that cannot be right: look, rehearse, let them try again, give them up.
    Parked {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        verb: Parked,
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
        Command::Status(target) => client::main(operate::status(target)),
        Command::Verify(target) => client::main(operate::verify(target)),
        Command::Parked { target, verb } => client::main(operate::parked(target, verb)),
        Command::Load(options) => client::main(load::run(options)),
        Command::Service { service, arguments } => service::main(&service, arguments),
    }
}
