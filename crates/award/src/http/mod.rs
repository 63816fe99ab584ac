//! Pages below `/award`, the JSON API below `/award/api`; one file for each action.

mod answer;
mod approve;
mod case;
mod confirm;
mod error;
mod keep;
mod list;
mod notice;
mod outlook;
mod propose;
mod ranking;
mod record;
mod routes;
mod send_back;
mod words;

pub use routes::{api, routes};

use std::sync::Arc;

use chassis::{Problem, Role, Session};

use crate::AppState;

type Shared = Arc<AppState>;

/// 403 for anybody but case workers and approvers.
fn require_decider(session: &Session) -> Result<(), Problem> {
    if session.has(Role::Approver) { Ok(()) } else { session.require(Role::CaseWorker) }
}
