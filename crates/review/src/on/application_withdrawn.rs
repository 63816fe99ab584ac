//! The applicant has taken the application back: nobody needs to read it any more.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Event};

use crate::AppState;
use crate::store::files;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<ApplicationWithdrawn>) -> Result<(), Failure> {
    // The same source said it was submitted, and before: it cannot come later.
    let Some(file) = files::lock(tx, event.application()).await? else {
        return Err(Failure::park("an application was withdrawn that was never submitted"));
    };
    let file = file.withdrawn(tx.now());
    Ok(files::save(tx, &file, &event.cause()).await?)
}
