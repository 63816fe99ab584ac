//! Files and the people involved in them. A file has to be locked before it is changed.

use bus::Tx;
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, ApplicationSubmitted, Cause, Person, ReviewGiven};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::calls::version_column;
use super::{history, unreadable};
use crate::file::{File, Involvement, Reviewer, Stage, Terms};

/// Adds files of newly submitted applications.
pub async fn announce_all(
    tx: &mut Tx,
    submitted: &[(ApplicationId, &ApplicationSubmitted)],
) -> Result<(), sqlx::Error> {
    let column = |text: fn(&ApplicationSubmitted) -> String| -> Vec<String> {
        submitted.iter().map(|(_, submission)| text(submission)).collect()
    };
    let ids: Vec<Uuid> = submitted.iter().map(|(application, _)| application.uuid()).collect();
    let calls: Vec<Uuid> = submitted.iter().map(|(_, submission)| submission.call.uuid()).collect();
    let at: Vec<DateTime<Utc>> = submitted.iter().map(|(_, submission)| submission.submitted_at).collect();
    let submissions: Vec<_> = submitted.iter().map(|(_, submission)| Json(*submission)).collect();
    sqlx::query!(
        "insert into files (application, call, file_number, title, applicant_name, parties,
                            submitted_at, submission, state)
         select application, call, file_number, title, applicant_name, string_to_array(parties, ' '),
                submitted_at, submission, 'announced'
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::jsonb[])
             as n (application, call, file_number, title, applicant_name, parties, submitted_at, submission)
         on conflict do nothing",
        &ids,
        &calls,
        &column(|submission| submission.file_number.clone()),
        &column(|submission| submission.application.title.clone()),
        &column(|submission| submission.applicant.name.clone()),
        &column(|submission| parties(submission).join(" ")),
        &at,
        &submissions as &[Json<&ApplicationSubmitted>]
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The applicant and the participants of a joint project.
fn parties(submission: &ApplicationSubmitted) -> Vec<String> {
    let joint = submission.application.joint.iter();
    let others = joint.flat_map(|joint| &joint.participants).map(|participant| &participant.ags);
    [&submission.applicant.ags].into_iter().chain(others).map(Ags::to_string).collect()
}

/// The file, locked until the transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Option<File>, sqlx::Error> {
    Ok(lock_all(connection, &[application.uuid()]).await?.pop())
}

/// The files that exist, locked in the order of their ids until the transaction ends.
pub async fn lock_all(
    connection: &mut PgConnection,
    applications: &[Uuid],
) -> Result<Vec<File>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select application, call, parties, state, rule_version, needed, opened_at
         from files where application = any($1) order by application for no key update",
        applications
    )
    .fetch_all(&mut *connection)
    .await?;
    with_reviewers(connection, applications, rows).await
}

/// The file, for reading only.
pub async fn read(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Option<File>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select application, call, parties, state, rule_version, needed, opened_at
         from files where application = $1",
        application.uuid()
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(with_reviewers(connection, &[application.uuid()], rows).await?.pop())
}

struct Row {
    application: Uuid,
    call: Uuid,
    parties: Vec<String>,
    state: String,
    rule_version: Option<i32>,
    needed: i16,
    opened_at: Option<DateTime<Utc>>,
}

impl Row {
    /// The file, still without its reviewers.
    fn file(self) -> Result<File, sqlx::Error> {
        let terms = match (self.rule_version, u8::try_from(self.needed), self.opened_at) {
            (Some(version), Ok(needed), Some(opened_at)) => {
                let rule_version = u32::try_from(version).map_err(|_| unreadable("version of rules"))?;
                Some(Terms { rule_version, reviews_needed: needed, opened_at })
            }
            _ => None,
        };
        let stage = match (self.state.as_str(), terms) {
            ("announced", _) => Stage::Announced,
            ("withdrawn", terms) => Stage::Withdrawn(terms),
            ("open", Some(terms)) => Stage::Open(terms),
            ("completed", Some(terms)) => Stage::Completed(terms),
            (state, _) => return Err(unreadable(&format!("state {state:?} of a file"))),
        };
        let parties = self.parties.iter().map(|ags| ags.parse()).collect::<Result<_, _>>();
        let parties = parties.map_err(|_| unreadable("municipality key"))?;
        Ok(File { stage, ..File::announced(self.application.into(), self.call.into(), parties) })
    }
}

/// Adds the reviewers. `rows` are in the order of their ids.
async fn with_reviewers(
    connection: &mut PgConnection,
    applications: &[Uuid],
    rows: Vec<Row>,
) -> Result<Vec<File>, sqlx::Error> {
    let mut files = rows.into_iter().map(Row::file).collect::<Result<Vec<_>, _>>()?;
    let rows = sqlx::query!(
        r#"select application, person, name, part, since, until, reason, review as "review: Json<ReviewGiven>"
           from reviewers where application = any($1) order by application, since, person"#,
        applications
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let part = match (row.part.as_str(), row.until, row.reason, row.review) {
            ("holds", Some(until), _, _) => Involvement::Holds { until },
            ("returned", ..) => Involvement::Returned,
            ("biased", _, Some(reason), _) => Involvement::Biased { reason },
            ("gave", _, _, Some(Json(review))) => Involvement::Gave(review),
            (part, ..) => return Err(unreadable(&format!("part {part:?} in a file"))),
        };
        let person = Person { id: row.person, name: row.name };
        if let Ok(place) = files.binary_search_by_key(&row.application, |file| file.application.uuid()) {
            files[place].reviewers.push(Reviewer { person, involvement: part, since: row.since });
        }
    }
    Ok(files)
}

