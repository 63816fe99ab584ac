//! The settings of this service. Unknown keys are refused.

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use chassis::settings::SecretString;
use chrono::TimeDelta;
use lettre::Address;
use lettre::message::Mailbox;
use serde::Deserialize;

use crate::delivery::Policy;

host::settings! {
    crate::store::MIGRATIONS;
    smtp: Smtp,
    #[serde(default)]
    delivery: Delivery,
    portal: Portal,
}

/// `[smtp]`: the mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, try_from = "RawSmtp")]
pub struct Smtp {
    /// Host name, as in the server's certificate.
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// An additional root certificate (PEM), e.g. of the authority's own CA.
    pub ca: Option<PathBuf>,
    /// User and password; `None`: no authentication.
    pub sign_in: Option<(String, SecretString)>,
    /// Sender of all emails, e.g. `Bescheid <bescheid@example.org>`; by default `bescheid@` and the portal's host name.
    pub from: Option<Mailbox>,
    /// Host name for EHLO; by default that of this machine.
    pub hello: Option<String>,
    /// Maximum number of connections.
    pub connections: NonZeroUsize,
    /// Deadline for each answer, except the one to the final dot.
    pub timeout_seconds: NonZeroU32,
    /// Seconds after which a connection without work is closed.
    pub idle_seconds: u32,
}

/// How the connection is encrypted. There is no opportunistic mode.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Not at all; only suitable for a mail relay on the same machine.
    None,
    /// STARTTLS is compulsory.
    Starttls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSmtp {
    host: String,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default = "starttls")]
    encryption: Encryption,
    #[serde(default)]
    ca: Option<PathBuf>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    password: Option<SecretString>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    hello: Option<String>,
    #[serde(default = "eight")]
    connections: NonZeroUsize,
    #[serde(default = "sixty")]
    timeout_seconds: NonZeroU32,
    #[serde(default = "thirty")]
    idle_seconds: u32,
}

fn starttls() -> Encryption {
    Encryption::Starttls
}

fn eight() -> NonZeroUsize {
    const { NonZeroUsize::new(8).expect("not zero") }
}

fn thirty() -> u32 {
    30
}

fn sixty() -> NonZeroU32 {
    const { NonZeroU32::new(60).expect("not zero") }
}

impl TryFrom<RawSmtp> for Smtp {
    type Error = String;

    fn try_from(raw: RawSmtp) -> Result<Self, String> {
        let sign_in = match (raw.user, raw.password) {
            (None, None) => None,
            (Some(_), Some(_)) if raw.encryption == Encryption::None => {
                return Err("a password is not sent without encryption = \"starttls\"".to_owned());
            }
            (Some(user), Some(password)) => Some((user, password)),
            _ => return Err("user and password belong together: set both or none".to_owned()),
        };
        let from = raw.from.map(|from| {
            from.parse::<Mailbox>().map_err(|error| {
                format!("from = {from:?}: {error}; expected e.g. Bescheid <bescheid@example.org>")
            })
        });
        Ok(Self {
            host: raw.host,
            port: raw.port.unwrap_or(if raw.encryption == Encryption::None { 25 } else { 587 }),
            encryption: raw.encryption,
            ca: raw.ca,
            sign_in,
            from: from.transpose()?,
            hello: raw.hello,
            connections: raw.connections,
            timeout_seconds: raw.timeout_seconds,
            idle_seconds: raw.idle_seconds,
        })
    }
}

/// `[delivery]`: back-off and deadlines.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Pause after the first temporary failure; it doubles each time.
    pub first_retry_seconds: u32,
    pub longest_retry_seconds: u32,
    /// Number of temporary failures after which an email counts as undeliverable.
    pub attempts: NonZeroU16,
    /// Deadline for the answer to the final dot; afterwards the email is sent once more.
    pub final_answer_seconds: NonZeroU32,
    /// The longest pause between attempts to connect during an outage.
    pub longest_outage_pause_seconds: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        // Five days in total: 1 s doubling to 4 h takes 4.5 h and 14 attempts, then 29 times 4 h (RFC 5321, 4.5.4.1).
        Self {
            first_retry_seconds: 1,
            longest_retry_seconds: 4 * 3600,
            attempts: const { NonZeroU16::new(43).expect("not zero") },
            final_answer_seconds: const { NonZeroU32::new(600).expect("not zero") },
            longest_outage_pause_seconds: 60,
        }
    }
}

impl Settings {
    pub fn policy(&self) -> Policy {
        let seconds = |seconds: u32| TimeDelta::seconds(i64::from(seconds));
        Policy {
            first_retry: seconds(self.delivery.first_retry_seconds),
            longest_retry: seconds(self.delivery.longest_retry_seconds),
            attempts: i32::from(self.delivery.attempts.get()),
            // There are six answers before the text; the rest is for waiting for a free connection.
            claim: seconds(self.smtp.timeout_seconds.get()) * 10,
            answer: seconds(self.delivery.final_answer_seconds.get()),
        }
    }
}

/// `[portal]`: the portal that emails link to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// E.g. `https://bescheid.example.org`.
    pub url: String,
}

impl Settings {
    /// Sender of all emails.
    ///
    /// # Errors
    /// None is set, and the portal's URL has no usable host name.
    pub fn from(&self) -> Result<Mailbox, String> {
        if let Some(from) = &self.smtp.from {
            return Ok(from.clone());
        }
        let rest = self.portal.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        // An IP address is not a mail domain; it is used on a developer's machine only.
        let domain = if host.parse::<IpAddr>().is_ok() { "localhost" } else { host };
        let address = Address::new("bescheid", domain).map_err(|error| {
            format!(
                "[portal] url = {:?}: {error}; expected e.g. https://bescheid.example.org",
                self.portal.url
            )
        })?;
        Ok(Mailbox::new(Some("Bescheid".to_owned()), address))
    }
}
