//! Two harnesses of the whole system: [`InProcess`] runs the five services in the test itself, [`Cluster`] as
//! processes that tests can break. [`Set`] runs `bescheid up`.

mod actors;
mod brokers;
mod checks;
mod cluster;
mod disk;
mod doubler;
mod drive;
mod in_process;
mod proxy;
mod quiet;
mod replica;
mod services;
mod set;

pub use actors::{Applicant, form};
pub use brokers::Brokers;
pub use checks::{Allowed, Checks};
pub use cluster::{Cluster, ClusterPlan, Proxies, RECOVERY_DEADLINE};
pub use disk::Disk;
pub use drive::{Course, Drive, email};
pub use in_process::{InProcess, Plan};
pub use proxy::{NetworkFault, Proxy};
pub use replica::{Replica, metric};
pub use services::{
    CALL, SECRET, Served, Services, consumes, demonstration_call, keys, kinds, open_folder, serve_gateway,
    settings,
};
pub use set::{Set, program};
