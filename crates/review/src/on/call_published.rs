//! A call has (new) rules: keep them, if anything can be scored by them.

use bus::{Failure, Tx};
use events::{CallPublished, Event};

use crate::AppState;
use crate::scores::ScoringRules;
use crate::store::calls;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<CallPublished>) -> Result<(), Failure> {
    let rules = &event.data.call;
    ScoringRules::of(rules).map_err(Failure::park)?;
    Ok(calls::save(tx, event.key, rules).await?)
}
