//! A set of real processes that tests may break: any number of replicas of each service, a broker and
//! (where wished) a Postgres of its own, proxies between all of them, and the front door in this process.

mod cluster;
mod quiet;
mod replica;
mod settings;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::jetstream;
use bescheid::client::Api;
use bescheid::front::{Door, Front};
use bescheid::service::{migrators, prefix};
use bus::control::Operator;
use chassis::settings::{Database, Http, SessionKeys};
use chassis::{App, Clock, Shutdown};
use chrono::{TimeZone, Utc};
use events::Service;
use local::{Durability, Mailbox, Nats, NatsSettings, Postgres, PostgresSettings, Signal};
use rustix::process::{Pid, kill_process};
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::until_within;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinHandle;

pub use cluster::Cluster;
pub use replica::{Replica, metric};

use crate::{NoFleet, Proxy, demonstration_call, publish};
use settings::Settings;

/// How long processes of a busy machine may take to get ready, or to work off what a fault has left.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The keys of sessions in a rig, as its settings name them.
pub const RIG_SESSION: &str = "secret = \"0123456789abcdef0123456789abcdef\"\nsecure = false";

/// How a rig is made.
#[derive(Clone, Debug)]
pub struct RigPlan {
    /// Processes of each service.
    pub replicas: usize,
    /// A Postgres of its own, which may be killed; else databases of its own on the run's.
    pub own_postgres: Option<Durability>,
    /// Where that Postgres has its files; a folder that goes away, unless said otherwise.
    pub postgres_folder: Option<PathBuf>,
    /// Proxies between the services and Postgres, NATS and the mailbox.
    pub proxied: bool,
    /// For each service the steps (`BESCHEID_STEP`) of its first replica, one entry for each start.
    pub steps: BTreeMap<Service, Vec<String>>,
    /// More environment of a service.
    pub environment: BTreeMap<Service, Vec<(String, String)>>,
    /// Addresses of a broker that the test has started; else the rig starts one.
    pub broker: Option<String>,
    /// Where the rig's broker has its files.
    pub broker_folder: Option<PathBuf>,
    /// Copies of the stream.
    pub copies: usize,
    /// Largest size of the stream.
    pub max_bytes: i64,
    /// Connections of each process to Postgres.
    pub pool: u32,
    /// Seconds to wait for the mail server's answer to the final dot.
    pub answer: u32,
    /// Where emails go, if not into the rig's mailbox.
    pub smtp: Option<u16>,
}

impl Default for RigPlan {
    fn default() -> Self {
        Self {
            replicas: 1,
            own_postgres: None,
            postgres_folder: None,
            proxied: false,
            steps: BTreeMap::new(),
            environment: BTreeMap::new(),
            broker: None,
            broker_folder: None,
            copies: 1,
            max_bytes: 1 << 30,
            pool: 8,
            answer: 8,
            smtp: None,
        }
    }
}

/// A running rig.
pub struct Rig {
    /// Address of the front door.
    pub url: String,
    /// The API of the set, as anybody.
    pub api: Api,
    /// Asks and orders as an operator.
    pub operator: Operator,
    /// Where emails arrive.
    pub mailbox: Mailbox,
    /// The broker, unless the test has its own.
    pub nats: Mutex<Option<Nats>>,
    /// The rig's own Postgres, if the plan wants one.
    pub postgres: Mutex<Option<Postgres>>,
    /// All replicas, service by service.
    pub all: Vec<Replica>,
    /// On the way to Postgres, NATS and the mailbox, if the plan wants them.
    pub proxies: Option<Proxies>,
    /// Address of the broker for the test itself, past all proxies.
    pub nats_url: String,
    databases: BTreeMap<Service, RigDatabase>,
    plan: RigPlan,
    server_kills: AtomicUsize,
    jetstream: OnceCell<jetstream::Context>,
    front: (Shutdown, JoinHandle<()>),
    /// One address for the replicas of each service that has several.
    balancers: BTreeMap<Service, Proxy>,
    _folders: Vec<TempDir>,
}

/// The proxies of a rig.
pub struct Proxies {
    /// To Postgres.
    pub postgres: Proxy,
    /// To the broker.
    pub nats: Proxy,
    /// To the mailbox.
    pub smtp: Proxy,
}

struct RigDatabase {
    /// Past all proxies.
    url: String,
    pool: PgPool,
}

