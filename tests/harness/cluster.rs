//! The services as real processes that tests can break: any number of replicas of each, a broker and
//! optionally a Postgres of its own, proxies between all of them, and the gateway in this process.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::jetstream;
use axum::http::Method;
use bescheid::client::Api;
use bescheid::service::{migrators, prefix};
use bescheid::settings::at_broker;
use bescheid::supervisor::log_end;
use bus::control::Operator;
use chassis::settings::Database;
use chassis::{Clock, Role};
use chrono::{TimeZone, Utc};
use events::Service;
use futures_util::TryStreamExt;
use local::{Durability, Mailbox, Nats, NatsSettings, Postgres, PostgresSettings, Signal};
use rustix::process::{Pid, kill_process};
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::until_within;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use crate::services::{Served, process, publish, serve_gateway, with};
use crate::{Proxy, Replica, SECRET, demonstration_call, open_folder, quiet, settings};

/// How long processes on a busy machine may take to get ready, or to recover from a fault.
pub const RECOVERY_DEADLINE: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
pub struct ClusterPlan {
    /// Number of processes of each service.
    pub replicas: usize,
    /// A Postgres of its own, which a test can kill; without it, databases on the Postgres of the test run.
    pub own_postgres: Option<Durability>,
    /// Where that Postgres has its files; a temporary folder by default.
    pub postgres_folder: Option<PathBuf>,
    /// Whether there are proxies between the services and Postgres, NATS and the mailbox.
    pub proxied: bool,
    /// The steps to arm (`BESCHEID_STEP`) in the first replica of a service, one entry for each start.
    pub steps: BTreeMap<Service, Vec<String>>,
    /// Additional environment variables of a service.
    pub environment: BTreeMap<Service, Vec<(String, String)>>,
    /// Addresses of a broker that the test has started; without them, the cluster starts one.
    pub broker: Option<String>,
    /// Where the cluster's own broker has its files; a temporary folder by default.
    pub broker_folder: Option<PathBuf>,
    /// Number of copies of the stream.
    pub copies: usize,
    /// Largest size of the stream in bytes.
    pub max_bytes: i64,
    /// Most connections of each process to Postgres.
    pub pool: u32,
    /// How many seconds notification waits for the mail server's answer to the final dot.
    pub answer: u32,
}

impl Default for ClusterPlan {
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
        }
    }
}

pub struct Cluster {
    /// Address of the gateway.
    pub url: String,
    /// A client of the API, for tokens of any person.
    pub api: Api,
    pub operator: Operator,
    pub mailbox: Mailbox,
    /// The cluster's own broker; None where the test has started one.
    pub nats: Mutex<Option<Nats>>,
    /// The cluster's own Postgres, if the plan wants one.
    pub postgres: Mutex<Option<Postgres>>,
    /// All replicas, service by service.
    pub all: Vec<Replica>,
    pub proxies: Option<Proxies>,
    /// Address of the broker for the test itself, without a proxy.
    pub nats_url: String,
    databases: BTreeMap<Service, (String, PgPool)>,
    server_kills: AtomicUsize,
    jetstream: OnceCell<jetstream::Context>,
    gateway: Served,
    /// One address for the replicas of each service that has several.
    balancers: BTreeMap<Service, Proxy>,
    _folder: TempDir,
}

/// The proxies between the services and their servers.
pub struct Proxies {
    pub postgres: Proxy,
    pub nats: Proxy,
    pub smtp: Proxy,
}

