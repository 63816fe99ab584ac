//! The applicant has withdrawn the application: nobody needs to decide on it any more.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Event};

use crate::AppState;
use crate::store::cases;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<ApplicationWithdrawn>) -> Result<(), Failure> {
    let Some(case) = cases::lock(tx, event.application()).await? else {
        return Err(Failure::park("withdrawn before it was submitted"));
    };
    cases::save(tx, &case.withdraw(event.data.withdrawn_at)).await?;
    Ok(())
}
