//! The queue: taking the next file, and the lists that people see.

use bus::Tx;
use chassis::list::Cursor;
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, Person};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// Takes, in one statement, the oldest file that this person can review: it needs another reviewer, they are not
/// involved in it, have no tie to its parties, have not submitted it and are not its contact (by `email`; §§ 20, 21
/// VwVfG). Files locked by others are skipped. `None` if there is no such file, or if the person has taken another one
/// at the same moment.
///
/// `File::taken` checks the same rules; a test compares the two.
pub async fn claim_next(
    tx: &mut Tx,
    person: &Person,
    email: Option<&str>,
    ties: &[Ags],
    until: DateTime<Utc>,
) -> Result<Option<ApplicationId>, sqlx::Error> {
    let now = tx.now();
    let claimed = sqlx::query_scalar!(
        "with next as materialized (
             select f.application, f.rule_version from files f
             where f.bucket = 'waiting' and not f.parties && $3::text[]
               and not exists (
                   select 1 from reviewers r where r.application = f.application and r.person = $1)
               and f.submission #>> '{submitted_by,id}' is distinct from $1
               and ($6::text is null or lower(f.submission #>> '{application,contact,email}') is distinct from $6)
             order by f.submitted_at, f.application
             limit 1
             for no key update of f skip locked
         ), taken as (
             insert into reviewers (application, person, name, part, since, until)
             select application, $1, $2, 'holds', $4, $5 from next
             on conflict do nothing
             returning application
         ), told as (
             insert into history (application, at, act, person, name, rule_version)
             select application, $4, 'taken', $1, $2, rule_version from next join taken using (application)
         )
         update files f set held = f.held + 1 from taken where f.application = taken.application
         returning f.application",
        person.id,
        person.name,
        &keys(ties),
        now,
        until,
        email.map(str::to_lowercase)
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(claimed.map(ApplicationId))
}

/// Serialises a person's requests for the next file until the transaction ends: the second one finds what the first one
/// has taken.
pub async fn lock_person(tx: &mut Tx, person: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('next file:' || $1, 0))", person)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

/// Waits until nobody has locked the first file that this person could take. It may be taken by then.
pub async fn wait_for_first(
    tx: &mut Tx,
    person: &str,
    email: Option<&str>,
    ties: &[Ags],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select f.application from files f
         where f.bucket = 'waiting' and not f.parties && $2::text[]
           and not exists (select 1 from reviewers r where r.application = f.application and r.person = $1)
           and f.submission #>> '{submitted_by,id}' is distinct from $1
           and ($3::text is null or lower(f.submission #>> '{application,contact,email}') is distinct from $3)
         order by f.submitted_at, f.application limit 1 for no key update of f",
        person,
        &keys(ties),
        email.map(str::to_lowercase)
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(())
}

pub async fn held(connection: &mut PgConnection, person: &str) -> Result<Option<ApplicationId>, sqlx::Error> {
    let held =
        sqlx::query_scalar!("select application from reviewers where person = $1 and part = 'holds'", person)
            .fetch_optional(connection)
            .await?;
    Ok(held.map(ApplicationId))
}

/// Number of files that this person can take, counted up to `cap`.
pub async fn offered(
    connection: &mut PgConnection,
    person: &str,
    email: Option<&str>,
    ties: &[Ags],
    cap: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select 1 from files f
               where f.bucket = 'waiting' and not f.parties && $2::text[]
                 and not exists (
                     select 1 from reviewers r where r.application = f.application and r.person = $1)
                 and f.submission #>> '{submitted_by,id}' is distinct from $1
                 and ($4::text is null or lower(f.submission #>> '{application,contact,email}') is distinct from $4)
               order by f.submitted_at, f.application limit $3
           ) as waiting"#,
        person,
        &keys(ties),
        cap,
        email.map(str::to_lowercase)
    )
    .fetch_one(connection)
    .await
}

fn keys(ties: &[Ags]) -> Vec<String> {
    ties.iter().map(Ags::to_string).collect()
}

/// The state of a file in lists: like [`Stage`](crate::file::Stage), with `Open` split into `Waiting` and `Taken`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// Needs another reviewer.
    #[default]
    Waiting,
    /// Held by as many reviewers as it still needs.
    Taken,
    /// All reviews are in.
    Completed,
    /// Eligibility is not decided.
    Announced,
    Withdrawn,
}

impl Bucket {
    /// In the order in which pages list them.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Taken, Self::Completed, Self::Announced, Self::Withdrawn];

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::Completed => "completed",
            Self::Announced => "announced",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn count(self, counts: &Counts) -> i64 {
        match self {
            Self::Waiting => counts.waiting,
            Self::Taken => counts.taken,
            Self::Completed => counts.completed,
            Self::Announced => counts.announced,
            Self::Withdrawn => counts.withdrawn,
        }
    }
}

/// Number of files in each [`Bucket`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub announced: i64,
    pub waiting: i64,
    pub taken: i64,
    pub completed: i64,
    pub withdrawn: i64,
}

/// Reads the counters that triggers maintain; it does not count rows.
pub async fn counts(connection: &mut PgConnection) -> Result<Counts, sqlx::Error> {
    sqlx::query_as!(
        Counts,
        r#"select sum(announced)::bigint as "announced!", sum(waiting)::bigint as "waiting!",
                  sum(taken)::bigint as "taken!", sum(completed)::bigint as "completed!",
                  sum(withdrawn)::bigint as "withdrawn!" from counters"#
    )
    .fetch_one(connection)
    .await
}

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub application: Uuid,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub title: String,
    pub applicant_name: String,
    /// UTC.
    pub submitted_at: DateTime<Utc>,
    /// UTC; `None` if it has never opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// Number of reviews it needs; 0 before it opens.
    pub needed: i16,
    /// Number of reviews given that count.
    pub given: i16,
    /// Number of reviewers who hold it.
    pub held: i16,
}

/// Files of a bucket after this cursor: completed and withdrawn ones newest first, all others oldest first.
pub async fn list(
    connection: &mut PgConnection,
    bucket: Bucket,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    if matches!(bucket, Bucket::Completed | Bucket::Withdrawn) {
        let before = after.unwrap_or(Cursor::LAST);
        return sqlx::query_as!(
            Row,
            "select application, file_number, title, applicant_name, submitted_at, opened_at, needed, given, held
             from files where bucket = $1 and (submitted_at, application) < ($2, $3)
             order by submitted_at desc, application desc limit $4",
            bucket.name(),
            before.at,
            before.id,
            limit
        )
        .fetch_all(connection)
        .await;
    }
    let after = after.unwrap_or(Cursor::FIRST);
    sqlx::query_as!(
        Row,
        "select application, file_number, title, applicant_name, submitted_at, opened_at, needed, given, held
         from files where bucket = $1 and (submitted_at, application) > ($2, $3)
         order by submitted_at, application limit $4",
        bucket.name(),
        after.at,
        after.id,
        limit
    )
    .fetch_all(connection)
    .await
}

/// A file in which a person is involved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFile {
    pub application: Uuid,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub title: String,
    pub applicant_name: String,
    /// When the involvement last changed, UTC.
    pub since: DateTime<Utc>,
    /// Name of the [`Bucket`] that the file is in.
    pub bucket: String,
}