impl Cluster {
    /// Starts everything; returns when every replica is ready and the call has been consumed.
    pub async fn start(plan: ClusterPlan) -> Self {
        let home = open_folder();
        let (postgres, databases) = databases(&plan, home.path().join("postgres")).await;
        let (nats, nats_url) = match &plan.broker {
            Some(url) => (None, url.clone()),
            None => {
                let nats =
                    broker(plan.broker_folder.clone().unwrap_or_else(|| home.path().join("nats"))).await;
                let url = nats.url();
                (Some(nats), url)
            }
        };
        let mailbox = Mailbox::start(&home.path().join("mailbox"), 0).await.expect("a mailbox");
        let proxies = match plan.proxied {
            true => Some(Proxies {
                postgres: Proxy::to_port(port_of(&databases[&Service::Intake].0)).await,
                nats: Proxy::to_port(port_of(&nats_url)).await,
                smtp: Proxy::to_port(mailbox.port()).await,
            }),
            false => None,
        };
        let front = process("bescheid", Clock::system());
        let url = front.url();

        let mut all = Vec::new();
        let mut balancers = BTreeMap::new();
        let mut addresses = BTreeMap::<&'static str, SocketAddr>::new();
        for service in Service::ALL {
            let mut replicas = Vec::new();
            for number in 0..plan.replicas {
                let port = local::free_port().expect("a free port");
                let database = via(&databases[&service].0, proxies.as_ref().map(|proxies| &proxies.postgres));
                let nats = via(&nats_url, proxies.as_ref().map(|proxies| &proxies.nats));
                let smtp = proxies.as_ref().map_or(mailbox.port(), |proxies| proxies.smtp.port());
                let settings = plan.adapt(service, settings(service, port, &database, &nats, &url, smtp));
                let config = home.path().join(format!("{service}-{number}.toml"));
                std::fs::write(&config, settings.to_string()).expect("a settings file");
                let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let steps = plan.steps.get(&service).filter(|_| number == 0).cloned().unwrap_or_default();
                let environment = plan.environment.get(&service).cloned().unwrap_or_default();
                replicas.push(listen);
                all.push(Replica::start(service, listen, config, environment, steps).await);
            }
            let address = match replicas.as_slice() {
                [only] => *only,
                _ => balancers.entry(service).or_insert(Proxy::to(replicas).await).address(),
            };
            addresses.insert(prefix(service), address);
        }
        let operator = Operator::connect(&at_broker(&nats_url, "operator", SECRET)).await;
        let operator = operator.expect("an operator");
        let (api, gateway) = serve_gateway(&front, addresses, &operator, &mailbox);
        let cluster = Self {
            api,
            url,
            operator,
            mailbox,
            nats: Mutex::new(nats),
            postgres: Mutex::new(postgres),
            all,
            proxies,
            nats_url,
            databases,
            server_kills: AtomicUsize::new(0),
            jetstream: OnceCell::new(),
            gateway,
            balancers,
            _folder: home,
        };
        cluster.until_ready().await;
        cluster.publish_call().await;
        cluster
    }

