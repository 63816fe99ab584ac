//! The five services in this process, composed as in production, and the parts that both harnesses share.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use bescheid::client::Api;
use bescheid::gateway::{self, Gateway, Proxy};
use bescheid::service::prefix;
use bescheid::settings::ServiceSettings;
use bus::Bus;
use bus::control::Operator;
use chassis::settings::{Http, SessionKeys};
use chassis::{App, Clock, Shutdown};
use events::{Call, Service};
use local::Mailbox;
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::samples;
use tokio::task::JoinHandle;

/// Key of the demonstration call.
pub const CALL: &str = "komm-in-2027";

/// Signs the sessions of both harnesses, and is the password at the broker and at Postgres, too.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

pub fn demonstration_call() -> Call {
    let file = include_str!("../../deploy/calls/komm-in-2027.toml");
    intake::call_file::read(file).expect("the demonstration call is sound")
}

/// The kinds of facts for which a service has a handler.
pub fn kinds(service: Service) -> Vec<events::Kind> {
    match service {
        Service::Intake => intake::on::subscriptions().kinds(),
        Service::Eligibility => eligibility::on::subscriptions().kinds(),
        Service::Review => review::on::subscriptions().kinds(),
        Service::Award => award::on::subscriptions().kinds(),
        Service::Notification => notification::on::subscriptions().kinds(),
    }
}

/// Whether `consumer` consumes facts of `publisher`.
pub fn consumes(consumer: Service, publisher: Service) -> bool {
    kinds(consumer).iter().any(|kind| kind.service() == publisher)
}

/// A temporary folder that others can access: when tests run as root, Postgres runs as another user.
pub fn open_folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("bescheid-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .expect("a folder")
}

/// The settings of one service. `portal` is the address of the gateway, `smtp` the port of the mail server.
pub fn settings(
    service: Service,
    port: u16,
    database: &str,
    nats: &str,
    portal: &str,
    smtp: u16,
) -> toml::Table {
    let settings = ServiceSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        database: database.to_owned(),
        nats: nats.to_owned(),
        password: SECRET,
        session: SECRET,
        portal,
        smtp,
    };
    toml::from_str(&settings.toml(service)).expect("TOML")
}

/// The settings with those of `more` (TOML), which take precedence.
pub(crate) fn with(mut settings: toml::Table, more: &str) -> toml::Table {
    for (section, values) in toml::from_str::<toml::Table>(more).expect("TOML") {
        let section = settings.entry(section).or_insert_with(|| toml::Table::new().into());
        let values = values.as_table().expect("a section").clone();
        section.as_table_mut().expect("a section").extend(values);
    }
    settings
}

pub fn keys() -> SessionKeys {
    toml::from_str(&format!("secret = {SECRET:?}\nsecure = false")).expect("keys")
}

/// A service's process inside the test, on a free port.
pub(crate) fn process(name: &'static str, clock: Clock) -> App {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    App::new(name, clock, Http::default(), keys(), listener).expect("a process")
}

/// A server in this process that runs until it is stopped.
pub struct Served(Shutdown, JoinHandle<()>);

impl Served {
    pub async fn stop(self) {
        self.0.drain();
        self.1.await.expect("it ends in order");
    }
}

/// Runs the gateway in this process.
pub fn serve_gateway(
    process: &App,
    addresses: BTreeMap<&'static str, SocketAddr>,
    operator: &Operator,
    mailbox: &Mailbox,
) -> (Api, Served) {
    let gateway = Gateway {
        proxy: Proxy::to(addresses),
        supervisor: Arc::default(),
        operator: operator.clone(),
        process: process.clone(),
    };
    let served = gateway::serve(gateway, mailbox.router());
    let served = tokio::spawn(async move { served.await.expect("the gateway ends in order") });
    let api = Api::new(process.url(), keys(), process.clock().clone());
    (api, Served(process.shutdown(), served))
}

/// Publishes a call and, if `drafts`, loads the demonstration projects as drafts, as `bescheid up` does.
pub(crate) async fn publish(db: &PgPool, broker: &bus::Settings, call: &Call, drafts: bool) {
    // Its tasks are not started: the relay of intake publishes the facts.
    let bus = Bus::connect(Service::Intake, broker, db.clone(), samples::noon).await;
    let bus = bus.expect("a bus");
    intake::calls::publish(&bus, call.clone()).await.expect("the call is published");
    if drafts {
        let numbers = intake::FileNumbers::of(db);
        for file in [
            include_str!("../../deploy/demo/solingen.toml"),
            include_str!("../../deploy/demo/metropole-ruhr.toml"),
        ] {
            let project = intake::demo::read(file).expect("a project");
            intake::demo::load(&bus, &numbers, &project, intake::demo::LoadAs::Draft).await.expect("loaded");
        }
    }
}

/// The five services, running in this process, each on a database of its own. Tests can use the state of three of
/// them, and its bus.
pub struct Services {
    pub intake: Arc<intake::AppState>,
    pub review: Arc<review::AppState>,
    pub award: Arc<award::AppState>,
    /// Pools of the test itself.
    pub databases: BTreeMap<Service, PgPool>,
    pub addresses: BTreeMap<&'static str, SocketAddr>,
    served: Vec<Served>,
}

impl Services {
    /// Starts all of them on these migrated databases (address and pool).
    ///
    /// `portal` is the address of the gateway, `smtp` the port of the mail server, `connections` the most connections
    /// of each service to its database.
    pub async fn start(
        databases: BTreeMap<Service, (String, PgPool)>,
        nats: &str,
        portal: &str,
        smtp: u16,
        connections: u32,
        clock: &Clock,
    ) -> Self {
        let (mut addresses, mut served) = (BTreeMap::new(), Vec::new());
        macro_rules! start {
            ($service:ident) => {{
                let process = process($service::NAME.name(), clock.clone());
                let own = settings($service::NAME, 0, &databases[&$service::NAME].0, nats, portal, smtp);
                let own = with(own, &format!("database.max_connections = {connections}"));
                let started = host::start(&process, own.try_into().expect("settings")).await;
                let service: Arc<$service::AppState> = started.expect("the service starts");
                addresses.insert(prefix($service::NAME), process.address());
                let (shutdown, serving) = (process.shutdown(), host::serve(process, service.clone()));
                let serving = tokio::spawn(async move { serving.await.expect("the service ends in order") });
                served.push(Served(shutdown, serving));
                service
            }};
        }
        let (intake, _) = (start!(intake), start!(eligibility));
        let (review, award, _) = (start!(review), start!(award), start!(notification));
        let databases = databases.into_iter().map(|(service, (_, pool))| (service, pool)).collect();
        Self { intake, review, award, databases, addresses, served }
    }

    pub async fn stop(self) {
        for served in self.served {
            served.stop().await;
        }
    }
}
