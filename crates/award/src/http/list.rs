//! Lists for programs: cases of one stage, and the money.

use axum::extract::State;
use chassis::Session;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::{ApiJson, ApiQuery, Problem};
use events::{ApplicationId, CallId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Shared, answer, decides};
use crate::award::Stage;
use crate::store::lists;
use crate::store::{budgets, calls};

/// Which cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    /// Where they stand; `ready` without this.
    #[serde(default = "ready")]
    state: Stage,
    /// Only of this call.
    #[serde(default)]
    call: Option<CallId>,
    /// `next` of the page before.
    #[serde(default)]
    after: Option<Cursor>,
    /// How many, 1 to 200; 50 without this.
    #[serde(default = "fifty")]
    limit: u16,
}

fn ready() -> Stage {
    Stage::Ready
}

fn fifty() -> u16 {
    50
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Cases {
    /// The cases, the best reviewed first.
    cases: Vec<Line>,
    /// For `after`, where there are more.
    next: Option<Cursor>,
}

/// A case in a list.
#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    /// The application.
    application: ApplicationId,
    /// Aktenzeichen.
    file_number: String,
    /// Who applies.
    applicant: String,
    /// Title of the project.
    title: String,
    /// Where it stands.
    state: Stage,
    /// Mean of the reviews, 0 to 10,000; 0 before they are in.
    weighted: i32,
    /// Grant applied for.
    applied_cents: i64,
    /// The sum proposed or granted, else the sum applied for.
    expected_cents: i64,
    /// Financial year that would pay.
    year: i32,
}

impl From<lists::Line> for Line {
    fn from(line: lists::Line) -> Self {
        Self {
            application: line.application,
            file_number: line.file_number,
            applicant: line.applicant,
            title: line.title,
            state: line.stage,
            weighted: line.weighted,
            applied_cents: line.applied.0,
            expected_cents: line.expected.0,
            year: line.year,
        }
    }
}

/// `GET /award/api/cases`
pub(super) async fn cases(
    State(service): State<Shared>,
    session: Session,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<ApiJson<Cases>, Problem> {
    decides(&session)?;
    let limit = usize::from(query.limit.clamp(1, 200));
    let mut db = service.db.acquire().await?;
    let rows = lists::of_stage(&mut db, query.state, query.call, query.after, one_more(limit)).await?;
    let (cases, next) = list::page(rows, limit, lists::Line::place);
    Ok(ApiJson(Cases { cases: cases.into_iter().map(Line::from).collect(), next }))
}

/// `GET /award/api/budgets`
pub(super) async fn budgets(
    State(service): State<Shared>,
    session: Session,
) -> Result<ApiJson<Vec<answer::Budget>>, Problem> {
    decides(&session)?;
    let mut db = service.db.acquire().await?;
    let mut all = Vec::new();
    for call in calls::all(&mut db).await? {
        all.extend(budgets::of_call(&mut db, call.id()).await?.into_iter().map(answer::Budget::from));
    }
    Ok(ApiJson(all))
}
