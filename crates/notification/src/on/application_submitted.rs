//! An application was submitted: stores its contact and queues the receipt.

use bus::{Failure, Tx};
use events::{ApplicationSubmitted, Event};
use pages::parse::{email, line};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::queue_emails_to;
use crate::store::contacts::{self, Contact};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationSubmitted>],
) -> Result<(), Failure> {
    let contacts = contacts::insert_all(tx, events.iter().map(contact).collect()).await?;
    let mail =
        |fact: &ApplicationSubmitted, _: &Contact| Some(Mail::ApplicationSubmitted { late: fact.late });
    queue_emails_to(&contacts, service, tx, events, mail).await
}

fn contact(event: &Event<ApplicationSubmitted>) -> Contact {
    let fact = &event.data;
    // Facts of old releases contain texts that were not cleaned: a name must not inject a header.
    Contact {
        application: event.application(),
        file_number: line(&fact.file_number),
        title: line(&fact.application.title),
        name: line(&fact.application.contact.name),
        email: email(&fact.application.contact.email),
        language: fact.application.contact.language,
        submitted_at: fact.submitted_at,
        withdrawn_at: None,
        call: Some(fact.call),
        authority: None,
    }
}

#[cfg(test)]
mod tests {
    use pages::parse::line;

    #[test]
    fn a_name_cannot_bring_its_own_header() {
        assert_eq!(line("  Erika\r\nBcc: all@example.org\u{0} "), "Erika Bcc: all@example.org");
    }
}
