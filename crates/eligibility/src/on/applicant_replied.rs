//! The applicant has replied to the points that a person has to decide. Stored even if the case has been decided
//! meanwhile.

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
