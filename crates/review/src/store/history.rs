//! Who did what with a file, and when. Append-only.

use bus::Tx;
use chrono::{DateTime, Utc};
use events::{ApplicationId, Cause, Person};
use sqlx::PgConnection;

use super::calls::version_column;
use crate::file::{Act, File, Stage};

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// What: `opened`, `taken`, `returned`, `expired`, `biased`, `reviewed`, `completed`, `withdrawn`.
    pub act: String,
    /// Who; none where a fact or time did it.
    pub name: Option<String>,
    /// The reason, where one was given.
    pub detail: Option<String>,
}

pub(super) async fn write(tx: &mut Tx, file: &File, cause: &Cause) -> Result<(), sqlx::Error> {
    let version = match file.stage {
        Stage::Open(terms) | Stage::Completed(terms) => Some(version_column(terms.rule_version)?),
        Stage::Announced | Stage::Withdrawn => None,
    };
    for act in &file.news {
        let (name, person, detail): (_, Option<&Person>, Option<&str>) = match act {
            Act::Opened => ("opened", None, None),
            Act::Taken(person) => ("taken", Some(person), None),
            Act::Returned(person) => ("returned", Some(person), None),
            Act::Expired(person) => ("expired", Some(person), None),
            Act::Biased(person, reason) => ("biased", Some(person), Some(reason)),
            Act::Reviewed(person) => ("reviewed", Some(person), None),
            Act::Completed => ("completed", None, None),
            Act::Withdrawn => ("withdrawn", None, None),
        };
        let now = tx.now();
        sqlx::query!(
            "insert into history (application, at, act, person, name, detail, rule_version, cause)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            file.application.uuid(),
            now,
            name,
            person.map(|person| person.id.as_str()),
            person.map(|person| person.name.as_str()),
            detail,
            version,
            cause.event.map(|event| event.uuid())
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
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
