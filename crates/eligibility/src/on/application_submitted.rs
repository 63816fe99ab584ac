//! An application is in: confirm it where the rules are clear, else refer it to a person.

use bus::{Failure, Tx, outbox};
use events::{ApplicationSubmitted, Event};

use crate::Service;
use crate::case::Case;
use crate::register::Register;
use crate::rules::assess;
use crate::store::{calls, cases};

pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<ApplicationSubmitted>) -> Result<(), Failure> {
    let submitted = event.data.clone();
    let Some(call) = calls::find(tx, submitted.call).await? else {
        // Numbered by itself, the call may be on its way behind its first application.
        return Err(Failure::not_yet(format!("call {}", submitted.call)));
    };
    let assessment = assess(&call, &submitted, Register::nrw());
    let (case, fact) = Case::open(event.application(), submitted, assessment, tx.now());
    cases::insert(tx, &case).await?;
    outbox::append(tx, case.id, fact, event.cause());
    Ok(())
}