    /// Publishes the demonstration call with a window that is open whenever the test runs.
    async fn publish_call(&self) {
        let mut call = demonstration_call();
        let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single().expect("a moment");
        (call.window.opens, call.window.closes) = (year(2020), year(2120));
        let broker = at_broker(&self.nats_url, "intake", SECRET);
        publish(self.database(Service::Intake), &broker, &call, false).await;
        for service in [Service::Eligibility, Service::Review, Service::Award] {
            until_within(
                RECOVERY_DEADLINE,
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

    /// The database of a service, without a proxy.
    pub fn database(&self, service: Service) -> &PgPool {
        &self.databases[&service].1
    }

    /// The address of a service's database, without a proxy.
    pub fn database_url(&self, service: Service) -> &str {
        &self.databases[&service].0
    }

    pub fn replicas(&self, service: Service) -> impl Iterator<Item = &Replica> {
        self.all.iter().filter(move |replica| replica.service == service)
    }

    /// The first replica of a service, in which steps are armed.
    pub fn first(&self, service: Service) -> &Replica {
        self.replicas(service).next().expect("each service has a replica")
    }

    /// # Panics
    /// The plan has no proxies.
    pub fn proxies(&self) -> &Proxies {
        self.proxies.as_ref().expect("the plan wants proxies")
    }

    /// Number of kills so far, of services and servers.
    pub fn kills(&self) -> usize {
        self.all.iter().map(Replica::kills).sum::<usize>() + self.server_kills.load(Ordering::SeqCst)
    }

    /// Sends requests for a service to this replica only, as a load balancer does that takes the others out.
    pub fn route(&self, service: Service, to: &Replica) {
        self.balancers.get(&service).expect("several replicas").point(vec![to.listen]);
    }

    /// SIGKILL for the broker, which stays down.
    pub async fn kill_broker(&self) {
        let mut nats = self.nats.lock().await;
        nats.as_mut().expect("the cluster's own broker").kill().await.expect("killed");
        self.server_kills.fetch_add(1, Ordering::SeqCst);
    }

    /// Starts the broker again on its port, with what is on its disk.
    pub async fn restart_broker(&self) {
        let mut nats = self.nats.lock().await;
        nats.as_mut().expect("the cluster's own broker").restart().await.expect("it comes back");
    }

    /// Sends a signal that ends Postgres, and waits for its end.
    pub async fn end_postgres(&self, signal: Signal) {
        let mut postgres = self.postgres.lock().await;
        let postgres = postgres.as_mut().expect("the cluster's own Postgres");
        let pid = postgres.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        kill_process(pid.expect("it runs"), signal).expect("a signal");
        postgres.exited().await.expect("an end");
        self.server_kills.fetch_add(1, Ordering::SeqCst);
    }

    /// Starts Postgres again on its port, with its data.
    pub async fn restart_postgres(&self) {
        let mut postgres = self.postgres.lock().await;
        postgres.as_mut().expect("the cluster's own Postgres").restart().await.expect("it comes back");
    }

    /// The last lines of the broker's log.
    pub fn broker_log(&self) -> String {
        let nats = self.nats.try_lock().ok();
        nats.and_then(|nats| nats.as_ref().map(|nats| log_end(&nats.log(), 12))).unwrap_or_default()
    }

    /// Counts a server that the test itself has killed.
    pub fn count_kill(&self) {
        self.server_kills.fetch_add(1, Ordering::SeqCst);
    }

    /// Processes that ended without being stopped or killed, as sentences.
    pub fn crashes(&self) -> Vec<String> {
        self.all.iter().flat_map(Replica::crashes).collect()
    }

    /// SIGKILL for every replica of a service.
    pub fn kill(&self, service: Service) {
        self.replicas(service).for_each(|replica| replica.signal(Signal::KILL));
    }

    /// Waits until every replica reports that it is ready.
    pub async fn until_ready(&self) {
        for replica in &self.all {
            replica.until_ready(RECOVERY_DEADLINE).await;
        }
    }

    /// A client of the broker with all permissions.
    pub async fn jetstream(&self) -> &jetstream::Context {
        let connect = || async {
            let options = async_nats::ConnectOptions::new()
                .user_and_password(ADMIN.to_owned(), SECRET.to_owned())
                .request_timeout(Some(Duration::from_secs(5)));
            let addresses: Vec<&str> = self.nats_url.split(',').collect();
            jetstream::new(options.connect(addresses).await.expect("the broker answers"))
        };
        self.jetstream.get_or_init(connect).await
    }

    /// Waits until nothing is under way: every outbox is empty, every fact is consumed and acknowledged, every
    /// email is sent or given up. `waiting` is the number of facts that are parked or held on purpose.
    pub async fn until_quiet(&self, waiting: usize) {
        let look = || self.under_way(waiting);
        until_within(RECOVERY_DEADLINE, "nothing is under way", look, Vec::is_empty).await;
    }

    /// What is still under way, as sentences.
    pub async fn under_way(&self, waiting: usize) -> Vec<String> {
        let mut seen = quiet::under_way(|service| self.database(service), waiting as i64).await;
        if seen.is_empty() {
            // A delivery that is not acknowledged may be in a handler that is stuck.
            for info in self.durables().await {
                let (left, open) = (info.num_pending, info.num_ack_pending);
                if left > 0 || open > 0 {
                    seen.push(format!("{}: {left} to deliver, {open} not acknowledged", info.name));
                }
            }
        }
        seen
    }

    /// Resends, as only a person can, the emails of which it was unknown twice whether they had arrived. Returns
    /// their number.
    pub async fn send_doubted_again(&self) -> usize {
        let doubted = sqlx::query_scalar::<_, i64>(
            "select id from deliveries where state = 'failed' and unanswered > 1",
        );
        let doubted = doubted.fetch_all(self.database(Service::Notification)).await.expect("deliveries");
        let operator = self.api.token("operator-1", Role::Operator, None);
        for id in &doubted {
            let path = format!("/mail/api/deliveries/{id}/again");
            let key = Uuid::new_v4().to_string();
            let answered = self.api.call(Method::POST, &path, &operator, Some(&key), None).await;
            let (status, answer) = answered.expect("an answer");
            assert!(status.is_success(), "POST {path}: {status} {answer}");
        }
        doubted.len()
    }

    /// The durables of the newest epoch, one for each service.
    pub async fn durables(&self) -> Vec<async_nats::jetstream::consumer::Info> {
        let jetstream = self.jetstream().await;
        let Ok(stream) = jetstream.get_stream(events::STREAM).await else { return Vec::new() };
        let all: Vec<_> = stream.consumers().try_collect().await.unwrap_or_default();
        let epoch = |name: &str| name.rsplit_once("-e").and_then(|(_, epoch)| epoch.parse::<u64>().ok());
        let newest = all.iter().filter_map(|info| epoch(&info.name)).max();
        all.into_iter().filter(|info| epoch(&info.name).is_some() && epoch(&info.name) == newest).collect()
    }

    /// Ends everything in order.
    pub async fn finish(self) {
        self.gateway.stop().await;
        futures_util::future::join_all(self.all.iter().map(Replica::end)).await;
        if let Some(mut nats) = self.nats.into_inner() {
            nats.stop().await.expect("the broker stops");
        }
        for (_, pool) in self.databases.into_values() {
            pool.close().await;
        }
        if let Some(mut postgres) = self.postgres.into_inner() {
            postgres.stop().await.expect("Postgres stops");
        }
    }
}

impl ClusterPlan {
    /// The settings of a service, with shorter time-outs and pauses than in production.
    fn adapt(&self, service: Service, settings: toml::Table) -> toml::Table {
        let more = format!(
            "database.max_connections = {}\nlog.filter = \"warn\"\n\
             nats = {{ replicas = {}, max_bytes = {}, audit_seconds = 5 }}\n",
            self.pool, self.copies, self.max_bytes
        );
        let of_mail = format!(
            "smtp.timeout_seconds = 5\n\
             delivery = {{ final_answer_seconds = {}, first_retry_seconds = 1, longest_retry_seconds = 2, longest_outage_pause_seconds = 1 }}\n",
            self.answer
        );
        let more = if service == Service::Notification { more + &of_mail } else { more };
        with(settings, &more)
    }
}

async fn databases(
    plan: &ClusterPlan,
    folder: PathBuf,
) -> (Option<Postgres>, BTreeMap<Service, (String, PgPool)>) {
    let mut databases = BTreeMap::new();
    let Some(durability) = plan.own_postgres else {
        for service in Service::ALL {
            let database = testkit::database(service.name(), &migrators(service)).await;
            databases.insert(service, (database.url, database.pool));
        }
        return (None, databases);
    };
    let folder = plan.postgres_folder.clone().unwrap_or(folder);
    let settings = PostgresSettings { durability, ..PostgresSettings::new(folder) };
    let programs = testkit::postgres_programs().await;
    let postgres = Postgres::start(&programs, settings, &|_| {}).await.expect("Postgres starts");
    for service in Service::ALL {
        let name = service.name();
        postgres.create_role_and_database(name, SECRET).await.expect("a database");
        let url = postgres.url_as(name, SECRET, name);
        let database = Database { max_connections: 4, ..Database::at(&url) };
        chassis::database::migrate(&database, &migrators(service)).await.expect("the migrations run");
        let pool = chassis::database::connect(&database).await.expect("the new database answers");
        databases.insert(service, (url, pool));
    }
    (Some(postgres), databases)
}

/// The broker's user for the test itself.
const ADMIN: &str = "test";

/// The configuration of `bescheid up`, where each service is a user with its own permissions, and the test as a user
/// with all permissions.
pub(crate) fn broker_config() -> String {
    let config = bescheid::settings::broker(|_| SECRET, SECRET);
    let users = "users = [\n";
    assert!(config.contains(users), "the permissions list users");
    config.replacen(users, &format!("{users}    {{ user: {ADMIN}, password: {SECRET:?} }}\n"), 1)
}

async fn broker(folder: PathBuf) -> Nats {
    let settings = NatsSettings { config: broker_config(), ..NatsSettings::new(folder) };
    Nats::start(&testkit::nats_program(), settings, &|_| {}).await.expect("nats-server starts")
}

/// The port in an address like `postgres://user@127.0.0.1:5432/name`.
fn port_of(url: &str) -> u16 {
    let rest = url.rsplit_once("127.0.0.1:").map_or("", |(_, rest)| rest);
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("{url} has a port"))
}

/// The same address through a proxy.
fn via(url: &str, proxy: Option<&Proxy>) -> String {
    let Some(proxy) = proxy else { return url.to_owned() };
    url.replace(&format!("127.0.0.1:{}", port_of(url)), &proxy.address().to_string())
}
