//! The queue: taking the next file, and the lists that people see.

use bus::Tx;
use chassis::list::Cursor;
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, Person};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// Takes the oldest file that waits for somebody like this person, in one statement: a file with a
/// free place, in which they have no part, to whose parties they have no tie, and which they neither submitted nor
/// are the contact of (by `email`; §§ 20, 21 VwVfG). What others are taking at this moment is passed over. None where no such file waits, or where the person has
/// taken another one at the same moment.
///
/// `File::taken` asks the same; a test compares the two.
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

/// Requests of one person for the next file come one after the other: the second finds what the first has taken.
pub async fn one_at_a_time(tx: &mut Tx, person: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('next file:' || $1, 0))", person)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

/// Waits until nobody is at the first file that waits for this person. It may be gone then.
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

/// The file that this person holds.
pub async fn held(connection: &mut PgConnection, person: &str) -> Result<Option<ApplicationId>, sqlx::Error> {
    let held =
        sqlx::query_scalar!("select application from reviewers where person = $1 and part = 'holds'", person)
            .fetch_optional(connection)
            .await?;
    Ok(held.map(ApplicationId))
}

/// How many files that this person can take wait, counted up to `cap`.
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

/// The state of files, with `open` seen from the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// Somebody still has to take it.
    #[default]
    Waiting,
    /// Everybody who has to come is at it.
    Taken,
    /// All reviews are in.
    Completed,
    /// Eligibility is not settled.
    Announced,
    /// Taken back by the applicant.
    Withdrawn,
}

impl Bucket {
    /// All of them, in the order of the lists.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Taken, Self::Completed, Self::Announced, Self::Withdrawn];

    /// As stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::Completed => "completed",
            Self::Announced => "announced",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// How many there are of it.
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

/// How many files are in which bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Eligibility is not settled.
    pub announced: i64,
    /// Somebody still has to take it.
    pub waiting: i64,
    /// Everybody who has to come is at it.
    pub taken: i64,
    /// All reviews are in.
    pub completed: i64,
    /// Taken back by the applicant.
    pub withdrawn: i64,
}

/// The counts at this moment; kept by the transactions, not counted here.
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
    /// The application.
    pub application: Uuid,
    /// Aktenzeichen.
    pub file_number: String,
    /// Title of the project.
    pub title: String,
    /// Who applies.
    pub applicant_name: String,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When its reviews could begin.
    pub opened_at: Option<DateTime<Utc>>,
    /// Reviews it needs.
    pub needed: i16,
    /// Reviews that are in.
    pub given: i16,
    /// Reviewers who are at it.
    pub held: i16,
}

/// Files of a bucket after this place. What still needs somebody comes oldest first, what is done newest first.
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

/// A file in which a person has a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mine {
    /// The application.
    pub application: Uuid,
    /// Aktenzeichen.
    pub file_number: String,
    /// Title of the project.
    pub title: String,
    /// Who applies.
    pub applicant_name: String,
    /// Since when it is that part.
    pub since: DateTime<Utc>,
    /// Where the file is now.
    pub bucket: String,
}

/// The files this person has reviewed, newest first, after the place `before`.
pub async fn reviewed_by(
    connection: &mut PgConnection,
    person: &str,
    before: Cursor,
    limit: i64,
) -> Result<Vec<Mine>, sqlx::Error> {
    sqlx::query_as!(
        Mine,
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

/// The files this person gave back that wait again, latest first.
pub async fn returned_by(
    connection: &mut PgConnection,
    person: &str,
    limit: i64,
) -> Result<Vec<Mine>, sqlx::Error> {
    sqlx::query_as!(
        Mine,
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

/// Files in which somebody's time is over, 200 at most.
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
