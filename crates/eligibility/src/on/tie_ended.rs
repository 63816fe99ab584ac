//! A tie has ended: the person may decide again.

use bus::{Failure, Tx};
use events::{Event, TieEnded};

use crate::AppState;
use host::ties;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<TieEnded>) -> Result<(), Failure> {
    Ok(ties::end(tx, event.application(), &event.data).await?)
}
