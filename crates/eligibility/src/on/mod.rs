//! Which function handles which fact.

mod applicant_replied;
mod application_submitted;
mod application_withdrawn;
mod call_published;
mod contact_changed;
mod tie_declared;
mod tie_ended;

use bus::Subscriptions;
use events::{
    ApplicantReplied, ApplicationSubmitted, ApplicationWithdrawn, CallPublished, ContactChanged, TieDeclared,
    TieEnded,
};

use crate::AppState;

/// SQL: what operators see of one application.
const DESCRIPTION: &str = "select jsonb_build_object('state', state, 'verdict', verdict, 'rule_version', rule_version) from cases where id = $1";
/// SQL: how many cases are in each state.
const CENSUS: &str = "select state, count(*) from cases group by state";

pub fn subscriptions() -> Subscriptions<AppState> {
    Subscriptions::new()
        .on::<CallPublished, _>(call_published::handle)
        .on_many::<ApplicationSubmitted, _>(application_submitted::handle)
        .on::<ApplicationWithdrawn, _>(application_withdrawn::handle)
        .on::<ContactChanged, _>(contact_changed::handle)
        .on::<ApplicantReplied, _>(applicant_replied::handle)
        .on::<TieDeclared, _>(tie_declared::handle)
        .on::<TieEnded, _>(tie_ended::handle)
        .describe(DESCRIPTION)
        .census(CENSUS)
}
