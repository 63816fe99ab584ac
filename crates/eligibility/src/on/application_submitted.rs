//! An application was submitted: confirmed if the rules are clear, otherwise referred to a person.

use bus::{Failure, Tx, outbox};
use events::{ApplicationSubmitted, Event};

use crate::AppState;
use crate::case::Case;
use crate::register::Register;
use crate::rules::assess;
use crate::store::{calls, cases};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationSubmitted>],
) -> Result<(), Failure> {
    let wanted = |submitted: &ApplicationSubmitted| (submitted.call, submitted.rule_version);
    let each = events.iter().map(|event| wanted(&event.data));
    let calls = calls::find_unless_known(tx, &service.rules, each).await?;
    let mut opened = Vec::with_capacity(events.len());
    for event in events {
        let submitted = event.data.clone();
        let Some(call) = calls.get(&wanted(&submitted)) else {
            // Calls and applications are numbered independently: the first application of a call may overtake it.
            return Err(Failure::not_yet(format!("call {}", submitted.call)));
        };
        let assessment = assess(call, &submitted, Register::nrw());
        opened.push(Case::open(event.application(), submitted, assessment, tx.now()));
    }
    cases::insert(tx, &opened.iter().map(|(case, _)| case).collect::<Vec<_>>()).await?;
    for (event, (case, fact)) in events.iter().zip(opened) {
        outbox::append(tx, case.id, fact, event.cause());
    }
    Ok(())
}
