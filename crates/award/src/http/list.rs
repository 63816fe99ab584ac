//! Lists of the API: cases of one stage, and budgets.

use axum::extract::State;
use chassis::Session;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::{ApiJson, ApiQuery, Problem};
use events::{ApplicationId, CallId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Shared, answer, require_decider};
use crate::award::Stage;
use crate::store::lists;
use crate::store::{budgets, calls};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Default: `ready`.
    #[serde(default = "ready")]
    state: Stage,
    /// Only cases of this call.
    #[serde(default)]
    call: Option<CallId>,
    /// `next` of the previous page.
    #[serde(default)]
    after: Option<Cursor>,
    /// 1 to 200; default 50.
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
    /// Highest score first.
    cases: Vec<Line>,
    /// Pass it as `after` to get the next page; null on the last one.
    next: Option<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    application: ApplicationId,
    /// File number (Aktenzeichen).
    file_number: String,
    applicant: String,
    title: String,
    state: Stage,
    /// Mean of the reviews in hundredths of a percent of the reachable points, 0 to 10,000; 0 before they are in.
    weighted: i32,
    applied_cents: i64,
    /// The amount proposed or granted, else the amount applied for.
    expected_cents: i64,
    /// Financial year whose budget would pay the grant.
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
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<ApiJson<Cases>, Problem> {
    require_decider(&session)?;
    let limit = usize::from(query.limit.clamp(1, 200));
    let mut db = service.db.acquire().await?;
    let rows = lists::of_stage(&mut db, query.state, query.call, query.after, one_more(limit)).await?;
    let (cases, next) = list::page(rows, limit, lists::Line::cursor);
    Ok(ApiJson(Cases { cases: cases.into_iter().map(Line::from).collect(), next }))
}

/// `GET /award/api/budgets`
pub(super) async fn budgets(
    State(service): State<Shared>,
    session: Session,
) -> Result<ApiJson<Vec<answer::Budget>>, Problem> {
    require_decider(&session)?;
    let mut db = service.db.acquire().await?;
    let mut all = Vec::new();
    for call in calls::all(&mut db).await? {
        all.extend(budgets::of_call(&mut db, call.id()).await?.into_iter().map(answer::Budget::from));
    }
    Ok(ApiJson(all))
}
