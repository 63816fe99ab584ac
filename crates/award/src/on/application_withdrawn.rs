//! The applicant has withdrawn: a committed amount is free again.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Cents, Event};

use crate::AppState;
use crate::store::history::{HistoryEntry, HistoryKind};
use crate::store::{budgets, cases};

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<ApplicationWithdrawn>) -> Result<(), Failure> {
    let Some(case) = cases::lock(tx, event.application()).await? else {
        return Err(Failure::park("an application was withdrawn here before it was submitted"));
    };
    let (now, fact) = (tx.now(), &event.data);
    let Some((case, released)) = case.withdrawn(fact.withdrawn_at) else { return Ok(()) };
    let mut happened =
        HistoryEntry::new(fact.withdrawn_at, HistoryKind::Withdrawn).by(&fact.withdrawn_by).because(event.id);
    happened.remark.clone_from(&fact.reason);
    if released > Cents::ZERO {
        let budget = budgets::lock(tx, case.terms.call, case.terms.year).await?;
        budgets::release(tx, &case, &budget.release(released), now).await?;
        happened = happened.amount(released);
    }
    Ok(cases::save(tx, &case, &happened).await?)
}
