//! The settings files of a rig's processes.

use events::Service;

use super::{RIG_SESSION, RigPlan};

/// Of each service at Postgres and NATS, and of the test at NATS.
pub(super) const PASSWORD: &str = "rig";
/// The test at NATS.
pub(super) const ADMIN: &str = "rig";

pub(super) struct Settings<'a> {
    pub service: Service,
    pub port: u16,
    pub database: String,
    pub nats: String,
    pub portal: &'a str,
    pub smtp: u16,
    pub plan: &'a RigPlan,
}

impl Settings<'_> {
    pub fn toml(&self) -> String {
        let Self { service, port, database, nats, portal, smtp, plan } = self;
        let mut text = format!(
            "[http]\nlisten = \"127.0.0.1:{port}\"\n\
             [database]\nurl = {database:?}\nmax_connections = {}\n\
             [nats]\nurl = {nats:?}\nuser = \"{service}\"\npassword = {PASSWORD:?}\nreplicas = {}\nmax_bytes = {}\naudit_seconds = 5\n\
             [session]\n{RIG_SESSION}\n[log]\nfilter = \"warn\"\n",
            plan.pool, plan.copies, plan.max_bytes
        );
        if *service == Service::Notification {
            text += &format!(
                "[portal]\nurl = {portal:?}\n\
                 [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nencryption = \"none\"\ntimeout_seconds = 5\n\
                 from = \"Bescheid <bescheid@example.org>\"\n\
                 [delivery]\nfinal_answer_seconds = {}\nfirst_retry_seconds = 1\nlongest_retry_seconds = 2\nlongest_outage_pause_seconds = 1\n",
                plan.answer
            );
        }
        text
    }
}

/// The permissions that the contract gives, and a user for the test who may do everything.
pub(super) fn broker() -> String {
    let mut config = format!("BESCHEID_OPERATOR_PASSWORD = {PASSWORD:?}\n");
    for service in Service::ALL {
        config.push_str(&format!("BESCHEID_{}_PASSWORD = {PASSWORD:?}\n", service.name().to_uppercase()));
    }
    let users = "users = [\n";
    let permissions = events::contract::nats_permissions();
    assert!(permissions.contains(users), "the permissions list users");
    // A client that has gone in silence must not be given questions for minutes.
    config.push_str("ping_interval: \"5s\"\n");
    config
        + &permissions.replacen(users, &format!("{users}    {{ user: {ADMIN}, password: {PASSWORD} }}\n"), 1)
}
