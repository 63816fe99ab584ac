//! The only registry: fact → handler. Every fact heard becomes one email to the contact.

mod application_submitted;
mod application_waitlisted;
mod application_withdrawn;
mod eligibility_confirmed;
mod eligibility_referred;
mod ineligibility_confirmed;
mod notice_became_final;
mod notice_issued;
mod review_completed;

use bus::{Failure, Subscriptions, Tx};
use events::{
    ApplicationId, ApplicationSubmitted, ApplicationWaitlisted, ApplicationWithdrawn, EligibilityConfirmed,
    EligibilityReferred, Event, Fact, IneligibilityConfirmed, NoticeBecameFinal, NoticeIssued,
    ReviewCompleted,
};

use crate::Service;
use crate::mail::Mail;
use crate::store::contacts::Contact;
use crate::store::deliveries::{self, New};

/// What operators see of one application.
const DESCRIPTION: &str = "select jsonb_build_object('emails', (select coalesce(jsonb_agg(jsonb_build_object('template', d.template,
        'recipient', d.recipient, 'state', d.state) order by d.id), '[]') from deliveries d where d.application_id = $1))";
/// How many applications are in each state.
const CENSUS: &str = "select case when withdrawn_at is null then 'known' else 'withdrawn' end, count(*) from contacts group by 1";

/// What notification hears.
pub fn subscriptions() -> Subscriptions<Service> {
    Subscriptions::new()
        .on::<ApplicationSubmitted, _>(application_submitted::handle)
        .on::<ApplicationWithdrawn, _>(application_withdrawn::handle)
        .on::<EligibilityConfirmed, _>(eligibility_confirmed::handle)
        .on::<EligibilityReferred, _>(eligibility_referred::handle)
        .on::<IneligibilityConfirmed, _>(ineligibility_confirmed::handle)
        .on::<ReviewCompleted, _>(review_completed::handle)
        .on::<ApplicationWaitlisted, _>(application_waitlisted::handle)
        .on::<NoticeIssued, _>(notice_issued::handle)
        .on::<NoticeBecameFinal, _>(notice_became_final::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}

/// Queues the email about this fact. Nothing is sent in here: the row commits with the inbox.
async fn tell<F: Fact<Key = ApplicationId>>(
    service: &Service,
    tx: &mut Tx,
    event: &Event<F>,
    contact: &Contact,
    mail: Mail,
) -> Result<(), Failure> {
    let content = mail.render(contact, &service.portal, service.pages.messages()).map_err(Failure::park)?;
    let new = New {
        about: event.id,
        application: event.application(),
        template: F::KIND.name(),
        traceparent: event.traceparent.as_deref(),
        recipient: &contact.email,
        message_id: deliveries::message_id(event.id, &contact.email, service.sender.domain()),
        content,
    };
    let now = tx.now();
    deliveries::queue(tx, &new, now).await?;
    service.sender.wake();
    Ok(())
}
