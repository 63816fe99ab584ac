//! An email about the application bounced: recorded for the page of the file.

use bus::{Failure, Tx};
use events::{EmailBounced, Event};

use crate::AppState;
use crate::store::mails::{self, Mail};

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<EmailBounced>) -> Result<(), Failure> {
    let EmailBounced { template, recipient, bounced_at, reason, .. } = event.data.clone();
    let mail = Mail { template, recipient, at: bounced_at, bounced: Some(reason) };
    Ok(mails::record(tx, [(event.id, event.application(), mail)]).await?)
}
