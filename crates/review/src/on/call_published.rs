//! A call was published: stores this version of its rules, if they are valid for scoring.

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
