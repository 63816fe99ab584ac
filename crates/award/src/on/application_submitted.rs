//! An application was submitted: opens a case.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bus::{Failure, Tx};
use chrono::Datelike;
use events::{ApplicationSubmitted, Event};

use crate::AppState;
use crate::award::{Case, Terms};
use crate::budget;
use crate::store::cases::NewCase;
use crate::store::history::{HistoryEntry, HistoryKind};
use crate::store::{calls, cases};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationSubmitted>],
) -> Result<(), Failure> {
    let mut known = HashMap::new();
    let mut announced = Vec::with_capacity(events.len());
    for event in events {
        let submitted = &event.data;
        let call = match known.entry(submitted.call) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let call = calls::newest(tx, &service.rules, submitted.call).await?;
                new.insert(call.ok_or_else(|| Failure::not_yet(format!("the call {}", submitted.call)))?)
            }
        };
        let start = submitted.application.project_period.from.year();
        let Some(year) = budget::year_of(call, start) else {
            return Err(Failure::park(format!("the call {} has no budget", call.key)));
        };
        let terms = Terms { call: submitted.call, year, applied: submitted.application.financing.grant };
        let case = Case::announced(event.application(), terms);
        let happened = HistoryEntry::new(submitted.submitted_at, HistoryKind::Announced)
            .by(&submitted.submitted_by)
            .amount(terms.applied)
            .because(event.id);
        announced.push(NewCase { case, submitted, happened, rules: call.version });
    }
    Ok(cases::insert(tx, &announced).await?)
}
