//! Reads the files that Postgres leaves for others.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::anyhow;

/// Process id and readiness, from the file that each postmaster keeps in its data folder.
pub(super) fn postmaster(data: &Path) -> Option<(u32, bool)> {
    let text = match fs::read_to_string(data.join("postmaster.pid")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, "cannot read postmaster.pid");
            return None;
        }
    };
    let mut lines = text.lines();
    let id = lines.next()?.trim().parse().ok()?;
    Some((id, lines.nth(6).is_some_and(|line| line.trim() == "ready")))
}

/// Picks the line that explains the failure from the output of Postgres or initdb.
pub(super) fn reason(said: &str) -> anyhow::Error {
    if said.contains("No space left on device") {
        return anyhow!("no space left on the disk: make room and try again");
    }
    let telling =
        |line: &&str| ["FATAL", "PANIC", "error", "could not"].iter().any(|word| line.contains(word));
    let line = said.lines().find(telling).or_else(|| said.lines().last()).unwrap_or("it gave no reason");
    anyhow!("{}", line.trim())
}
