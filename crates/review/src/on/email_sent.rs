//! An email about the application went out: noted, to be shown on the file.

use bus::{Failure, Tx};
use events::{EmailSent, Event};

use crate::Service;
use crate::store::mails::{self, Mail};

pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<EmailSent>) -> Result<(), Failure> {
    let EmailSent { template, recipient, sent_at, .. } = event.data.clone();
    let mail = Mail { template, recipient, at: sent_at, bounced: None };
    Ok(mails::note(tx, event.id, event.application(), &mail).await?)
}
