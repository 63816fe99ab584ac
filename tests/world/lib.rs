//! A whole Bescheid in one test: five services in this process on real databases of their own, a
//! real broker, a real mailbox and the front door. Time stands still until a test moves it.

mod actors;
mod disk;
mod doubler;
mod drive;
mod ledger;
mod looks;
mod proxy;
mod rig;
mod set;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bescheid::client::Api;
use bescheid::front::{Door, Fleet, Front, Member, Soon};
use bescheid::reconciliation::Reconciliations;
use bescheid::service::{migrators, prefix};
use bus::control::Operator;
use bus::{Bus, Stats};
use chassis::{App, Shutdown, TestClock};
use events::{Call, Service};
use local::{Mailbox, Nats};
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::{samples, until};
use tokio::task::JoinHandle;

use looks::{emails_under_way, said_and_heard};

pub use actors::{Applicant, form};
pub use disk::Disk;
pub use drive::{Course, Drive};
pub use ledger::{Allowed, Ledger};
pub use proxy::{Counters, Proxy, Weather};
pub use rig::{Cluster, PATIENCE, Proxies, RIG_SESSION, Replica, Rig, RigPlan, log_end, metric};
pub use set::{Set, program};

/// A running set.
pub struct World {
    /// Address of the front door.
    pub url: String,
    /// The API of the set, as anybody.
    pub api: Api,
    /// The time of all services.
    pub clock: TestClock,
    /// Where emails arrive.
    pub mailbox: Mailbox,
    /// The broker.
    pub nats: Nats,
    /// An operator's way to the services.
    pub operator: Operator,
    databases: BTreeMap<Service, PgPool>,
    processes: Vec<(Shutdown, JoinHandle<()>)>,
    doubler: Option<JoinHandle<()>>,
    _folders: Vec<TempDir>,
}

/// How the world is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Every fact is delivered once more.
    pub doubled: bool,
    /// The call that is published; none for no call.
    pub call: Option<Call>,
    /// The projects of the slides wait as drafts.
    pub drafts: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { doubled: false, call: Some(demonstration_call()), drafts: false }
    }
}

/// The call of the demonstration.
pub fn demonstration_call() -> Call {
    let file = include_str!("../../deploy/calls/komm-in-2027.toml");
    intake::call_file::read(file).expect("the demonstration call is sound")
}

impl World {
    /// Everything as usual.
    pub async fn new() -> Self {
        Self::with(Plan::default()).await
    }

    /// By a plan of one's own.
    pub async fn with(plan: Plan) -> Self {
        // For whoever looks for the reason of a failure.
        if std::env::var_os("RUST_LOG").is_some() {
            drop(chassis::telemetry::install(&chassis::settings::Log::default()));
        }
        let clock = TestClock::at(samples::noon());
        let (nats, nats_folder) = testkit::broker("").await;
        let mail_folder = tempfile::tempdir().expect("a folder for the mailbox");
        let mailbox = Mailbox::start(mail_folder.path(), 0).await.expect("a mailbox");

        let front = testkit::process("bescheid", clock.clock());
        let url = front.url();
        let mut databases = BTreeMap::new();
        let mut processes = Vec::new();
        let mut addresses = BTreeMap::<&'static str, SocketAddr>::new();
        for service in Service::ALL {
            let database = testkit::database(service.name(), &migrators(service)).await;
            let process = testkit::process(service.name(), clock.clock());
            addresses.insert(prefix(service), process.address());
            let settings = settings(service, &database.url, &nats.url(), &url, mailbox.port());
            processes.push((process.shutdown(), run(service, process, &settings)));
            databases.insert(service, database.pool);
        }
        let doubler = plan.doubled.then(|| doubler::start(nats.url()));
        if let Some(call) = &plan.call {
            let broker = bus::Settings::open(nats.url());
            publish(&databases[&Service::Intake], &broker, call, plan.drafts).await;
        }

        let pages = pages::Pages::new(
            "",
            include_str!("../../crates/bescheid/messages/de.ftl"),
            include_str!("../../crates/bescheid/messages/en.ftl"),
        )
        .expect("messages");
        let operator = Operator::connect(&bus::Settings::open(nats.url())).await.expect("an operator");
        let door = Door::to(addresses);
        let state =
            Front { door, fleet: Arc::new(NoFleet), operator: operator.clone(), process: front.clone() };
        let routes = bescheid::front::routes(Arc::new(state), &pages, &mailbox);
        let shutdown = front.shutdown();
        let served = tokio::spawn(async move {
            chassis::http::serve(front, routes).await.expect("the front door ends in order");
        });
        processes.insert(0, (shutdown, served));

        let api = Api::new(url.clone(), testkit::session_keys(), clock.clock());
        let folders = vec![nats_folder, mail_folder];
        Self { url, api, clock, mailbox, nats, operator, databases, processes, doubler, _folders: folders }
    }

