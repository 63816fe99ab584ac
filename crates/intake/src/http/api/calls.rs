//! `GET /apply/api/calls`

use std::sync::Arc;

use axum::extract::State;
use chassis::problem::ApiJson;
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{Call, CallId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::AppState;
use crate::store::calls;

#[derive(Serialize, JsonSchema)]
pub(super) struct Calls {
    calls: Vec<Published>,
}

/// A call, and whether its window is open.
#[derive(Serialize, JsonSchema)]
struct Published {
    id: CallId,
    /// Whether the window is open now.
    open: bool,
    /// The first moment from which an application is late, UTC.
    late_from: DateTime<Utc>,
    rules: Call,
}

pub(super) async fn list(
    State(service): State<Arc<AppState>>,
    _: Session,
) -> Result<ApiJson<Calls>, Problem> {
    let now = service.clock.now();
    let mut connection = service.db.acquire().await?;
    let published = |rules: Call| {
        let window = rules.window;
        Published { id: rules.id(), open: window.is_open(now), late_from: window.end(), rules }
    };
    Ok(ApiJson(Calls { calls: calls::list(&mut connection).await?.into_iter().map(published).collect() }))
}
