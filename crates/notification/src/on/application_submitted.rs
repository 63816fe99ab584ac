//! An application is in: keep its contact, and send the receipt.

use bus::{Failure, Tx};
use events::{ApplicationSubmitted, Event};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts::{self, Contact, one_line};

pub async fn handle(
    service: &Service,
    tx: &mut Tx,
    events: &[Event<ApplicationSubmitted>],
) -> Result<(), Failure> {
    let contacts: Vec<Contact> = events.iter().map(contact).collect();
    contacts::insert_all(tx, &contacts).await?;
    tell(service, tx, events, |fact, _| Some(Mail::ApplicationSubmitted { late: fact.late })).await
}

fn contact(event: &Event<ApplicationSubmitted>) -> Contact {
    let fact = &event.data;
    Contact {
        application: event.application(),
        file_number: one_line(&fact.file_number),
        title: one_line(&fact.application.title),
        name: one_line(&fact.application.contact.name),
        email: fact.application.contact.email.trim().to_owned(),
        language: fact.application.contact.language,
        submitted_at: fact.submitted_at,
        withdrawn_at: None,
        call: Some(fact.call),
        authority: None,
    }
}
