//! The contact of an application was corrected: later notices name the new one.

use bus::{Failure, Tx};
use events::{ContactChanged, Event};

use crate::AppState;
use crate::store::cases;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<ContactChanged>) -> Result<(), Failure> {
    if cases::save_contact(tx, event.application(), &event.data.contact).await? {
        return Ok(());
    }
    Err(Failure::park("a contact was corrected before its application was submitted"))
}
