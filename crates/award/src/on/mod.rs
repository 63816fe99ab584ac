//! The handlers of the facts that award consumes, one file each.

mod application_submitted;
mod application_withdrawn;
mod call_published;
mod contact_changed;
mod email_bounced;
mod email_sent;
mod review_completed;
mod tie_declared;
mod tie_ended;

use bus::Subscriptions;
use events::{
    ApplicationSubmitted, ApplicationWithdrawn, CallPublished, ContactChanged, EmailBounced, EmailSent,
    ReviewCompleted, TieDeclared, TieEnded,
};

use crate::AppState;

/// What operators see of an application.
const DESCRIPTION: &str = "select jsonb_build_object('stage', stage, 'expected_cents', expected_cents, 'revision', revision) from cases where application = $1";
/// Number of applications in each state.
const CENSUS: &str = "select stage, count(*) from cases group by stage";

pub fn subscriptions() -> Subscriptions<AppState> {
    Subscriptions::new()
        .on::<CallPublished, _>(call_published::handle)
        .note_many::<ApplicationSubmitted, _>(application_submitted::handle)
        .on::<ApplicationWithdrawn, _>(application_withdrawn::handle)
        .on::<ContactChanged, _>(contact_changed::handle)
        .on_many::<ReviewCompleted, _>(review_completed::handle)
        .note_many::<EmailSent, _>(email_sent::handle)
        .on::<EmailBounced, _>(email_bounced::handle)
        .on::<TieDeclared, _>(tie_declared::handle)
        .on::<TieEnded, _>(tie_ended::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}
