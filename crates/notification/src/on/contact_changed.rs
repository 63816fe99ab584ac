//! A contact was corrected: undeliverable emails that are still useful are queued to the new address, and emails that
//! wait are sent there at once.

use bus::{Failure, Tx};
use events::{ContactChanged, Event};

use crate::AppState;
use crate::sender::readdress;
use crate::store::{contacts, deliveries};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ContactChanged>],
) -> Result<(), Failure> {
    // Locks are taken in the order of the applications' ids, as everywhere.
    let mut events: Vec<&Event<ContactChanged>> = events.iter().collect();
    events.sort_by_key(|event| event.key.uuid());
    for event in &events {
        if !contacts::correct(tx, event.key, &event.data).await? {
            return Err(Failure::park("a contact was corrected before its application was submitted"));
        }
    }
    let keys: Vec<_> = events.iter().map(|event| event.key.uuid()).collect();
    let contacts = contacts::of(tx, &keys).await?;
    let now = tx.now();
    for contact in contacts.values() {
        readdress::failed(tx, service.sender.writer(), contact, now).await?;
        // The claim notices the changed address.
        deliveries::make_due(tx, contact.application, now).await?;
    }
    service.sender.wake();
    Ok(())
}
