//! The operator's page of reconciliation: what was said, and what became of it.

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
struct Shown<'a> {
    page: &'a Page,
    tabs: [Tab; 3],
    pairs: Vec<(&'a Pair, Balance)>,
    reconciliation: &'a Reconciliations,
    kept: Vec<(&'static str, i64, String)>,
    wrong: Vec<String>,
}

/// The page; every service compares everything while it is made.
pub async fn show(
    page: Page,
    session: Session,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let reconciliation = Reconciliations::gather(&gateway.operator).await;
    let kept = reconciliation.of.iter().map(|(service, of)| {
        // A service of a newer release may have a state that this page does not know: then by its own name.
        let named = |(state, count): (&String, &i64)| format!("{count} {}", page.known("state-", state));
        let states: Vec<String> = of.states.iter().map(named).collect();
        (service.name(), Reconciliations::kept(of), states.join(" + "))
    });
    pages::show(&Shown {
        page: &page,
        tabs: tabs(&page, "/ops/reconciliation"),
        pairs: reconciliation.pairs().map(|pair| (pair, balance(pair))).collect(),
        kept: kept.collect(),
        wrong: reconciliation.wrong(),
        reconciliation: &reconciliation,
    })
}
