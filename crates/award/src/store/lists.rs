//! Cases: many at a time. Keyset pagination in the order of the ranking.

use std::collections::HashMap;

use chassis::list::Cursor;
use chrono::{DateTime, Utc};
use events::{ApplicationId, CallId, Cents};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::award::Stage;

/// The most cases of a call that are ranked at once; a round has a few hundred.
const RANKED_LIMIT: i64 = 20_000;

/// What a list shows of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The application.
    pub application: ApplicationId,
    /// Aktenzeichen.
    pub file_number: String,
    /// Who applies.
    pub applicant: String,
    /// Title of the project.
    pub title: String,
    /// Where it stands.
    pub stage: Stage,
    /// Mean of the reviews, 0 to 10,000.
    pub weighted: i32,
    /// Grant applied for.
    pub applied: Cents,
    /// The sum proposed or granted, else the sum applied for.
    pub expected: Cents,
    /// Financial year that would pay.
    pub year: i32,
    /// When it was submitted, UTC.
    pub submitted_at: DateTime<Utc>,
    /// What is proposed or decided is a rejection.
    pub rejection: bool,
    /// A review does not count, because its reviewer declared a tie afterwards.
    pub set_aside: bool,
}

impl Line {
    /// Its place in lists by score.
    pub fn place(&self) -> Cursor {
        Cursor { number: self.weighted.into(), ..Cursor::at(self.submitted_at, self.application.uuid()) }
    }
}

/// A line of the ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The case.
    pub line: Line,
    /// Its place, from 1; equal points have the same.
    pub rank: usize,
    /// What was left of the year's money when its turn came, where that is less than it needs: it is passed over.
    pub passed_over: Option<Cents>,
}

struct Row {
    application: Uuid,
    file_number: String,
    applicant: String,
    title: String,
    stage: String,
    weighted: i32,
    applied_cents: i64,
    expected_cents: i64,
    year: i32,
    submitted_at: DateTime<Utc>,
    rejection: bool,
    set_aside: bool,
}

impl Row {
    fn line(self) -> Result<Line, sqlx::Error> {
        let stage = Stage::ALL.into_iter().find(|stage| stage.name() == self.stage);
        Ok(Line {
            application: ApplicationId(self.application),
            file_number: self.file_number,
            applicant: self.applicant,
            title: self.title,
            stage: stage.ok_or_else(|| sqlx::Error::Decode(self.stage.into()))?,
            weighted: self.weighted,
            applied: Cents(self.applied_cents),
            expected: Cents(self.expected_cents),
            year: self.year,
            submitted_at: self.submitted_at,
            rejection: self.rejection,
            set_aside: self.set_aside,
        })
    }
}

/// Cases of one stage, the best first.
pub async fn of_stage(
    db: &mut PgConnection,
    stage: Stage,
    call: Option<CallId>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select application, file_number, applicant, title, stage, weighted, applied_cents, expected_cents, year,
                  submitted_at, coalesce(state #>> '{proposal,decision,kind}' = 'reject', false) as "rejection!",
                  set_aside <> '{}' as "set_aside!"
           from cases
           where stage = $1 and ($2::uuid is null or call = $2)
             and ($3::int is null or weighted < $3
                or (weighted = $3 and (submitted_at, application) > ($6::timestamptz, $4::uuid)))
           order by weighted desc, submitted_at, application limit $5"#,
        stage.name(),
        call.map(CallId::uuid),
        after.map(|after| i32::try_from(after.number).unwrap_or(0)),
        after.map(|after| after.id),
        limit,
        after.map(|after| after.at)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::line).collect()
}

/// The ranking of a call: everything reviewed on which money may still be spent, the best first; of equal points
/// the one that was submitted first. `left` says what is left of each year's money.
///
/// Who is passed over depends on all better ones: their keys and amounts are read whole, the rest for one page.
pub async fn ranking(
    db: &mut PgConnection,
    call: CallId,
    left: &[(i32, Cents)],
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Ranked>, sqlx::Error> {
    let all = sqlx::query!(
        "select application, weighted, submitted_at, expected_cents, year from cases
         where call = $1 and stage in ('ready', 'proposed', 'waitlisted')
         order by weighted desc, submitted_at, application limit $2",
        call.uuid(),
        RANKED_LIMIT
    )
    .fetch_all(&mut *db)
    .await?;
    let ranks = share_out(all.iter().map(|row| (row.weighted, row.year, Cents(row.expected_cents))), left);
    let start = after.map_or(0, |after| {
        all.partition_point(|row| {
            let (weighted, place) = (i64::from(row.weighted), (row.submitted_at, row.application));
            weighted > after.number || (weighted == after.number && place <= (after.at, after.id))
        })
    });
    let wanted: Vec<Uuid> = all.iter().skip(start).take(limit).map(|row| row.application).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select application, file_number, applicant, title, stage, weighted, applied_cents, expected_cents, year,
                  submitted_at, coalesce(state #>> '{proposal,decision,kind}' = 'reject', false) as "rejection!",
                  set_aside <> '{}' as "set_aside!"
           from cases where application = any($1)"#,
        &wanted
    )
    .fetch_all(db)
    .await?;
    let mut rows: HashMap<Uuid, Row> = rows.into_iter().map(|row| (row.application, row)).collect();
    let mut page = Vec::with_capacity(wanted.len());
    for (id, (rank, passed_over)) in wanted.iter().zip(ranks.into_iter().skip(start)) {
        if let Some(row) = rows.remove(id) {
            page.push(Ranked { rank, passed_over, line: row.line()? });
        }
    }
    Ok(page)
}

/// Gives out what is left of each year's money in the order of the ranking: the rank of each, and, of what does not
/// fit any more and is passed over, what was left. `cases`: points, year, amount; the best first.
pub fn share_out(
    cases: impl Iterator<Item = (i32, i32, Cents)>,
    left: &[(i32, Cents)],
) -> Vec<(usize, Option<Cents>)> {
    let mut left: HashMap<i32, Cents> = left.iter().copied().collect();
    let (mut rank, mut points) = (0, None);
    let mut ranks = Vec::new();
    for (place, (weighted, year, amount)) in (1..).zip(cases) {
        if points != Some(weighted) {
            (rank, points) = (place, Some(weighted));
        }
        let left = left.entry(year).or_insert(Cents::ZERO);
        let fits = amount <= *left;
        ranks.push((rank, (!fits).then_some(*left)));
        if fits {
            *left = *left - amount;
        }
    }
    ranks
}

/// How many cases of a call stand where.
pub async fn counts(db: &mut PgConnection, call: CallId) -> Result<Vec<(Stage, i64)>, sqlx::Error> {
    let rows =
        sqlx::query!("select stage, cases from counts where call = $1", call.uuid()).fetch_all(db).await?;
    let of = |stage: Stage| rows.iter().find(|row| row.stage == stage.name()).map_or(0, |row| row.cases);
    Ok(Stage::ALL.into_iter().map(|stage| (stage, of(stage))).collect())
}
