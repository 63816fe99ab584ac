//! `bescheid up`: everything on this machine, behind one address.

mod databases;
mod servers;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bus::control::Operator;
use chassis::settings::{Http, Log, LogFormat, SessionKeys};
use chassis::{App, Clock};
use events::Service;
use local::Mailbox;
use local::tools::Search;

use crate::folder::{DATA, Folder, Running, Secrets};
use crate::gateway::{self, Gateway, Proxy};
use crate::service::prefix;
use crate::settings::{ServiceSettings, at_broker};
use crate::supervisor::{Launch, READY_DEADLINE, ServiceProcess, Supervisor};
use servers::Servers;

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

/// Runs until Ctrl-C. A failure is printed as one sentence, and leaves nothing running.
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

fn print_progress(text: &str) {
    println!("  {text}");
}

async fn up(options: Options) -> Result<()> {
    let began = Instant::now();
    // Locked first: a set that runs already has the port, too, and another port would not help.
    let folder = Folder::open(&options.data)?;
    // A port in use is reported before anything is started.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|error| {
        anyhow::anyhow!("port {} cannot be used ({error}): choose another with `--port`", options.port)
    })?;
    let secrets = folder.secrets()?;
    println!("Bescheid is starting; its data are in {}", folder.at("").display());

    let keys = SessionKeys::new(secrets.session.clone(), false).map_err(anyhow::Error::msg)?;
    let http = Http { max_in_flight: 1024, ..Http::default() };
    let process = App::new("bescheid", Clock::system(), http, keys, listener)?;
    let shutdown = process.shutdown();
    chassis::end_on_signals(shutdown.clone())?;
    tokio::select! {
        ended = run(&folder, &secrets, process.clone(), &options, began) => ended,
        // The child processes are ended by their guard processes.
        () = shutdown.aborted() => {
            println!("Stopped at once.");
            Ok(())
        }
    }
}

async fn run(
    folder: &Folder,
    secrets: &Secrets,
    process: App,
    options: &Options,
    began: Instant,
) -> Result<()> {
    let url = format!("http://localhost:{}", process.address().port());
    let search = Search::new(folder.at("tools"));
    let mailbox =
        async { Mailbox::start(&folder.at("mailbox"), 0).await.context("cannot start the mailbox") };
    let (servers, mailbox) =
        tokio::try_join!(Servers::start(folder, secrets, &search, &print_progress), mailbox)?;
    let mut supervisor = Supervisor::default();
    let started = start_services(&mut supervisor, folder, &servers, secrets, &url, mailbox.port(), options);
    let started = started.await;
    let supervisor = Arc::new(supervisor);
    let served = match started {
        Ok(()) => {
            let operators = at_broker(servers.nats_url(), "operator", &secrets.operator);
            let gateway = Gateway {
                proxy: Proxy::to(addresses(&supervisor)),
                supervisor: supervisor.clone(),
                operator: Operator::connect(&operators).await?,
                process,
            };
            folder.announce(&Running { url: url.clone(), nats: servers.nats_url() })?;
            println!(
                "Ready after {:.1} s. Ctrl-C stops everything.\n\n  {url}\n",
                began.elapsed().as_secs_f64()
            );
            let served = gateway::serve(gateway, mailbox.router()).await.context("the gateway");
            println!("Stopping …");
            served
        }
        Err(error) => Err(error),
    };
    folder.retract();
    supervisor.stop().await;
    mailbox.stop().await;
    servers.stop().await;
    println!("Everything has stopped. The data stay for the next start.");
    served
}

fn addresses(supervisor: &Supervisor) -> BTreeMap<&'static str, SocketAddr> {
    let launches = supervisor.services.iter().map(ServiceProcess::launch);
    launches.map(|launch| (prefix(launch.service), launch.listen)).collect()
}

/// Adds each service that was started to `supervisor`, even if a later one fails.
async fn start_services(
    supervisor: &mut Supervisor,
    folder: &Folder,
    servers: &Servers,
    secrets: &Secrets,
    url: &str,
    smtp: u16,
    options: &Options,
) -> Result<()> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    for service in Service::ALL {
        let database = servers.database(service, secrets);
        print_progress(&format!("Migrating the database of {service} …"));
        databases::migrate(service, &database).await?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, local::free_port()?));
        let settings = ServiceSettings {
            listen,
            database,
            nats: servers.nats_url(),
            password: secrets.nats(service),
            session: &secrets.session,
            portal: url,
            smtp,
        };
        let launch = Launch {
            program: program.clone(),
            service,
            listen,
            config: folder.write_private(&format!("config/{service}.toml"), &settings.toml(service))?,
            log: folder.at(&format!("log/{service}.log")),
            longest_pause: Duration::from_secs(5),
            observer: Arc::new(()),
        };
        supervisor.services.push(ServiceProcess::start(launch).await?);
    }
    print_progress("Starting the services …");
    for service in &supervisor.services {
        service.until_ready(READY_DEADLINE).await?;
    }
    if !options.empty {
        print_progress("Loading the demonstration call and projects …");
        let intake = servers.database(Service::Intake, secrets);
        databases::demonstration(
            &intake,
            &at_broker(servers.nats_url(), "intake", secrets.nats(Service::Intake)),
        )
        .await?;
    }
    Ok(())
}
