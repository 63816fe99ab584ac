//! Cases: many at a time. Keyset pagination in the order of the ranking.

use std::fmt;
use std::str::FromStr;

use events::{ApplicationId, CallId, Cents};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::award::Stage;

/// Where a page of a list ends: the score and the application of its last line. Written `8150-<uuid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Weighted score, 0 to 10,000.
    pub weighted: i32,
    /// The application.
    pub application: ApplicationId,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.weighted, self.application)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (weighted, application) = text.split_once('-').ok_or(())?;
        Ok(Self {
            weighted: weighted.parse().map_err(drop)?,
            application: application.parse().map_err(drop)?,
        })
    }
}

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
}

/// A line of the ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The case.
    pub line: Line,
    /// Its place, from 1.
    pub rank: i64,
    /// What this case and all better ones of its year would take together.
    pub so_far: Cents,
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
    rank: i64,
    so_far: i64,
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
        })
    }
}

/// Cases of one stage, the best first.
pub async fn of_stage(
    db: &mut PgConnection,
    stage: Stage,
    call: Option<CallId>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select application, file_number, applicant, title, stage, weighted, applied_cents, expected_cents, year,
                  0::bigint as "rank!", 0::bigint as "so_far!"
           from cases
           where stage = $1 and ($2::uuid is null or call = $2)
             and ($3::int is null or weighted < $3 or (weighted = $3 and application > $4::uuid))
           order by weighted desc, application limit $5"#,
        stage.name(),
        call.map(CallId::uuid),
        after.map(|place| place.weighted),
        after.map(|place| place.application.uuid()),
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::line).collect()
}

/// The ranking of a call: everything reviewed on which money may still be spent, the best first.
pub async fn ranking(
    db: &mut PgConnection,
    call: CallId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Ranked>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select application, file_number, applicant, title, stage, weighted, applied_cents, expected_cents, year,
                  rank as "rank!", so_far as "so_far!"
           from (select application, file_number, applicant, title, stage, weighted, applied_cents, expected_cents,
                        year, row_number() over (order by weighted desc, application) as rank,
                        (sum(expected_cents) over (partition by year order by weighted desc, application))::bigint
                            as so_far
                 from cases where call = $1 and stage in ('ready', 'proposed', 'waitlisted')) as ranked
           where $2::int is null or weighted < $2 or (weighted = $2 and application > $3::uuid)
           order by rank limit $4"#,
        call.uuid(),
        after.map(|place| place.weighted),
        after.map(|place| place.application.uuid()),
        limit
    )
    .fetch_all(db)
    .await?;
    let ranked = |row: Row| Ok(Ranked { rank: row.rank, so_far: Cents(row.so_far), line: row.line()? });
    rows.into_iter().map(ranked).collect()
}

/// How many cases of a call stand where.
pub async fn counts(db: &mut PgConnection, call: CallId) -> Result<Vec<(Stage, i64)>, sqlx::Error> {
    let rows =
        sqlx::query!("select stage, cases from counts where call = $1", call.uuid()).fetch_all(db).await?;
    let of = |stage: Stage| rows.iter().find(|row| row.stage == stage.name()).map_or(0, |row| row.cases);
    Ok(Stage::ALL.into_iter().map(|stage| (stage, of(stage))).collect())
}
