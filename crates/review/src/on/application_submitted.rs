//! There is a new application: put it on the table, to open once eligibility is confirmed.

use bus::{Failure, Tx};
use events::{ApplicationSubmitted, Event};

use crate::Service;
use crate::store::files;

pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<ApplicationSubmitted>) -> Result<(), Failure> {
    Ok(files::announce(tx, event.application(), &event.data).await?)
}