    /// The database of a service.
    pub fn database(&self, service: Service) -> &PgPool {
        &self.databases[&service]
    }

    /// Waits until nothing is on its way: no outbox, no fact unheard, no email unsent.
    pub async fn until_quiet(&self) {
        until("nothing is on its way", || self.on_its_way(), Vec::is_empty).await;
    }

    async fn on_its_way(&self) -> Vec<String> {
        let mut seen = Vec::new();
        let look = || said_and_heard(|service| self.database(service));
        let facts = look().await.expect("what was said and heard");
        let emails = emails_under_way(self.database(Service::Notification)).await.expect("a count");
        if emails > 0 {
            seen.push(format!("{emails} emails are under way"));
        }
        for (publisher, said, consumer, heard) in &facts {
            if said != heard {
                seen.push(format!("{publisher} said {said}, {consumer} heard {heard}"));
            }
        }
        if facts != look().await.expect("what was said and heard") {
            seen.push("facts are being heard".to_owned());
        }
        for (service, db) in &self.databases {
            let stats = Stats::read(db).await.expect("stats");
            if !stats.is_quiet() {
                seen.push(format!("{service}: {stats:?}"));
            }
        }
        seen
    }

    /// Nothing is left anywhere, then the end. Every story ends with it.
    pub async fn finish(mut self) {
        self.until_quiet().await;
        let reconciliation = Reconciliations::gather(&self.operator).await;
        assert_eq!(reconciliation.wrong(), Vec::<String>::new(), "the reconciliation balance");
        assert_eq!(reconciliation.under_way(), 0, "{reconciliation:?}");
        let accepted = reconciliation.accepted();
        for (service, of) in &reconciliation.of {
            assert_eq!(
                Reconciliations::kept(of),
                accepted,
                "{service} keeps every application: {:?}",
                of.states
            );
        }
        if let Some(doubler) = self.doubler.take() {
            doubler.abort();
        }
        for (shutdown, task) in self.processes.drain(..) {
            shutdown.drain();
            task.await.expect("the process ends in order");
        }
    }
}

/// Publishes a call and loads the projects, as `bescheid up` does.
async fn publish(db: &PgPool, broker: &bus::Settings, call: &Call, drafts: bool) {
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
            intake::demo::load(&bus, &numbers, &project, intake::demo::Stage::Draft).await.expect("loaded");
        }
    }
}

/// Whether `consumer` listens to `publisher`.
pub fn hears(consumer: Service, publisher: Service) -> bool {
    kinds(consumer).iter().any(|kind| kind.service() == publisher)
}

/// The kinds of fact that a service has a handler for.
pub fn kinds(service: Service) -> Vec<events::Kind> {
    match service {
        Service::Intake => intake::on::subscriptions().kinds(),
        Service::Eligibility => eligibility::on::subscriptions().kinds(),
        Service::Review => review::on::subscriptions().kinds(),
        Service::Award => award::on::subscriptions().kinds(),
        Service::Notification => notification::on::subscriptions().kinds(),
    }
}

fn settings(service: Service, database: &str, nats: &str, portal: &str, smtp: u16) -> String {
    let mut text = format!(
        "[database]\nurl = {database:?}\nmax_connections = 6\n[nats]\nurl = {nats:?}\n\
         [session]\nsecret = \"0123456789abcdef0123456789abcdef\"\n"
    );
    if service == Service::Notification {
        text += &format!(
            "[portal]\nurl = {portal:?}\n[smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nencryption = \"none\"\n\
             from = \"Bescheid <bescheid@example.org>\"\n"
        );
    }
    text
}

fn run(service: Service, process: App, settings: &str) -> JoinHandle<()> {
    macro_rules! run {
        ($service:ident) => {{
            let settings = toml::from_str(settings).expect("settings");
            tokio::spawn(async move {
                host::run::<$service::AppState>(process, settings).await.expect("the service ends in order")
            })
        }};
    }
    match service {
        Service::Intake => run!(intake),
        Service::Eligibility => run!(eligibility),
        Service::Review => run!(review),
        Service::Award => run!(award),
        Service::Notification => run!(notification),
    }
}

/// The services run in the test itself: nothing to look at, nothing to replace.
struct NoFleet;

impl Fleet for NoFleet {
    fn look(&self) -> Soon<'_, Vec<Member>> {
        Box::pin(async { Vec::new() })
    }
    fn restart<'a>(&'a self, _: &'a str) -> Soon<'a, anyhow::Result<bool>> {
        Box::pin(async { Ok(false) })
    }
}
