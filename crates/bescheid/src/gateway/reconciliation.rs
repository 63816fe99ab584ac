//! The operators' page of the reconciliation: what was logged, and whether it was consumed.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use bus::control::Pair;
use chassis::{Problem, Role, Session};
use pages::{Page, Tab};

use super::ops::tabs;
use super::state::Gateway;
use crate::reconciliation::{Balance, Reconciliations, balance};

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct ReconciliationPage<'a> {
    page: &'a Page,
    tabs: [Tab; 3],
    pairs: Vec<(&'a Pair, Balance)>,
    reconciliation: &'a Reconciliations,
    kept: Vec<(&'static str, i64, String)>,
    wrong: Vec<String>,
}

/// Every service compares its whole event log while the page is rendered.
pub async fn show(
    page: Page,
    session: Session,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let reconciliation = Reconciliations::gather(&gateway.operator).await;
    let kept = reconciliation.of.iter().map(|(service, of)| {
        // A service of a newer release may have a state without a message: then its name is shown.
        let named = |(state, count): (&String, &i64)| format!("{count} {}", page.known("state-", state));
        let states: Vec<String> = of.states.iter().map(named).collect();
        (service.name(), Reconciliations::kept(of), states.join(" + "))
    });
    pages::show(&ReconciliationPage {
        page: &page,
        tabs: tabs(&page, "/ops/reconciliation"),
        pairs: reconciliation.pairs().map(|pair| (pair, balance(pair))).collect(),
        kept: kept.collect(),
        wrong: reconciliation.wrong(),
        reconciliation: &reconciliation,
    })
}
