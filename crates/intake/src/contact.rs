//! Corrects the contact of a submitted application, for example an email address with a typing error.

use bus::{Tx, outbox};
use chrono::{DateTime, Utc};
use events::{ApplicationId, Cause, Contact, ContactChanged, Person};

use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// How often the contact of one application can be corrected: each time, emails may go out again.
pub const MOST_CHANGES: i32 = 50;

/// Why a contact is not corrected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCorrected {
    /// Somebody else has corrected it since the page was opened.
    #[error("the contact has been corrected in between")]
    Stale,
    #[error("the contact was corrected {MOST_CHANGES} times: please ask the granting authority")]
    TooOften,
}

/// The fact that `after` replaces `before`; `None` if both are the same. `changes` is the number of corrections so
/// far, `seen` the number that the page knew of; `None` skips that check.
pub fn correct(
    before: &Contact,
    after: Contact,
    changes: i32,
    seen: Option<i32>,
    by: Person,
    now: DateTime<Utc>,
) -> Result<Option<ContactChanged>, NotCorrected> {
    if *before == after {
        return Ok(None);
    }
    if seen.is_some_and(|seen| seen != changes) {
        return Err(NotCorrected::Stale);
    }
    if changes >= MOST_CHANGES {
        return Err(NotCorrected::TooOften);
    }
    let previous_email = before.email.clone();
    Ok(Some(ContactChanged { contact: after, previous_email, changed_by: by, changed_at: now }))
}

/// Corrects the contact in `tx`: state, timeline and fact. `None` if there is no such application; the inner error
/// says why the contact is not corrected.
pub async fn save(
    tx: &mut Tx,
    id: ApplicationId,
    after: Contact,
    seen: Option<i32>,
    by: Person,
    cause: Cause,
) -> Result<Option<Result<(), NotCorrected>>, sqlx::Error> {
    let Some(stored) = applications::lock(tx, id).await? else { return Ok(None) };
    let before = stored.submitted.application.contact;
    let fact = match correct(&before, after, stored.contact_changes, seen, by, tx.now()) {
        Ok(Some(fact)) => fact,
        Ok(None) => return Ok(Some(Ok(()))),
        Err(refused) => return Ok(Some(Err(refused))),
    };
    applications::save_contact(tx, id, &fact.contact).await?;
    let (at, after, by) = (fact.changed_at, fact.contact.clone(), fact.changed_by.name.clone());
    let event = outbox::append(tx, id, fact, cause);
    timeline::note(tx, id, event, at, &Entry::ContactChanged { by, before, after }).await?;
    Ok(Some(Ok(())))
}

#[cfg(test)]
mod tests {
    use testkit::samples;

    use super::*;

    fn by() -> Person {
        Person { id: "p1".into(), name: "Ayşe Yılmaz".into() }
    }

    #[test]
    fn a_correction_is_said_once_undoes_nobody_and_has_an_end() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let before = samples::application().contact;
        let after = Contact { email: "neu@solingen.example".into(), ..before.clone() };
        let fact = correct(&before, after.clone(), 0, Some(0), by(), now).unwrap().unwrap();
        assert_eq!((&fact.contact, &fact.previous_email), (&after, &before.email));
        // A second click changes nothing, whatever it has seen.
        assert_eq!(correct(&after, after.clone(), 1, Some(0), by(), now), Ok(None));
        assert_eq!(correct(&before, after.clone(), 1, Some(0), by(), now), Err(NotCorrected::Stale));
        assert!(correct(&before, after.clone(), 1, None, by(), now).unwrap().is_some());
        let often = correct(&before, after, MOST_CHANGES, Some(MOST_CHANGES), by(), now);
        assert_eq!(often, Err(NotCorrected::TooOften));
    }
}
