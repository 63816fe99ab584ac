//! An email about the application was sent: recorded for the page of the file.

use bus::{Failure, Tx};
use events::{EmailSent, Event};

use crate::AppState;
use crate::store::mails::{self, Mail};

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EmailSent>]) -> Result<(), Failure> {
    let outcomes = events.iter().map(|event| {
        let EmailSent { template, recipient, sent_at, .. } = event.data.clone();
        (event.id, event.application(), Mail { template, recipient, at: sent_at, bounced: None })
    });
    Ok(mails::record(tx, outcomes).await?)
}