/// A folder that goes away, and that Postgres as another user can reach.
fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("bescheid-rig-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .expect("a folder")
}

impl Rig {
    /// Starts everything; returns when every replica is ready and knows the call.
    pub async fn start(plan: RigPlan) -> Self {
        let home = folder();
        let (postgres, databases) = databases(&plan, home.path().join("postgres")).await;
        let nats = match &plan.broker {
            Some(_) => None,
            None => {
                Some(broker(plan.broker_folder.clone().unwrap_or_else(|| home.path().join("nats"))).await)
            }
        };
        let nats_url = match (&plan.broker, &nats) {
            (Some(url), _) => url.clone(),
            (None, Some(nats)) => nats.url(),
            (None, None) => unreachable!("a rig has a broker"),
        };
        let mailbox = Mailbox::start(&home.path().join("mailbox"), 0).await.expect("a mailbox");
        let smtp = plan.smtp.unwrap_or_else(|| mailbox.port());
        let proxies = if plan.proxied {
            let url = &databases[&Service::Intake].url;
            Some(Proxies {
                postgres: Proxy::to_port(port_of(url)).await,
                nats: Proxy::to_port(port_of(&nats_url)).await,
                smtp: Proxy::to_port(smtp).await,
            })
        } else {
            None
        };

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let keys: SessionKeys = toml::from_str(RIG_SESSION).expect("keys");
        let front = App::new("bescheid", Clock::system(), Http::default(), keys.clone(), listener)
            .expect("a process");
        let url = front.url();

        let mut all = Vec::new();
        let mut balancers = BTreeMap::new();
        let mut addresses = BTreeMap::<&'static str, SocketAddr>::new();
        for service in Service::ALL {
            let mut replicas = Vec::new();
            for number in 0..plan.replicas {
                let port = local::free_port().expect("a free port");
                let settings = Settings {
                    service,
                    port,
                    database: via(
                        &databases[&service].url,
                        proxies.as_ref().map(|ways| ways.postgres.port()),
                    ),
                    nats: via(&nats_url, proxies.as_ref().map(|ways| ways.nats.port())),
                    portal: &url,
                    smtp: proxies.as_ref().map_or(smtp, |ways| ways.smtp.port()),
                    plan: &plan,
                };
                let config = home.path().join(format!("{service}-{number}.toml"));
                std::fs::write(&config, settings.toml()).expect("a settings file");
                let steps = plan.steps.get(&service).filter(|_| number == 0).cloned().unwrap_or_default();
                let environment = plan.environment.get(&service).cloned().unwrap_or_default();
                let replica = Replica::start(service, port, config, environment, steps).await;
                replicas.push(replica.listen);
                all.push(replica);
            }
            let address = match replicas.as_slice() {
                [only] => *only,
                _ => balancers.entry(service).or_insert(Proxy::to(replicas).await).address(),
            };
            addresses.insert(prefix(service), address);
        }
        let settings = bus::Settings {
            user: Some("operator".to_owned()),
            password: Some(settings::PASSWORD.to_owned().into()),
            ..bus::Settings::open(&nats_url)
        };
        let operator = Operator::connect(&settings).await.expect("an operator");
        let front = open(front, addresses, operator.clone(), &mailbox);
        let rig = Self {
            api: Api::new(url.clone(), keys, Clock::system()),
            url,
            operator,
            mailbox,
            nats: Mutex::new(nats),
            postgres: Mutex::new(postgres),
            all,
            proxies,
            nats_url,
            databases,
            plan,
            server_kills: AtomicUsize::new(0),
            jetstream: OnceCell::new(),
            front,
            balancers,
            _folders: vec![home],
        };
        rig.until_ready().await;
        rig.publish_call().await;
        rig
    }

    /// The call is open whenever the test runs.
    async fn publish_call(&self) {
        let mut call = demonstration_call();
        let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single().expect("a moment");
        (call.window.opens, call.window.closes) = (year(2020), year(2120));
        let settings = bus::Settings {
            user: Some(Service::Intake.name().to_owned()),
            password: Some(settings::PASSWORD.to_owned().into()),
            ..bus::Settings::open(&self.nats_url)
        };
        publish(self.database(Service::Intake), &settings, &call, false).await;
        for service in [Service::Eligibility, Service::Review, Service::Award] {
            until_within(
                PATIENCE,
                &format!("{service} knows the call"),
                || self.calls_of(service),
                |n| *n > 0,
            )
            .await;
        }
    }

