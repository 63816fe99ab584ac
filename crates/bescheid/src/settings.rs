//! Settings of the processes that run on one machine: services and broker.

use std::net::SocketAddr;

use events::Service;

/// What differs between the settings of services on one machine.
#[derive(Clone, Debug)]
pub struct ServiceSettings<'a> {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Address of its database, with user and password.
    pub database: String,
    /// Address of the broker, without user and password.
    pub nats: String,
    /// Its password at the broker; the user is named as the service.
    pub password: &'a str,
    /// Signs sessions.
    pub session: &'a str,
    /// Address of the gateway, for links in emails.
    pub portal: &'a str,
    /// Port of the mail server on this machine.
    pub smtp: u16,
}

impl ServiceSettings<'_> {
    /// As TOML, the form in which every service reads its settings.
    pub fn toml(&self, service: Service) -> String {
        let Self { listen, database, nats, password, session, portal, smtp } = self;
        let mut text = format!(
            "[http]\nlisten = \"{listen}\"\n[database]\nurl = {database:?}\n\
             [nats]\nurl = {nats:?}\nuser = \"{service}\"\npassword = {password:?}\n\
             [session]\nsecret = {session:?}\nsecure = false\n"
        );
        if service == Service::Notification {
            // The mailbox of this machine answers at once or is gone.
            text += &format!(
                "[portal]\nurl = {portal:?}\n[smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nencryption = \"none\"\n\
                 from = \"Bescheid <bescheid@example.org>\"\n[delivery]\nfinal_answer_seconds = 30\nlongest_outage_pause_seconds = 2\n"
            );
        }
        text
    }
}

/// The broker's configuration: the permissions that the contract gives, with the passwords of services and operators.
pub fn broker(services: &str, operator: &str) -> String {
    let mut config = format!("BESCHEID_OPERATOR_PASSWORD = {operator:?}\n");
    for service in Service::ALL {
        config += &format!("BESCHEID_{}_PASSWORD = {services:?}\n", service.name().to_uppercase());
    }
    // A client that has gone in silence must not be given questions for minutes.
    config += "ping_interval: \"5s\"\n";
    config + &events::contract::nats_permissions()
}

/// How `user` reaches a broker with this configuration.
pub fn at_broker(url: impl Into<String>, user: &str, password: &str) -> bus::Settings {
    bus::Settings {
        user: Some(user.to_owned()),
        password: Some(password.to_owned().into()),
        ..bus::Settings::open(url)
    }
}
