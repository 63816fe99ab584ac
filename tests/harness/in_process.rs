//! The whole system in one test: the services in this process on databases of their own, a real
//! broker, a real mailbox and the gateway. The clock moves only when a test moves it.

use std::time::Duration;

use bescheid::client::Api;
use bescheid::journey::Journey;
use bescheid::reconciliation::Reconciliations;
use bescheid::service::migrators;
use bus::Stats;
use bus::control::Operator;
use chassis::TestClock;
use events::{Call, Service};
use local::{Mailbox, Nats};
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::{samples, until};
use tokio::task::JoinHandle;

use crate::services::{Served, process, publish, serve_gateway};
use crate::{Services, demonstration_call, doubler, quiet};

pub struct InProcess {
    /// Address of the gateway.
    pub url: String,
    /// A client of the API, for tokens of any person.
    pub api: Api,
    /// The steps of an application through the API; failed requests are not repeated.
    pub journey: Journey,
    /// The clock of all services.
    pub clock: TestClock,
    pub mailbox: Mailbox,
    pub nats: Nats,
    pub operator: Operator,
    services: Services,
    gateway: Served,
    doubler: Option<JoinHandle<()>>,
    _folders: [TempDir; 2],
}

#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether every fact is delivered once more.
    pub doubled: bool,
    /// The call to publish.
    pub call: Call,
    /// Whether the demonstration projects are loaded as drafts.
    pub drafts: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { doubled: false, call: demonstration_call(), drafts: false }
    }
}

impl InProcess {
    pub async fn new() -> Self {
        Self::with(Plan::default()).await
    }

    pub async fn with(plan: Plan) -> Self {
        // To debug a failing test.
        if std::env::var_os("RUST_LOG").is_some() {
            drop(chassis::telemetry::install(&chassis::settings::Log::default()));
        }
        let clock = TestClock::at(samples::noon());
        let (nats, nats_folder) = testkit::broker("").await;
        let mail_folder = tempfile::tempdir().expect("a folder for the mailbox");
        let mailbox = Mailbox::start(mail_folder.path(), 0).await.expect("a mailbox");
        let mut databases = std::collections::BTreeMap::new();
        for service in Service::ALL {
            let database = testkit::database(service.name(), &migrators(service)).await;
            databases.insert(service, (database.url, database.pool));
        }
        let front = process("bescheid", clock.clock());
        let url = front.url();
        let services = Services::start(databases, &nats.url(), &url, mailbox.port(), 6, &clock.clock()).await;
        let doubler = plan.doubled.then(|| doubler::start(nats.url()));
        let broker = bus::Settings::open(nats.url());
        publish(&services.databases[&Service::Intake], &broker, &plan.call, plan.drafts).await;
        let operator = Operator::connect(&broker).await.expect("an operator");
        let (api, gateway) = serve_gateway(&front, services.addresses.clone(), &operator, &mailbox);
        Self {
            url,
            journey: Journey::new(api.clone(), Duration::ZERO, Duration::from_secs(60)),
            api,
            clock,
            mailbox,
            nats,
            operator,
            services,
            gateway,
            doubler,
            _folders: [nats_folder, mail_folder],
        }
    }

    pub fn database(&self, service: Service) -> &PgPool {
        &self.services.databases[&service]
    }

    /// Waits until nothing is under way: every outbox is empty, every fact is consumed, every email is sent.
    pub async fn until_quiet(&self) {
        let look = || quiet::under_way(|service| self.database(service), 0);
        until("nothing is under way", look, Vec::is_empty).await;
    }

    /// Ends every test: checks that nothing is left and that the reconciliation balances, then stops everything.
    pub async fn finish(self) {
        self.until_quiet().await;
        for service in Service::ALL {
            let stats = Stats::read(self.database(service)).await.expect("a count");
            assert!(stats.is_quiet(), "{service}: {stats:?}");
        }
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
        if let Some(doubler) = self.doubler {
            doubler.abort();
        }
        self.gateway.stop().await;
        self.services.stop().await;
    }
}
