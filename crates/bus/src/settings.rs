use secrecy::SecretString;
use serde::Deserialize;

/// Section `[nats]` of a service's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address of the server or servers, e.g. `nats://127.0.0.1:4222`; several by comma.
    pub url: String,
    /// User, where the server asks for one.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// Copies of the stream: 1, or 3 in a cluster.
    #[serde(default = "one")]
    pub replicas: usize,
    /// Largest size of the stream in bytes; beyond it the outboxes wait. The server sets the room
    /// aside at once, and refuses a stream for which the disk has none.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: i64,
    /// Seconds between two audits: does every consumer have what was said?
    #[serde(default = "default_audit_seconds")]
    pub audit_seconds: u32,
}

fn one() -> usize {
    1
}

fn default_audit_seconds() -> u32 {
    60
}

fn default_max_bytes() -> i64 {
    1 << 30
}

impl Settings {
    /// The addresses in [`Settings::url`], one by one.
    pub(crate) fn addresses(&self) -> Vec<&str> {
        self.url.split(',').map(str::trim).collect()
    }

    /// Settings for a server that asks for no user.
    pub fn open(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user: None,
            password: None,
            replicas: 1,
            max_bytes: default_max_bytes(),
            audit_seconds: default_audit_seconds(),
        }
    }
}