    async fn calls_of(&self, service: Service) -> i64 {
        let count = sqlx::query_scalar("select count(*) from calls").fetch_one(self.database(service));
        count.await.unwrap_or(0)
    }

    /// The database of a service, past all proxies.
    pub fn database(&self, service: Service) -> &PgPool {
        &self.databases[&service].pool
    }

    /// Its address, past all proxies.
    pub fn database_url(&self, service: Service) -> &str {
        &self.databases[&service].url
    }

    /// The replicas of a service.
    pub fn replicas(&self, service: Service) -> impl Iterator<Item = &Replica> {
        self.all.iter().filter(move |replica| replica.service == service)
    }

    /// The first replica of a service, the one whose steps are armed.
    pub fn first(&self, service: Service) -> &Replica {
        self.replicas(service).next().expect("each service has a replica")
    }

    /// The proxies; only where the plan wants them.
    pub fn proxies(&self) -> &Proxies {
        self.proxies.as_ref().expect("the plan wants proxies")
    }

    /// Kills by now, of services and servers.
    pub fn kills(&self) -> usize {
        self.all.iter().map(Replica::kills).sum::<usize>() + self.server_kills.load(Ordering::SeqCst)
    }

    /// Requests for a service go to this replica alone, as when a load balancer takes the others out.
    pub fn route(&self, service: Service, to: &Replica) {
        self.balancers.get(&service).expect("several replicas").point(vec![to.listen]);
    }

    /// SIGKILL for the broker; it stays down.
    pub async fn kill_broker(&self) {
        let mut nats = self.nats.lock().await;
        nats.as_mut().expect("the rig's own broker").kill().await.expect("killed");
        self.server_kills.fetch_add(1, Ordering::SeqCst);
    }

    /// The broker comes back on its port with what it finds on disk.
    pub async fn restart_broker(&self) {
        let mut nats = self.nats.lock().await;
        nats.as_mut().expect("the rig's own broker").restart().await.expect("it comes back");
    }

    /// A signal for Postgres, and waits for its end where the signal is one.
    pub async fn end_postgres(&self, signal: Signal) {
        let mut postgres = self.postgres.lock().await;
        let postgres = postgres.as_mut().expect("the rig's own Postgres");
        let pid = postgres.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        kill_process(pid.expect("it runs"), signal).expect("a signal");
        postgres.exited().await.expect("an end");
        self.server_kills.fetch_add(1, Ordering::SeqCst);
    }

    /// Postgres comes back on its port with its data.
    pub async fn restart_postgres(&self) {
        let mut postgres = self.postgres.lock().await;
        postgres.as_mut().expect("the rig's own Postgres").restart().await.expect("it comes back");
    }

    /// The last lines of the broker's log.
    pub fn broker_log(&self) -> String {
        let nats = self.nats.try_lock().ok();
        nats.and_then(|nats| nats.as_ref().map(|nats| end(&nats.log()))).unwrap_or_default()
    }

    /// A server was killed by the test itself.
    pub fn count_kill(&self) {
        self.server_kills.fetch_add(1, Ordering::SeqCst);
    }

    /// Processes that ended although nobody had asked them to or killed them.
    pub fn falls(&self) -> Vec<String> {
        self.all.iter().flat_map(Replica::falls).collect()
    }

    /// SIGKILL for every replica of a service.
    pub fn kill(&self, service: Service) {
        self.replicas(service).for_each(|replica| replica.signal(Signal::KILL));
    }

    /// Waits until every replica that is up says that it is ready.
    pub async fn until_ready(&self) {
        for replica in &self.all {
            let what = || format!("{} is ready; its log: {}", replica.service, log_end(replica));
            let ready = until_within(PATIENCE, "a replica is ready", || replica.is_ready(), |ready| *ready);
            tokio::select! {
                _ = ready => {}
                () = too_many_starts(replica) => panic!("never: {}", what()),
            }
        }
    }

