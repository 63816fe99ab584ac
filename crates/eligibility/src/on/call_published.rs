//! A call was published: its rules are stored for the applications to come.

use bus::{Failure, Tx};
use events::{CallPublished, Event};

use crate::AppState;
use crate::store::calls;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<CallPublished>) -> Result<(), Failure> {
    calls::save(tx, &event.data.call).await?;
    Ok(())
}
