//! Turns facts into queued emails.

use std::collections::HashMap;

use bus::{Failure, Tx};
use events::{ApplicationId, Event, Fact};
use uuid::Uuid;

use crate::AppState;
use crate::mail::Mail;
use crate::store::contacts::{self, Contact};
use crate::store::deliveries::{self, NewEmail};

/// Queues the email that `mail` returns for each of these facts. Nothing is sent here: the rows are committed together
/// with the inbox.
pub(crate) async fn queue_emails<F: Fact<Key = ApplicationId>>(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<F>],
    mail: impl Fn(&F, &Contact) -> Option<Mail>,
) -> Result<(), Failure> {
    let contacts = contacts::of(tx, &applications(events)).await?;
    queue_emails_to(&contacts, service, tx, events, mail).await
}

/// As [`queue_emails`], to these contacts.
pub(crate) async fn queue_emails_to<F: Fact<Key = ApplicationId>>(
    contacts: &HashMap<ApplicationId, Contact>,
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<F>],
    mail: impl Fn(&F, &Contact) -> Option<Mail>,
) -> Result<(), Failure> {
    let mut emails = Vec::with_capacity(events.len());
    for event in events {
        let contact = &contacts[&event.key];
        let Some(mail) = mail(&event.data, contact) else { continue };
        let content = mail
            .render(event.time, contact, &service.portal, service.pages.messages())
            .map_err(Failure::park)?;
        emails.push(NewEmail {
            about: event.id,
            application: event.key,
            template: F::KIND.name(),
            traceparent: event.traceparent.as_deref(),
            recipient: &contact.email,
            message_id: deliveries::message_id(event.id, &contact.email, service.sender.domain()),
            content,
        });
    }
    let now = tx.now();
    deliveries::queue_all(tx, &emails, now).await?;
    service.sender.wake();
    Ok(())
}

pub(crate) fn applications<F: Fact<Key = ApplicationId>>(events: &[Event<F>]) -> Vec<Uuid> {
    events.iter().map(|event| event.key.uuid()).collect()
}

/// The email, unless the application was withdrawn.
pub(crate) fn unless_withdrawn(contact: &Contact, mail: Mail) -> Option<Mail> {
    contact.withdrawn_at.is_none().then_some(mail)
}
