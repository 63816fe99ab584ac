//! An email about the application went out: noted, to be shown on the file.

use bus::{Failure, Tx};
use events::{EmailSent, Event};

use crate::AppState;
use crate::store::mails::{self, Mail};

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EmailSent>]) -> Result<(), Failure> {
    let fates = events.iter().map(|event| {
        let EmailSent { template, recipient, sent_at, .. } = event.data.clone();
        (event.id, event.application(), Mail { template, recipient, at: sent_at, bounced: None })
    });
    Ok(mails::note(tx, fates).await?)
}
