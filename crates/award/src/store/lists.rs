//! Lists of cases, with keyset pagination in the order of the ranking.

use std::collections::HashMap;

use chassis::list::Cursor;
use chrono::{DateTime, Utc};
use events::{ApplicationId, CallId, Cents};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::award::Stage;

/// Upper bound of a ranking; a call has a few hundred cases.
const RANKED_LIMIT: i64 = 20_000;

/// A case in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub application: ApplicationId,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub applicant: String,
    pub title: String,
    pub stage: Stage,
    /// Mean of the reviews in hundredths of a percent of the reachable points, 0 to 10,000; 0 before they are in.
    pub weighted: i32,
    pub applied: Cents,
    /// The amount proposed or granted, else the amount applied for.
    pub expected: Cents,
    /// Financial year whose budget would pay the grant.
    pub year: i32,
    /// UTC.
    pub submitted_at: DateTime<Utc>,
    /// A rejection is proposed or decided.
    pub rejection: bool,
    /// Whether a review was set aside because its reviewer declared a tie afterwards.
    pub set_aside: bool,
}

impl Line {
    /// Its position in lists by score.
    pub fn cursor(&self) -> Cursor {
        Cursor { number: self.weighted.into(), ..Cursor::at(self.submitted_at, self.application.uuid()) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    pub line: Line,
    /// From 1; equal scores share a rank.
    pub rank: usize,
    /// What was left of the year's budget after all better cases, where that does not cover this one.
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

/// Cases of one stage, highest score first.
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

/// The ranking of a call: all cases that are reviewed and not finally decided, highest score first, then in the order of
/// submission. `left` is what is left of each year's budget.
///
/// Whether the budget reaches a case depends on all better ones: their scores and amounts are read in full, all else
/// only for the page.
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

/// Spends what is left of each year's budget in the order of `cases` (score, year, amount; best first). Returns each
/// case's rank, and what was left where that did not cover the case: it is passed over.
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

/// Number of cases of a call in each stage.
pub async fn counts(db: &mut PgConnection, call: CallId) -> Result<Vec<(Stage, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select stage, count(*) as "cases!" from cases where call = $1 group by stage"#,
        call.uuid()
    )
    .fetch_all(db)
    .await?;
    let of = |stage: Stage| rows.iter().find(|row| row.stage == stage.name()).map_or(0, |row| row.cases);
    Ok(Stage::ALL.into_iter().map(|stage| (stage, of(stage))).collect())
}
