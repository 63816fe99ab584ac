//! A call has (new) rules: keep them, if anything can be scored by them.

use bus::{Failure, Tx};
use events::{CallPublished, Event};

use crate::Service;
use crate::scores::Scale;
use crate::store::calls;

pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<CallPublished>) -> Result<(), Failure> {
    let rules = &event.data.call;
    Scale::of(rules).map_err(Failure::park)?;
    Ok(calls::save(tx, event.key, rules).await?)
}
