//! Submits an application.

use bus::{Tx, outbox};
use events::{ApplicationId, ApplicationSubmitted, Call, CallId, Cause, Person};

use crate::FileNumbers;
use crate::application::{Ready, Refused};
use crate::store::applications;

/// What came of it.
#[derive(Debug)]
pub enum Submission {
    Done(Box<ApplicationSubmitted>),
    Refused(Refused),
    /// No such call has been published.
    NoCall,
}

/// Submits what `check` finds ready by the rules in force as `id` in `tx`: state, first line of the timeline and fact;
/// the draft, if there is one, is deleted. The file number is taken at once, even if `tx` is rolled back.
///
/// `check` may be asked more than once: first by the rules as they are remembered, which nobody is refused by.
pub async fn submit(
    tx: &mut Tx,
    numbers: &FileNumbers,
    id: ApplicationId,
    call: CallId,
    check: impl Fn(&Call) -> Result<Ready, Refused>,
    by: Person,
    cause: Cause,
) -> Result<Submission, sqlx::Error> {
    let mut remembered = numbers.remembered(call);
    loop {
        let is_fresh = remembered.is_none();
        let rules = match remembered.take() {
            Some(rules) => rules,
            None => match numbers.rules(tx, call).await? {
                Some(rules) => rules,
                None => return Ok(Submission::NoCall),
            },
        };
        let ready = match check(&rules) {
            Ok(ready) => ready,
            Err(refused) if is_fresh => return Ok(Submission::Refused(refused)),
            Err(_) => continue,
        };
        // None: another version is in force meanwhile.
        let Some(number) = numbers.next(&rules).await? else { continue };
        let ags = ready.ags().clone();
        let (status, fact) = ready.submit(format!("{}-{number:04}", rules.file_number_prefix), by);
        let event = outbox::append(tx, id, fact.clone(), cause);
        applications::insert(tx, id, &ags, status, event, &fact).await?;
        return Ok(Submission::Done(Box::new(fact)));
    }
}
