//! The settings of this service.

use serde::Deserialize;

host::settings! {
    crate::store::MIGRATIONS;
    #[serde(default)]
    sweep: Sweep,
}

/// `[sweep]`: the periodic check for notices that have become final.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sweep {
    /// Period in seconds, at least 1.
    pub every_seconds: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { every_seconds: 60 }
    }
}