    /// A client of the broker that may do everything.
    pub async fn jetstream(&self) -> &jetstream::Context {
        let connect = || async {
            let options = async_nats::ConnectOptions::new()
                .user_and_password(settings::ADMIN.to_owned(), settings::PASSWORD.to_owned())
                .request_timeout(Some(Duration::from_secs(5)));
            let addresses: Vec<&str> = self.nats_url.split(',').collect();
            jetstream::new(options.connect(addresses).await.expect("the broker answers"))
        };
        self.jetstream.get_or_init(connect).await
    }

    /// The plan it was made by.
    pub fn plan(&self) -> &RigPlan {
        &self.plan
    }

    /// Ends everything in order.
    pub async fn finish(self) {
        self.front.0.drain();
        self.front.1.await.expect("the front door ends in order");
        futures_util::future::join_all(self.all.iter().map(Replica::end)).await;
        if let Some(mut nats) = self.nats.into_inner() {
            nats.stop().await.expect("the broker stops");
        }
        for database in self.databases.into_values() {
            database.pool.close().await;
        }
        if let Some(mut postgres) = self.postgres.into_inner() {
            postgres.stop().await.expect("Postgres stops");
        }
    }
}

/// The last lines of a replica's log.
pub fn log_end(replica: &Replica) -> String {
    end(&replica.log)
}

fn end(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// A process that cannot start will not start the tenth time either.
async fn too_many_starts(replica: &Replica) {
    until_within(PATIENCE * 2, "it starts again and again", || async { replica.starts() }, |n| *n > 10).await;
}

async fn databases(plan: &RigPlan, folder: PathBuf) -> (Option<Postgres>, BTreeMap<Service, RigDatabase>) {
    let mut databases = BTreeMap::new();
    let Some(durability) = plan.own_postgres else {
        for service in Service::ALL {
            let database = testkit::database(service.name(), &migrators(service)).await;
            databases.insert(service, RigDatabase { url: database.url, pool: database.pool });
        }
        return (None, databases);
    };
    let folder = plan.postgres_folder.clone().unwrap_or(folder);
    let settings = PostgresSettings { durability, ..PostgresSettings::new(folder) };
    let programs = testkit::postgres_programs().await;
    let postgres = Postgres::start(&programs, settings, &|_| {}).await.expect("Postgres starts");
    for service in Service::ALL {
        let name = service.name();
        postgres.create_role_and_database(name, settings::PASSWORD).await.expect("a database");
        let url = postgres.url_as(name, settings::PASSWORD, name);
        let database = Database { max_connections: 4, ..Database::at(&url) };
        chassis::database::migrate(&database, &migrators(service)).await.expect("the migrations run");
        let pool = chassis::database::connect(&database).await.expect("the new database answers");
        databases.insert(service, RigDatabase { url, pool });
    }
    (Some(postgres), databases)
}

/// As `bescheid up` runs it: each service is a user with its own permissions.
async fn broker(folder: PathBuf) -> Nats {
    let settings = NatsSettings { config: settings::broker(), ..NatsSettings::new(folder) };
    Nats::start(&testkit::nats_program(), settings, &|_| {}).await.expect("nats-server starts")
}

fn open(
    front: App,
    addresses: BTreeMap<&'static str, SocketAddr>,
    operator: Operator,
    mailbox: &Mailbox,
) -> (Shutdown, JoinHandle<()>) {
    let pages = pages::Pages::new(
        "",
        include_str!("../../../crates/bescheid/messages/de.ftl"),
        include_str!("../../../crates/bescheid/messages/en.ftl"),
    )
    .expect("messages");
    let door = Door::to(addresses);
    let state = Front { door, fleet: Arc::new(NoFleet), operator, process: front.clone() };
    let routes = bescheid::front::routes(Arc::new(state), &pages, mailbox);
    let shutdown = front.shutdown();
    let served = tokio::spawn(async move {
        chassis::http::serve(front, routes).await.expect("the front door ends in order");
    });
    (shutdown, served)
}

/// The port in an address like `postgres://user@127.0.0.1:5432/name`.
fn port_of(url: &str) -> u16 {
    let rest = url.rsplit_once("127.0.0.1:").map_or("", |(_, rest)| rest);
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("{url} has a port"))
}

/// The same address through a proxy.
fn via(url: &str, proxy: Option<u16>) -> String {
    match proxy {
        Some(port) => url.replace(&format!("127.0.0.1:{}", port_of(url)), &format!("127.0.0.1:{port}")),
        None => url.to_owned(),
    }
}
