//! A municipality has applied: a case begins.

use bus::{Failure, Tx};
use chrono::Datelike;
use events::{ApplicationSubmitted, Event};

use crate::Service;
use crate::award::{Case, Terms};
use crate::budget;
use crate::store::history::Happened;
use crate::store::{calls, cases};

/// Hears it.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<ApplicationSubmitted>) -> Result<(), Failure> {
    let submitted = &event.data;
    let Some(call) = calls::find(tx, submitted.call).await? else {
        return Err(Failure::not_yet(format!("the call {}", submitted.call)));
    };
    let start = submitted.application.project_period.from.year();
    let Some(year) = budget::year_of(&call, start) else {
        return Err(Failure::park(format!("the call {} has no budget", call.key)));
    };
    let terms = Terms { call: submitted.call, year, applied: submitted.application.financing.grant };
    let case = Case::announced(event.application(), terms);
    let happened = Happened::new(submitted.submitted_at, "announced")
        .by(&submitted.submitted_by)
        .amount(terms.applied)
        .because(event.id);
    Ok(cases::insert(tx, &case, submitted, &happened).await?)
}
