use std::fs;
use std::sync::Arc;

use serde_json::Value;
use tempfile::NamedTempFile;
use tracing::subscriber::DefaultGuard;

/// The log of this thread since [`Logs::capture`], in the JSON format of services. In a test on a runtime of one thread
/// it has the lines of all tasks.
pub struct Logs {
    file: NamedTempFile,
    _capturing: DefaultGuard,
}

impl Logs {
    /// Captures what `filter` (as in `RUST_LOG`) lets through, until it is dropped.
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

    /// All lines so far.
    pub fn text(&self) -> String {
        fs::read_to_string(self.file.path()).expect("the log")
    }

    /// The lines so far in which `field` has this value, in the event itself or in a span around it.
    pub fn lines_with(&self, field: &str, value: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        lines
            .filter(|line| {
                let spans = line["spans"].as_array().into_iter().flatten();
                spans.chain([line]).any(|place| place[field] == value)
            })
            .collect()
    }
}