/// The files this person has reviewed, newest first, after the cursor `before`.
pub async fn reviewed_by(
    connection: &mut PgConnection,
    person: &str,
    before: Cursor,
    limit: i64,
) -> Result<Vec<OwnFile>, sqlx::Error> {
    sqlx::query_as!(
        OwnFile,
        r#"select f.application, f.file_number, f.title, f.applicant_name, r.since, f.bucket as "bucket!"
           from reviewers r join files f on f.application = r.application
           where r.person = $1 and r.part = 'gave' and (r.since, r.application) < ($2, $3)
           order by r.since desc, r.application desc limit $4"#,
        person,
        before.at,
        before.id,
        limit
    )
    .fetch_all(connection)
    .await
}

/// The files this person gave back that wait again, newest first.
pub async fn returned_by(
    connection: &mut PgConnection,
    person: &str,
    limit: i64,
) -> Result<Vec<OwnFile>, sqlx::Error> {
    sqlx::query_as!(
        OwnFile,
        r#"select f.application, f.file_number, f.title, f.applicant_name, r.since, f.bucket as "bucket!"
           from reviewers r join files f on f.application = r.application
           where r.person = $1 and r.part = 'returned' and f.bucket = 'waiting'
           order by r.since desc, r.application desc limit $2"#,
        person,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Files held by a reviewer whose time has run out, 200 at most.
pub async fn overdue(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<ApplicationId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select application from reviewers where part = 'holds' and until <= $1 order by until limit 200",
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(ApplicationId).collect())
}
