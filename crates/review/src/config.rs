//! The settings of this service.

use serde::Deserialize;

host::settings! {
    crate::store::MIGRATIONS;
    #[serde(default)]
    review: Review,
}

/// `[review]`: time limits of reviews.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// Minutes for which a reviewer holds a file; typing in its form restarts them.
    pub hold_minutes: u16,
    /// Days after the opening of a file from which lists show it as overdue.
    pub due_days: u16,
}

impl Default for Review {
    fn default() -> Self {
        Self { hold_minutes: 120, due_days: 28 }
    }
}
