//! The settings of notification. Unknown keys are refused.

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
    /// The mail server.
    smtp: Smtp,
    /// How often and how long delivery is tried.
    #[serde(default)]
    delivery: Delivery,
    /// Where applicants find their applications.
    portal: Portal,
}

/// `[smtp]`: the mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, try_from = "RawSmtp")]
pub struct Smtp {
    /// Its name, as in its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// Further root certificates (PEM), e.g. of the authority's own CA.
    pub ca: Option<PathBuf>,
    /// Who signs in, where the server asks for it.
    pub sign_in: Option<(String, SecretString)>,
    /// Sender of all emails, e.g. `Bescheid <bescheid@example.org>`; else `bescheid@` and the portal's name.
    pub from: Option<Mailbox>,
    /// How this machine names itself to the server.
    pub hello: Option<String>,
    /// Connections at once.
    pub connections: NonZeroUsize,
    /// Seconds to wait for each answer but that to the final dot.
    pub timeout_seconds: NonZeroU32,
    /// Seconds after which a connection without work is closed.
    pub idle_seconds: u32,
}

/// How the connection is protected. Never "if the server happens to offer it".
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Not at all: only to a relay on the same machine.
    None,
    /// STARTTLS, or no email is sent.
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

/// `[delivery]`: how patient the sender is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Pause after the first attempt that the server put off; doubles each time.
    pub first_retry_seconds: u32,
    /// The longest pause.
    pub longest_retry_seconds: u32,
    /// Attempts that the server may put off.
    pub attempts: NonZeroU16,
    /// How long to wait for the answer to the final dot, before the email is sent once more.
    pub final_answer_seconds: NonZeroU32,
    /// The longest pause between attempts to reach a server that is away.
    pub longest_outage_pause_seconds: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        // Five days: 1 s doubling to 4 h takes 4.5 h and 14 attempts, then 29 times 4 h (RFC 5321, 4.5.4.1).
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
    /// The policy that `[delivery]` and `[smtp]` give.
    pub fn policy(&self) -> Policy {
        let seconds = |seconds: u32| TimeDelta::seconds(i64::from(seconds));
        Policy {
            first_retry: seconds(self.delivery.first_retry_seconds),
            longest_retry: seconds(self.delivery.longest_retry_seconds),
            attempts: i32::from(self.delivery.attempts.get()),
            // A conversation has six answers before the text; the rest is waiting for a free connection.
            claim: seconds(self.smtp.timeout_seconds.get()) * 10,
            answer: seconds(self.delivery.final_answer_seconds.get()),
        }
    }
}

/// `[portal]`: what emails point to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Where people reach the portal, e.g. `https://bescheid.example.org`.
    pub url: String,
}

impl Settings {
    /// Sender of all emails.
    ///
    /// # Errors
    /// None is set, and the portal's address gives none.
    pub fn from(&self) -> Result<Mailbox, String> {
        if let Some(from) = &self.smtp.from {
            return Ok(from.clone());
        }
        let rest = self.portal.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        // An address of digits is no domain; it is that of a machine of one's own.
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
