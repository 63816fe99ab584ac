//! There is a new application: put it on the table, to open once eligibility is confirmed.

use bus::{Failure, Tx};
use events::{ApplicationSubmitted, Event};

use crate::Service;
use crate::store::files;

pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<ApplicationSubmitted>]) -> Result<(), Failure> {
    let submitted: Vec<_> = events.iter().map(|event| (event.application(), &event.data)).collect();
    Ok(files::announce_all(tx, &submitted).await?)
}
