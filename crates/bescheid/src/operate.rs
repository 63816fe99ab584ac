//! The operators' commands `status`, `verify` and `parked …`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use bus::control::{Command, DryRun, Operator, Status, WaitingFact, WaitingFactDetails, Which};
use clap::{Args, Subcommand};
use events::{Kind, Service};
use uuid::Uuid;

use crate::folder::{self, DATA};
use crate::reconciliation;
use crate::settings::at_broker;

#[derive(Clone, Debug, Args)]
pub struct Target {
    /// Folder of a running set of `bescheid up`.
    #[arg(long, default_value = DATA)]
    data: PathBuf,
    /// Address of the broker of another set, e.g. nats://nats.example:4222.
    #[arg(long, env = "BESCHEID_NATS_URL")]
    nats: Option<String>,
    /// File with the password of the user `operator` at that broker.
    #[arg(long, env = "BESCHEID_OPERATOR_PASSWORD_FILE", requires = "nats")]
    password_file: Option<PathBuf>,
}

impl Target {
    async fn operator(&self) -> Result<Operator> {
        let settings = match (&self.nats, &self.password_file) {
            (Some(url), Some(file)) => {
                let password = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read the password in {}", file.display()))?;
                at_broker(url, "operator", password.trim())
            }
            (Some(url), None) => bus::Settings::open(url),
            (None, _) => {
                let (running, secrets) = (folder::running(&self.data)?, folder::secrets(&self.data)?);
                at_broker(running.nats, "operator", &secrets.operator)
            }
        };
        Ok(Operator::connect(&settings).await?)
    }
}

