//! Intake's settings.

use std::path::PathBuf;

use serde::Deserialize;

host::settings! {
    crate::store::MIGRATIONS;
    /// The calls it publishes.
    #[serde(default)]
    calls: Calls,
}

/// `[calls]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// Call files that are published at each start, if they are new. A file with a mistake ends the start.
    pub publish: Vec<PathBuf>,
}
