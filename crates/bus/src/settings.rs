use secrecy::SecretString;
use serde::Deserialize;

/// Section `[nats]` of a service's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Addresses of the servers, separated by commas, e.g. `nats://127.0.0.1:4222`.
    pub url: String,
    /// Where the server asks for one.
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<SecretString>,
    /// Copies of the stream: 1, or 3 in a cluster.
    #[serde(default = "one")]
    pub replicas: usize,
    /// Largest size of the stream in bytes; when it is full, facts wait in the outboxes. The server
    /// reserves the space at once, and refuses a stream for which the disk has none.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: i64,
    /// Seconds between two audits of what consumers have.
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
    pub(crate) fn addresses(&self) -> Vec<&str> {
        self.url.split(',').map(str::trim).collect()
    }

    /// For a server that asks for no user; everything else at its default.
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