#[derive(Clone, Debug, Subcommand)]
pub enum Parked {
    /// All parked facts, grouped by their error.
    List,
    /// One in full: its envelope, and what the service knows of the application.
    Show(Fact),
    /// What would happen if it were consumed now. Changes nothing.
    DryRun(Fact),
    /// Let it try again; what is held behind it follows in order.
    Redrive {
        #[command(flatten)]
        fact: Fact,
        /// Your name, for the log.
        #[arg(long)]
        person: String,
    },
    /// Give it up: asked by one person with a reason, agreed to by another.
    Drop {
        #[command(flatten)]
        fact: Fact,
        /// Your name, for the log.
        #[arg(long)]
        person: String,
        /// Why it is given up; whoever agrees needs none.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// A parked fact as `parked list` names it.
#[derive(Clone, Debug, Args)]
pub struct Fact {
    /// The service that has parked it.
    #[arg(value_parser = service)]
    at: Service,
    /// The service that published it.
    #[arg(value_parser = service)]
    source: Service,
    /// Application or call.
    key: Uuid,
    /// Version of the fact.
    version: i64,
}

impl Fact {
    fn which(&self) -> Which {
        Which { source: self.source, key: self.key, version: self.version }
    }
}

fn service(name: &str) -> Result<Service, String> {
    let known = Service::ALL.map(Service::name).join(", ");
    Service::from_name(name).ok_or_else(|| format!("there is no service {name:?}; there are {known}"))
}

/// `bescheid verify`
pub async fn verify(target: Target) -> Result<()> {
    reconciliation::verify(&target.operator().await?).await
}

/// `bescheid status`
pub async fn status(target: Target) -> Result<()> {
    let operator = target.operator().await?;
    println!(
        "{:<14}{:<9}{:>6}{:>8}{:>10}{:>8}{:>8}{:>12}{:>8}",
        "service", "version", "epoch", "outbox", "oldest", "held", "parked", "unreadable", "lag"
    );
    let mut silent = Vec::new();
    for service in Service::ALL {
        match operator.execute::<Status>(service, &Command::Status).await {
            Ok(status) => {
                let number = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
                println!(
                    "{:<14}{:<9}{:>6}{:>8}{:>8.1} s{:>8}{:>8}{:>12}{:>8}",
                    service.name(),
                    status.version,
                    number(status.epoch),
                    status.outbox,
                    status.outbox_age_seconds,
                    status.held,
                    status.parked,
                    status.unreadable,
                    number(status.lag)
                );
                silent.extend(status.broker.map(|why| format!("{service}: {why}")));
            }
            Err(error) => silent.push(error.about(service)),
        }
    }
    if silent.is_empty() { Ok(()) } else { bail!("not everything is well:\n  {}", silent.join("\n  ")) }
}

/// `bescheid parked …`
pub async fn parked(target: Target, verb: Parked) -> Result<()> {
    let operator = target.operator().await?;
    match verb {
        Parked::List => list(&operator).await,
        Parked::Show(fact) => {
            let shown: WaitingFactDetails = operator.execute(fact.at, &Command::Show(fact.which())).await?;
            println!("{}", shown.fact.reason);
            println!("\nenvelope:\n{:#}\n\n{} knows:\n{:#}", shown.envelope, fact.at, shown.state);
            Ok(())
        }
        Parked::DryRun(fact) => {
            let run: DryRun = operator.execute(fact.at, &Command::DryRun(fact.which())).await?;
            print_dry_run(fact.at, &run);
            Ok(())
        }
        Parked::Redrive { fact, person } => {
            let command = Command::Redrive { which: fact.which(), person };
            println!("{}", operator.execute::<String>(fact.at, &command).await?);
            Ok(())
        }
        Parked::Drop { fact, person, reason } => {
            let reason = reason_to_drop(&reason).map_err(anyhow::Error::msg)?;
            let command = Command::Drop { which: fact.which(), person, reason };
            println!("{}", operator.execute::<String>(fact.at, &command).await?);
            Ok(())
        }
    }
}

/// Maximum number of characters.
pub const MAX_REASON_CHARS: usize = 500;

/// The cleaned reason. `Err`: it is too long.
fn reason_to_drop(typed: &str) -> Result<String, String> {
    let reason = pages::parse::lines(typed);
    if pages::parse::length(&reason) > MAX_REASON_CHARS {
        return Err(format!("a reason has at most {MAX_REASON_CHARS} characters"));
    }
    Ok(reason)
}

/// The facts that a service has parked.
pub async fn parked_at(operator: &Operator, service: Service) -> Result<Vec<WaitingFact>> {
    Ok(operator.execute(service, &Command::Parked).await?)
}

async fn list(operator: &Operator) -> Result<()> {
    let mut found = 0;
    for service in Service::ALL {
        let mut facts = parked_at(operator, service).await?;
        facts.sort_by(|a, b| a.group.cmp(&b.group));
        found += facts.len();
        for group in facts.chunk_by(|a, b| a.group == b.group) {
            println!("{service}: {} ({})", group[0].group, group.len());
            for fact in group {
                let Which { source, key, version } = fact.which;
                let asked = fact.drop_asked.as_ref();
                let asked =
                    asked.map_or(String::new(), |(who, why)| format!("  {who} asks to give it up: {why}"));
                println!(
                    "  {service} {source} {key} {version}  {}  since {}  {} held behind it{asked}",
                    fact.kind,
                    fact.since.format("%Y-%m-%d %H:%M:%S UTC"),
                    fact.held_behind
                );
            }
        }
    }
    if found == 0 {
        println!("Nothing is parked.");
    }
    Ok(())
}

fn print_dry_run(at: Service, run: &DryRun) {
    match &run.error {
        Some(why) => println!("It would be parked again: {why}"),
        None => {
            println!("before: {}\nafter:  {}", run.before, run.after);
            for fact in &run.publishes {
                println!("{at} would publish {} about {}", fact.kind, fact.key);
            }
            for email in emails(run) {
                println!("an email would go out: {email}");
            }
            println!("{} held behind it would follow", run.held_behind);
        }
    }
}

/// Templates of the emails that would follow from the facts that a dry run would publish.
pub fn emails(run: &DryRun) -> Vec<&'static str> {
    let mailed = notification::on::subscriptions().kinds();
    let kinds =
        run.publishes.iter().filter_map(|fact| Kind::ALL.iter().find(|kind| kind.name() == fact.kind));
    kinds.filter(|kind| mailed.contains(kind)).map(|kind| kind.name()).collect()
}
