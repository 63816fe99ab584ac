//! Settings of services and broker that run on one machine.

use std::net::SocketAddr;

use events::Service;

/// The settings that differ between services and machines.
#[derive(Clone, Debug)]
pub struct ServiceSettings<'a> {
    pub listen: SocketAddr,
    /// URL of its database, with user and password.
    pub database: String,
    /// URL of the broker, without user and password.
    pub nats: String,
    /// Its password at the broker; the user has the name of the service.
    pub password: &'a str,
    /// Key that signs sessions.
    pub session: &'a str,
    /// URL of the gateway, for links in emails.
    pub portal: &'a str,
    /// Port of the mail server on this machine.
    pub smtp: u16,
}

impl ServiceSettings<'_> {
    /// The settings file of a service.
    pub fn toml(&self, service: Service) -> String {
        let Self { listen, database, nats, password, session, portal, smtp } = self;
        let mut text = format!(
            "[http]\nlisten = \"{listen}\"\n[database]\nurl = {database:?}\n\
             [nats]\nurl = {nats:?}\nuser = \"{service}\"\npassword = {password:?}\n\
             [session]\nsecret = {session:?}\nsecure = false\n"
        );
        if service == Service::Notification {
            // The mailbox is on this machine: it answers at once or is down.
            text += &format!(
                "[portal]\nurl = {portal:?}\n[smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nencryption = \"none\"\n\
                 from = \"Bescheid <bescheid@example.org>\"\n[delivery]\nfinal_answer_seconds = 30\nlongest_outage_pause_seconds = 2\n"
            );
        }
        text
    }
}

/// The broker's configuration: the contract's permissions, with the passwords of services and operators.
pub fn broker<'p>(password: impl Fn(Service) -> &'p str, operator: &str) -> String {
    let mut config = format!("BESCHEID_OPERATOR_PASSWORD = {operator:?}\n");
    for service in Service::ALL {
        config += &format!("BESCHEID_{}_PASSWORD = {:?}\n", service.name().to_uppercase(), password(service));
    }
    // Otherwise a client that disappeared silently would be sent requests for minutes.
    config += "ping_interval: \"5s\"\n";
    config + &bus::nats_permissions()
}

/// Settings with which `user` connects to that broker.
pub fn at_broker(url: impl Into<String>, user: &str, password: &str) -> bus::Settings {
    bus::Settings {
        user: Some(user.to_owned()),
        password: Some(password.to_owned().into()),
        ..bus::Settings::open(url)
    }
}
