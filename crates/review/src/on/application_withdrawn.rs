//! The applicant has withdrawn: the file needs no more reviews.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Event};

use crate::AppState;
use crate::store::files;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<ApplicationWithdrawn>) -> Result<(), Failure> {
    // Submission and withdrawal have the same source and key, so the submission was consumed before.
    let Some(file) = files::lock(tx, event.application()).await? else {
        return Err(Failure::park("an application was withdrawn that was never submitted"));
    };
    let file = file.withdrawn(tx.now());
    Ok(files::save(tx, &file, &event.cause()).await?)
}