/// Saves a locked file, and appends what happened to its history.
pub async fn save(tx: &mut Tx, file: &File, cause: &Cause) -> Result<(), sqlx::Error> {
    save_all(tx, &[(file, cause)]).await
}

/// Saves locked files, and appends what happened to their histories.
pub async fn save_all(tx: &mut Tx, changed: &[(&File, &Cause)]) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let mut files = Files::default();
    let mut columns = Columns::default();
    for (file, _) in changed {
        files.push(file)?;
        for reviewer in &file.reviewers {
            columns.push(file.application, reviewer);
        }
    }
    let lines = history::lines(changed)?;
    // A withdrawn file keeps the terms of its reviews.
    sqlx::query!(
        "with told as (
             insert into history (application, at, act, person, name, detail, rule_version, cause)
             select application, $15, act, person, name, detail, rule_version, cause
             from unnest($8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int[], $14::uuid[])
                 with ordinality as n (application, act, person, name, detail, rule_version, cause, place)
             order by place
         )
         update files f set state = n.state, held = n.held, given = n.given,
             rule_version = coalesce(n.rule_version, f.rule_version), needed = coalesce(n.needed, f.needed),
             opened_at = coalesce(n.opened_at, f.opened_at)
         from unnest($1::uuid[], $2::text[], $3::smallint[], $4::smallint[], $5::int[], $6::smallint[],
                     $7::timestamptz[])
             as n (application, state, held, given, rule_version, needed, opened_at)
         where f.application = n.application",
        &files.applications,
        &files.states,
        &files.held,
        &files.given,
        &files.rule_versions as &[Option<i32>],
        &files.needed as &[Option<i16>],
        &files.opened_at as &[Option<DateTime<Utc>>],
        &lines.applications,
        &lines.acts,
        &lines.persons as &[Option<String>],
        &lines.names as &[Option<String>],
        &lines.details as &[Option<String>],
        &lines.versions as &[Option<i32>],
        &lines.causes as &[Option<Uuid>],
        now
    )
    .execute(&mut **tx)
    .await?;

    if !columns.persons.is_empty() {
        sqlx::query!(
            "insert into reviewers as r (application, person, name, part, since, until, reason, review)
             select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                                  $6::timestamptz[], $7::text[], $8::jsonb[])
             on conflict (application, person) do update
             set part = excluded.part, since = excluded.since, until = excluded.until,
                 reason = excluded.reason, review = excluded.review
             where (r.part, r.since, r.until) is distinct from (excluded.part, excluded.since, excluded.until)",
            &columns.applications,
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
    }
    for (file, _) in changed {
        for review in &file.set_aside {
            sqlx::query!(
                "insert into set_aside (application, person, review, set_aside_at) values ($1, $2, $3, $4)
                 on conflict do nothing",
                file.application.uuid(),
                review.reviewer.id,
                Json(review) as Json<&ReviewGiven>,
                now
            )
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// The reviews that do not count because their reviewer declared a tie before the file was completed.
pub async fn set_aside(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<ReviewGiven>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        r#"select review as "review: Json<ReviewGiven>" from set_aside
           where application = $1 order by set_aside_at, person"#,
        application.uuid()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|Json(review)| review).collect())
}

#[derive(Default)]
struct Files {
    applications: Vec<Uuid>,
    states: Vec<String>,
    held: Vec<i16>,
    given: Vec<i16>,
    rule_versions: Vec<Option<i32>>,
    needed: Vec<Option<i16>>,
    opened_at: Vec<Option<DateTime<Utc>>>,
}

impl Files {
    fn push(&mut self, file: &File) -> Result<(), sqlx::Error> {
        let (state, terms) = match file.stage {
            Stage::Announced => ("announced", None),
            Stage::Open(terms) => ("open", Some(terms)),
            Stage::Completed(terms) => ("completed", Some(terms)),
            Stage::Withdrawn(terms) => ("withdrawn", terms),
        };
        self.applications.push(file.application.uuid());
        self.states.push(state.to_owned());
        self.held.push(count_column(file.held())?);
        self.given.push(count_column(file.reviews().count())?);
        self.rule_versions.push(terms.map(|terms| version_column(terms.rule_version)).transpose()?);
        self.needed.push(terms.map(|terms| i16::from(terms.reviews_needed)));
        self.opened_at.push(terms.map(|terms| terms.opened_at));
        Ok(())
    }
}

#[derive(Default)]
struct Columns {
    applications: Vec<Uuid>,
    persons: Vec<String>,
    names: Vec<String>,
    parts: Vec<String>,
    since: Vec<DateTime<Utc>>,
    until: Vec<Option<DateTime<Utc>>>,
    reasons: Vec<Option<String>>,
    reviews: Vec<Option<Json<ReviewGiven>>>,
}

impl Columns {
    fn push(&mut self, application: ApplicationId, reviewer: &Reviewer) {
        let (part, until, reason, review) = match &reviewer.involvement {
            Involvement::Holds { until } => ("holds", Some(*until), None, None),
            Involvement::Returned => ("returned", None, None, None),
            Involvement::Biased { reason } => ("biased", None, Some(reason.clone()), None),
            Involvement::Gave(review) => ("gave", None, None, Some(Json(review.clone()))),
        };
        self.applications.push(application.uuid());
        self.persons.push(reviewer.person.id.clone());
        self.names.push(reviewer.person.name.clone());
        self.parts.push(part.to_owned());
        self.since.push(reviewer.since);
        self.until.push(until);
        self.reasons.push(reason);
        self.reviews.push(review);
    }
}

fn count_column(count: usize) -> Result<i16, sqlx::Error> {
    i16::try_from(count).map_err(|_| sqlx::Error::Encode("too many reviewers".into()))
}

/// # Errors
/// `RowNotFound` for an unknown application.
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
