//! A person must look at it. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{EligibilityReferred, Event, Outcome};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{tell, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<EligibilityReferred>],
) -> Result<(), Failure> {
    tell(service, tx, events, |fact, contact| {
        let open = fact.findings.iter().filter(|finding| finding.outcome == Outcome::PersonMustDecide);
        let remedies = open.filter_map(|finding| finding.remedy.clone()).collect();
        unless_withdrawn(contact, Mail::EligibilityReferred { remedies })
    })
    .await
}
