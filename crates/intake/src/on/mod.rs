//! Which fact is heard by which function. Each one moves the application's status and adds a line to its timeline.

mod application_waitlisted;
mod award_granted;
mod award_rejected;
mod eligibility_confirmed;
mod eligibility_referred;
mod email_bounced;
mod email_sent;
mod ineligibility_confirmed;
mod notice_became_final;
mod notice_issued;
mod review_completed;

use bus::{Failure, Subscriptions, Tx};
use events::{
    ApplicationId, ApplicationWaitlisted, AwardGranted, AwardRejected, EligibilityConfirmed,
    EligibilityReferred, EmailBounced, EmailSent, Event, Fact, IneligibilityConfirmed, NoticeBecameFinal,
    NoticeIssued, ReviewCompleted,
};

use crate::Service;
use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// What operators see of one application.
const DESCRIPTION: &str = "select jsonb_build_object('status', status, 'file_number', file_number,
        'entries', (select count(*) from timeline t where t.application_id = a.id)) from applications a where id = $1";
/// How many applications are in each state.
const CENSUS: &str = "select status, count(*) from applications group by status";

/// The registry.
pub fn subscriptions() -> Subscriptions<Service> {
    Subscriptions::new()
        .on::<EligibilityConfirmed, _>(eligibility_confirmed::handle)
        .on::<EligibilityReferred, _>(eligibility_referred::handle)
        .on::<IneligibilityConfirmed, _>(ineligibility_confirmed::handle)
        .on::<ReviewCompleted, _>(review_completed::handle)
        .on::<AwardGranted, _>(award_granted::handle)
        .on::<AwardRejected, _>(award_rejected::handle)
        .on::<ApplicationWaitlisted, _>(application_waitlisted::handle)
        .on::<NoticeIssued, _>(notice_issued::handle)
        .on::<NoticeBecameFinal, _>(notice_became_final::handle)
        .on::<EmailSent, _>(email_sent::handle)
        .on::<EmailBounced, _>(email_bounced::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}

/// Notes what `event` says. Everything heard here is an answer to something intake has said.
async fn note<F: Fact<Key = ApplicationId>>(
    tx: &mut Tx,
    event: &Event<F>,
    entry: Entry,
) -> Result<(), Failure> {
    let id = event.application();
    let Some(status) = applications::lock_status(tx, id).await? else {
        return Err(Failure::park(format!("the application {id} was never submitted here")));
    };
    if let Some(said) = entry.status() {
        applications::save_status(tx, id, status.heard(said)).await?;
    }
    timeline::note(tx, id, event.id, event.time, &entry).await?;
    Ok(())
}
