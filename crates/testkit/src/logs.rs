//! What is logged while a test runs.

use std::fs;
use std::sync::Arc;

use serde_json::Value;
use tempfile::NamedTempFile;
use tracing::subscriber::DefaultGuard;

/// The log of this thread from [`Logs::capture`] on, in the format that services write for machines. A test on a
/// runtime of one thread finds in it what all its tasks have logged.
pub struct Logs {
    file: NamedTempFile,
    _capturing: DefaultGuard,
}

impl Logs {
    /// Captures what `filter` (as in `RUST_LOG`) lets through, until it is dropped.
    ///
    /// # Panics
    /// No temporary file can be made.
    pub fn capture(filter: &str) -> Self {
        let file = NamedTempFile::new().expect("a temporary file");
        let writer = Arc::new(file.reopen().expect("the same file"));
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(writer)
            .json()
            .flatten_event(true)
            .finish();
        Self { file, _capturing: tracing::subscriber::set_default(subscriber) }
    }

    /// The lines so far in which `field` has this value, in the event itself or in a span around it.
    ///
    /// # Panics
    /// A line is not JSON.
    pub fn lines_with(&self, field: &str, value: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.file.path()).expect("the log");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        lines
            .filter(|line| {
                let spans = line["spans"].as_array().into_iter().flatten();
                spans.chain([line]).any(|place| place[field] == value)
            })
            .collect()
    }
}
