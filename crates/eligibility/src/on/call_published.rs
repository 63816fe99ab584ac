//! A call's rules hold from now on: keep them for the applications to come.

use bus::{Failure, Tx};
use events::{CallPublished, Event};

use crate::Service;
use crate::store::calls;

pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<CallPublished>) -> Result<(), Failure> {
    calls::save(tx, &event.data.call).await?;
    Ok(())
}
