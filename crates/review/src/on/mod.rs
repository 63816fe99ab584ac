//! The handlers of the facts that review consumes, one file each.

mod application_submitted;
mod application_withdrawn;
mod call_published;
mod eligibility_confirmed;
mod email_bounced;
mod email_sent;

use bus::Subscriptions;
use events::{
    ApplicationSubmitted, ApplicationWithdrawn, CallPublished, EligibilityConfirmed, EmailBounced, EmailSent,
};

use crate::AppState;

/// What operators see of an application.
const DESCRIPTION: &str = "select jsonb_build_object('state', state, 'needed', needed, 'given', given) from files where application = $1";
/// Number of applications in each state.
const CENSUS: &str = "select state, count(*) from files group by state";

pub fn subscriptions() -> Subscriptions<AppState> {
    Subscriptions::new()
        .on::<CallPublished, _>(call_published::handle)
        .note_many::<ApplicationSubmitted, _>(application_submitted::handle)
        .on::<ApplicationWithdrawn, _>(application_withdrawn::handle)
        .on_many::<EligibilityConfirmed, _>(eligibility_confirmed::handle)
        .note_many::<EmailSent, _>(email_sent::handle)
        .on::<EmailBounced, _>(email_bounced::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}
