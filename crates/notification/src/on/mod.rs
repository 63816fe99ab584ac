//! The handlers of the facts that notification consumes, one file each. Most of them queue an email to the contact.

mod application_submitted;
mod application_waitlisted;
mod application_withdrawn;
mod call_published;
mod contact_changed;
mod eligibility_confirmed;
mod eligibility_referred;
mod ineligibility_confirmed;
mod notice_became_final;
mod notice_issued;
mod review_completed;

use bus::Subscriptions;
use events::{
    ApplicationSubmitted, ApplicationWaitlisted, ApplicationWithdrawn, CallPublished, ContactChanged,
    EligibilityConfirmed, EligibilityReferred, IneligibilityConfirmed, NoticeBecameFinal, NoticeIssued,
    ReviewCompleted,
};

use crate::AppState;

/// What operators see of an application.
const DESCRIPTION: &str = "select jsonb_build_object('emails', (select coalesce(jsonb_agg(jsonb_build_object('template', d.template,
        'recipient', d.recipient, 'state', d.state) order by d.id), '[]') from deliveries d where d.application_id = $1))";
/// Number of applications that are withdrawn, and that are not.
const CENSUS: &str = "select case when known then 'known' else 'withdrawn' end, count from (select withdrawn_at is null as known, count(*) from contacts group by withdrawn_at is null) as counted";

pub fn subscriptions() -> Subscriptions<AppState> {
    Subscriptions::new()
        .on_many::<ApplicationSubmitted, _>(application_submitted::handle)
        .on_many::<ApplicationWithdrawn, _>(application_withdrawn::handle)
        .on::<CallPublished, _>(call_published::handle)
        .on_many::<ContactChanged, _>(contact_changed::handle)
        .on_many::<EligibilityConfirmed, _>(eligibility_confirmed::handle)
        .on_many::<EligibilityReferred, _>(eligibility_referred::handle)
        .on_many::<IneligibilityConfirmed, _>(ineligibility_confirmed::handle)
        .on_many::<ReviewCompleted, _>(review_completed::handle)
        .on_many::<ApplicationWaitlisted, _>(application_waitlisted::handle)
        .on_many::<NoticeIssued, _>(notice_issued::handle)
        .on_many::<NoticeBecameFinal, _>(notice_became_final::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}
