use std::path::PathBuf;

use serde::Deserialize;

host::settings! {
    crate::store::MIGRATIONS;
    #[serde(default)]
    calls: Calls,
}

/// The section `[calls]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// Call files that are published at each start if they are new. The service does not start if one has a mistake.
    pub publish: Vec<PathBuf>,
}
