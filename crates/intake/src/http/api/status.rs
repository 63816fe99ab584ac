//! `GET /apply/api/applications/{id}`

use std::sync::Arc;

use axum::extract::State;
use chassis::problem::{ApiJson, ApiPath};
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{ApplicationId, CallId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::AppState;
use crate::application::Status;
use crate::http::access;
use crate::store::{applications, timeline};
use crate::timeline::Line;

/// Status and history of an application.
#[derive(Serialize, JsonSchema)]
pub(super) struct View {
    id: ApplicationId,
    call: CallId,
    /// File number (Aktenzeichen).
    file_number: String,
    title: String,
    submitted_at: DateTime<Utc>,
    late: bool,
    status: Status,
    /// Whether the applicant may still withdraw it.
    may_withdraw: bool,
    /// What has happened, oldest first.
    timeline: Vec<Line>,
}

pub(super) async fn status(
    State(service): State<Arc<AppState>>,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<ApiJson<View>, Problem> {
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_read(&session, &stored)?;
    Ok(ApiJson(View {
        id,
        call: stored.submitted.call,
        file_number: stored.submitted.file_number,
        title: stored.submitted.application.title,
        submitted_at: stored.submitted.submitted_at,
        late: stored.submitted.late,
        status: stored.status,
        may_withdraw: stored.status.may_withdraw(),
        timeline: timeline::list(&mut connection, id).await?,
    }))
}
