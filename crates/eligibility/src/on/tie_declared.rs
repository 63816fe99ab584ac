//! A person has a tie to the application, and may not decide on it.

use bus::{Failure, Tx};
use events::{Event, TieDeclared};

use crate::AppState;
use host::ties;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<TieDeclared>) -> Result<(), Failure> {
    Ok(ties::declare(tx, event.application(), &event.data).await?)
}
