//! `bescheid up`: everything on this machine, behind one address.

mod databases;
mod folder;
mod members;
mod servers;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use bus::control::Operator;
use chassis::settings::{Http, Log, LogFormat, SessionKeys};
use chassis::{App, Clock};
use events::Service;
use local::Mailbox;
use local::tools::Search;
use pages::Pages;

pub use folder::{running, secrets};

use crate::front::{self, Door, Front};
use crate::service::prefix;
use folder::{Folder, Running, ServiceSettings};
use members::Members;
use servers::Servers;

/// The folder used when nothing else is said.
pub const DATA: &str = ".bescheid";

/// How to run the set.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Port of the one address everything is reached by.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Folder for all data; it is made when missing.
    #[arg(long, default_value = DATA)]
    pub data: PathBuf,
    /// Start without the demonstration call and projects.
    #[arg(long)]
    pub empty: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 8080, data: DATA.into(), empty: false }
    }
}

/// Runs until Ctrl-C. Whatever goes wrong is one sentence, with nothing left running.
pub fn main(options: Options) -> ExitCode {
    let log = Log { format: LogFormat::People, filter: "warn,bescheid=info".to_owned() };
    let run = || -> Result<()> {
        chassis::telemetry::install(&log).map_err(anyhow::Error::msg)?;
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(up(options))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bescheid: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// How operators reach the broker.
pub fn operators(url: String, password: &str) -> bus::Settings {
    bus::Settings {
        user: Some("operator".to_owned()),
        password: Some(password.to_owned().into()),
        ..bus::Settings::open(url)
    }
}

fn tell(text: &str) {
    println!("  {text}");
}

async fn up(options: Options) -> Result<()> {
    let began = Instant::now();
    // The port first: a port in use is known before anything is started.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|error| {
        anyhow::anyhow!("port {} cannot be used ({error}): choose another with `--port`", options.port)
    })?;
    let folder = Arc::new(Folder::open(&options.data)?);
    let secrets = folder.secrets()?;
    println!("Bescheid is starting; its data are in {}", folder.at("").display());

    let keys = SessionKeys::new(secrets.session.clone(), false).map_err(anyhow::Error::msg)?;
    let http = Http { max_in_flight: 1024, ..Http::default() };
    let process = App::new("bescheid", Clock::system(), http, keys, listener)?;
    let url = format!("http://localhost:{}", process.address().port());
    stop_on_signals(&process);

    let draining = process.draining();
    let start = async {
        let search = Search::new(folder.at("tools"));
        let (servers, mailbox) =
            tokio::try_join!(Servers::start(&folder, &secrets, &search, &tell), mailbox(&folder))?;
        let members = match start_services(&folder, &servers, &secrets, &url, mailbox.port(), &options).await
        {
            Ok(members) => members,
            Err(error) => {
                servers.stop().await;
                return Err(error);
            }
        };
        anyhow::Ok((servers, mailbox, members))
    };
    let (servers, mailbox, (members, addresses)) = tokio::select! {
        started = start => started?,
        () = draining.cancelled() => {
            println!("Stopped before everything was running.");
            return Ok(());
        }
    };

    let members = Arc::new(members);
    let operator = Operator::connect(&operators(servers.nats_url(), &secrets.operator)).await?;
    let door = Door::to(addresses);
    let front = Front { door, fleet: members.clone(), operator, process: process.clone() };
    let pages = Pages::new("", include_str!("../../messages/de.ftl"), include_str!("../../messages/en.ftl"))?;
    let routes = front::routes(Arc::new(front), &pages, &mailbox);
    folder.announce(&Running { url: url.clone(), nats: servers.nats_url() })?;
    println!("Ready after {:.1} s. Ctrl-C stops everything.\n\n  {url}\n", began.elapsed().as_secs_f64());

    let served = chassis::http::serve(process, routes).await;
    println!("Stopping …");
    folder.retract();
    members.stop().await;
    mailbox.stop().await;
    servers.stop().await;
    println!("Everything has stopped. The data stay for the next start.");
    served.context("the front door")
}

/// First signal: stop in order. Second: at once; the guards of the children see to the rest.
fn stop_on_signals(process: &App) {
    let shutdown = process.shutdown();
    tokio::spawn(async move {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .expect("a handler for SIGTERM");
        let mut asked = false;
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            if asked {
                eprintln!("Stopped at once.");
                std::process::exit(130);
            }
            asked = true;
            shutdown.drain();
        }
    });
}

async fn mailbox(folder: &Folder) -> Result<Mailbox> {
    Mailbox::start(&folder.at("mailbox"), 0).await.context("cannot start the mailbox")
}

async fn start_services(
    folder: &Arc<Folder>,
    servers: &Servers,
    secrets: &folder::Secrets,
    url: &str,
    smtp: u16,
    options: &Options,
) -> Result<(Members, BTreeMap<&'static str, SocketAddr>)> {
    let mut settings = Vec::new();
    let mut addresses = BTreeMap::new();
    for service in Service::ALL {
        let database = servers.database(service, secrets);
        tell(&format!("Migrating the database of {service} …"));
        databases::migrate(service, &database).await?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, local::free_port()?));
        let parts =
            ServiceSettings { listen, database, nats: servers.nats_url(), secrets, portal: url, smtp };
        let config = folder.write_private(&format!("config/{service}.toml"), &parts.toml(service)?)?;
        settings.push((service, listen, config));
        addresses.insert(prefix(service), listen);
    }
    tell("Starting the services …");
    let members = Members::start(folder, settings).await?;
    let prepare = async {
        for service in Service::ALL {
            members.ready(service).await?;
        }
        if !options.empty {
            tell("Loading the demonstration call and projects …");
            let intake = servers.database(Service::Intake, secrets);
            databases::demonstration(&intake, &servers.nats_url(), secrets).await?;
        }
        Ok(())
    };
    match prepare.await {
        Ok(()) => Ok((members, addresses)),
        Err(error) => {
            members.stop().await;
            Err(error)
        }
    }
}
