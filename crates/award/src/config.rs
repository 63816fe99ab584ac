//! This service's settings.

use serde::Deserialize;

host::settings! {
    crate::store::MIGRATIONS;
    /// How often legal deadlines are checked.
    #[serde(default)]
    sweep: Sweep,
}

/// `[sweep]`: how often deadlines are looked at.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sweep {
    /// Seconds between two looks.
    pub every_seconds: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { every_seconds: 60 }
    }
}
