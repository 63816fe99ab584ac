//! The applicant has replied to what a person has to decide. Kept also where it was decided meanwhile.

use bus::{Failure, Tx};
use events::{ApplicantReplied, Event};

use crate::AppState;
use crate::store::replies;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<ApplicantReplied>) -> Result<(), Failure> {
    if replies::insert(tx, event.application(), event.id, &event.data).await? {
        return Ok(());
    }
    Err(Failure::park("replied before it was submitted"))
}
