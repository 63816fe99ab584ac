//! An application was submitted: adds a file, which opens once eligibility is confirmed.

use bus::{Failure, Tx};
use events::{ApplicationSubmitted, Event};

use crate::AppState;
use crate::store::{files, ties};

pub async fn handle(
    _: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationSubmitted>],
) -> Result<(), Failure> {
    let submitted: Vec<_> = events.iter().map(|event| (event.application(), &event.data)).collect();
    files::announce_all(tx, &submitted).await?;
    let applications: Vec<_> = submitted.iter().map(|(application, _)| application.uuid()).collect();
    Ok(ties::publish_for_files(tx, &applications).await?)
}
