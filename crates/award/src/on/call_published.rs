//! A call was published: stores its rules and sets its budgets.

use bus::{Failure, Tx};
use events::{CallPublished, Event};

use crate::AppState;
use crate::store::{budgets, calls};

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<CallPublished>) -> Result<(), Failure> {
    let call = &event.data.call;
    calls::save(tx, call, event.time).await?;
    for budget in &call.budget {
        if !budgets::set(tx, call.id(), *budget).await? {
            return Err(Failure::park(format!(
                "the budget of {} for {} is below what is committed already",
                call.key, budget.year
            )));
        }
    }
    Ok(())
}
