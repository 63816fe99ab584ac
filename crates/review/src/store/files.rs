//! Files with everybody's part in them. Whoever changes one locks it first.

use bus::Tx;
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, ApplicationSubmitted, Cause, Person, ReviewGiven};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::calls::version_column;
use super::{history, unreadable};
use crate::file::{File, Part, Reviewer, Stage, Terms};

/// Puts a file on the table.
pub async fn announce(
    tx: &mut Tx,
    application: ApplicationId,
    submission: &ApplicationSubmitted,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into files (application, call, file_number, title, applicant_name, parties,
                            submitted_at, submission, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'announced')
         on conflict do nothing",
        application.uuid(),
        submission.call.uuid(),
        submission.file_number,
        submission.application.title,
        submission.applicant.name,
        &parties(submission),
        submission.submitted_at,
        Json(submission) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The applicant and everybody who takes part.
fn parties(submission: &ApplicationSubmitted) -> Vec<String> {
    let joint = submission.application.joint.iter();
    let others = joint.flat_map(|joint| &joint.participants).map(|participant| &participant.ags);
    [&submission.applicant.ags].into_iter().chain(others).map(Ags::to_string).collect()
}

/// The file for a change: nobody else changes it until this transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Option<File>, sqlx::Error> {
    sqlx::query!("select 1 as one from files where application = $1 for update", application.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    read(connection, application).await
}

/// The file to look at.
pub async fn read(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Option<File>, sqlx::Error> {
    let row = sqlx::query!(
        "select call, parties, state, rule_version, needed, opened_at from files where application = $1",
        application.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let terms = match (row.rule_version, u8::try_from(row.needed), row.opened_at) {
        (Some(version), Ok(needed), Some(opened_at)) => {
            let rule_version = u32::try_from(version).map_err(|_| unreadable("version of rules"))?;
            Some(Terms { rule_version, needed, opened_at })
        }
        _ => None,
    };
    let stage = match (row.state.as_str(), terms) {
        ("announced", _) => Stage::Announced,
        ("withdrawn", _) => Stage::Withdrawn,
        ("open", Some(terms)) => Stage::Open(terms),
        ("completed", Some(terms)) => Stage::Completed(terms),
        (state, _) => return Err(unreadable(&format!("state {state:?} of a file"))),
    };
    let parties = row.parties.iter().map(|ags| ags.parse()).collect::<Result<_, _>>();
    let mut file =
        File::announced(application, row.call.into(), parties.map_err(|_| unreadable("municipality key"))?);
    file.stage = stage;
    file.reviewers = reviewers(connection, application).await?;
    Ok(Some(file))
}

async fn reviewers(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<Reviewer>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select person, name, part, since, until, reason, review as "review: Json<ReviewGiven>"
           from reviewers where application = $1 order by since, person"#,
        application.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let part = match (row.part.as_str(), row.until, row.reason, row.review) {
                ("holds", Some(until), _, _) => Part::Holds { until },
                ("returned", ..) => Part::Returned,
                ("biased", _, Some(reason), _) => Part::Biased { reason },
                ("gave", _, _, Some(Json(review))) => Part::Gave(review),
                (part, ..) => return Err(unreadable(&format!("part {part:?} in a file"))),
            };
            Ok(Reviewer { person: Person { id: row.person, name: row.name }, part, since: row.since })
        })
        .collect()
}

/// Writes a locked file as it is now, and what happened into the history.
pub async fn save(tx: &mut Tx, file: &File, cause: &Cause) -> Result<(), sqlx::Error> {
    let (state, terms) = match file.stage {
        Stage::Announced => ("announced", None),
        Stage::Open(terms) => ("open", Some(terms)),
        Stage::Completed(terms) => ("completed", Some(terms)),
        Stage::Withdrawn => ("withdrawn", None),
    };
    // A withdrawn file keeps by what it was reviewed until then.
    sqlx::query!(
        "update files set state = $2, held = $3, given = $4, rule_version = coalesce($5, rule_version),
                          needed = coalesce($6, needed), opened_at = coalesce($7, opened_at)
         where application = $1",
        file.application.uuid(),
        state,
        small(file.held())?,
        small(file.reviews().count())?,
        terms.map(|terms| version_column(terms.rule_version)).transpose()?,
        terms.map(|terms| i16::from(terms.needed)),
        terms.map(|terms| terms.opened_at)
    )
    .execute(&mut **tx)
    .await?;

    let mut columns = Columns::default();
    for reviewer in &file.reviewers {
        columns.push(reviewer);
    }
    sqlx::query!(
        "insert into reviewers as r (application, person, name, part, since, until, reason, review)
         select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[],
                                  $6::timestamptz[], $7::text[], $8::jsonb[])
         on conflict (application, person) do update
         set part = excluded.part, since = excluded.since, until = excluded.until,
             reason = excluded.reason, review = excluded.review
         where (r.part, r.since, r.until) is distinct from (excluded.part, excluded.since, excluded.until)",
        file.application.uuid(),
        &columns.persons,
        &columns.names,
        &columns.parts,
        &columns.since,
        &columns.until as &[Option<DateTime<Utc>>],
        &columns.reasons as &[Option<String>],
        &columns.reviews as &[Option<Json<ReviewGiven>>]
    )
    .execute(&mut **tx)
    .await?;
    history::write(tx, file, cause).await
}

#[derive(Default)]
struct Columns {
    persons: Vec<String>,
    names: Vec<String>,
    parts: Vec<String>,
    since: Vec<DateTime<Utc>>,
    until: Vec<Option<DateTime<Utc>>>,
    reasons: Vec<Option<String>>,
    reviews: Vec<Option<Json<ReviewGiven>>>,
}

impl Columns {
    fn push(&mut self, reviewer: &Reviewer) {
        let (part, until, reason, review) = match &reviewer.part {
            Part::Holds { until } => ("holds", Some(*until), None, None),
            Part::Returned => ("returned", None, None, None),
            Part::Biased { reason } => ("biased", None, Some(reason.clone()), None),
            Part::Gave(review) => ("gave", None, None, Some(Json(review.clone()))),
        };
        self.persons.push(reviewer.person.id.clone());
        self.names.push(reviewer.person.name.clone());
        self.parts.push(part.to_owned());
        self.since.push(reviewer.since);
        self.until.push(until);
        self.reasons.push(reason);
        self.reviews.push(review);
    }
}

fn small(count: usize) -> Result<i16, sqlx::Error> {
    i16::try_from(count).map_err(|_| sqlx::Error::Encode("too many reviewers".into()))
}

/// What was submitted.
pub async fn submission(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<ApplicationSubmitted, sqlx::Error> {
    let Json(submission) = sqlx::query_scalar!(
        r#"select submission as "submission: Json<ApplicationSubmitted>" from files where application = $1"#,
        application.uuid()
    )
    .fetch_one(connection)
    .await?;
    Ok(submission)
}
