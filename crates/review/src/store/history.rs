//! The history of a file: who did what, and when. Append-only.

use chrono::{DateTime, Utc};
use events::{ApplicationId, Cause, Person};
use sqlx::PgConnection;
use uuid::Uuid;

use super::calls::version_column;
use crate::file::{Act, File};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: DateTime<Utc>,
    /// `opened`, `taken`, `returned`, `expired`, `biased`, `set-aside`, `reviewed`, `completed` or `withdrawn`.
    pub act: String,
    /// The person; `None` where a fact or a deadline caused it.
    pub name: Option<String>,
    /// The reason, where one was given.
    pub detail: Option<String>,
}

/// The lines that these files add to their histories, a list for each column.
pub(super) fn lines(changed: &[(&File, &Cause)]) -> Result<Lines, sqlx::Error> {
    let mut lines = Lines::default();
    for (file, cause) in changed {
        let version = file.stage.terms().map(|terms| version_column(terms.rule_version)).transpose()?;
        for act in &file.pending_history {
            let (name, person, detail): (_, Option<&Person>, Option<&str>) = match act {
                Act::Opened => ("opened", None, None),
                Act::Taken(person) => ("taken", Some(person), None),
                Act::Returned(person) => ("returned", Some(person), None),
                Act::Expired(person) => ("expired", Some(person), None),
                Act::Biased(person, reason) => ("biased", Some(person), Some(reason)),
                Act::SetAside(person) => ("set-aside", Some(person), None),
                Act::Reviewed(person) => ("reviewed", Some(person), None),
                Act::Completed => ("completed", None, None),
                Act::Withdrawn => ("withdrawn", None, None),
            };
            lines.applications.push(file.application.uuid());
            lines.acts.push(name.to_owned());
            lines.persons.push(person.map(|person| person.id.clone()));
            lines.names.push(person.map(|person| person.name.clone()));
            lines.details.push(detail.map(str::to_owned));
            lines.versions.push(version);
            lines.causes.push(cause.event.map(|event| event.uuid()));
        }
    }
    Ok(lines)
}

#[derive(Default)]
pub(super) struct Lines {
    pub applications: Vec<Uuid>,
    pub acts: Vec<String>,
    pub persons: Vec<Option<String>>,
    pub names: Vec<Option<String>>,
    pub details: Vec<Option<String>>,
    pub versions: Vec<Option<i32>>,
    pub causes: Vec<Option<Uuid>>,
}

/// The history of a file, oldest first.
pub async fn read(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        "select at, act, name, detail from history where application = $1 order by id",
        application.uuid()
    )
    .fetch_all(connection)
    .await
}
