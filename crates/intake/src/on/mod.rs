//! Which function handles which fact. Each one moves the status of the application and adds a line to its timeline.

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

use bus::Subscriptions;
use events::{
    ApplicationWaitlisted, AwardGranted, AwardRejected, EligibilityConfirmed, EligibilityReferred,
    EmailBounced, EmailSent, IneligibilityConfirmed, NoticeBecameFinal, NoticeIssued, ReviewCompleted,
};

use crate::AppState;

/// SQL: what operators see of one application.
const DESCRIPTION: &str = "select jsonb_build_object('status', status, 'file_number', file_number,
        'entries', (select count(*) from timeline t where t.application_id = a.id)) from applications a where id = $1";
/// SQL: how many applications have each status.
const CENSUS: &str = "select status, count(*) from applications group by status";

pub fn subscriptions() -> Subscriptions<AppState> {
    Subscriptions::new()
        .note_many::<EligibilityConfirmed, _>(eligibility_confirmed::handle)
        .on_many::<EligibilityReferred, _>(eligibility_referred::handle)
        .on_many::<IneligibilityConfirmed, _>(ineligibility_confirmed::handle)
        .note_many::<ReviewCompleted, _>(review_completed::handle)
        .on_many::<AwardGranted, _>(award_granted::handle)
        .on_many::<AwardRejected, _>(award_rejected::handle)
        .on_many::<ApplicationWaitlisted, _>(application_waitlisted::handle)
        .on_many::<NoticeIssued, _>(notice_issued::handle)
        .on_many::<NoticeBecameFinal, _>(notice_became_final::handle)
        .note_many::<EmailSent, _>(email_sent::handle)
        .note_many::<EmailBounced, _>(email_bounced::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}
