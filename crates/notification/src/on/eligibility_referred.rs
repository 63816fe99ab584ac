//! A person has to decide on the eligibility: queues an email, unless the application was withdrawn meanwhile.

use bus::{Failure, Tx};
use events::{EligibilityReferred, Event, Outcome};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{queue_emails, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<EligibilityReferred>],
) -> Result<(), Failure> {
    queue_emails(service, tx, events, |fact, contact| {
        let open = fact.findings.iter().filter(|finding| finding.outcome == Outcome::PersonMustDecide);
        let remedies = open.filter_map(|finding| finding.remedy.clone()).collect();
        unless_withdrawn(contact, Mail::EligibilityReferred { remedies })
    })
    .await
}
