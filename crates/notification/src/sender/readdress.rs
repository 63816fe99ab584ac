//! After a contact was corrected, emails that were not delivered go to the new address, each as a new delivery with a
//! new Message-ID. An email that was sent is never sent again.

use std::collections::BTreeMap;

use bus::Failure;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::writer::Writer;
use crate::mail::Content;
use crate::mail::{is_lasting, outlives_withdrawal};
use crate::store::contacts::Contact;
use crate::store::deliveries::{self, NewEmail, PastDelivery};

/// An email to be queued to another address.
pub struct Email<'a> {
    /// The fact that the email is about.
    pub about: Uuid,
    pub template: &'a str,
    /// As rendered for the old address.
    pub content: Content,
    /// W3C trace context.
    pub traceparent: Option<&'a str>,
}

/// Queues `email` to the present address of `contact`, rendered again for that person. Returns the id of the delivery;
/// `None` if it was sent there or is queued already.
pub async fn queue(
    connection: &mut PgConnection,
    writer: &Writer,
    contact: &Contact,
    email: Email<'_>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Failure> {
    let content = match &email.content.source {
        Some(source) => writer.write(source, contact).map_err(Failure::park)?,
        None => email.content,
    };
    let about = email.about.into();
    let new = NewEmail {
        about,
        application: contact.application,
        template: email.template,
        traceparent: email.traceparent,
        recipient: &contact.email,
        message_id: deliveries::message_id(about, &contact.email, writer.domain()),
        content,
    };
    if deliveries::queue(connection, &new, now).await? {
        return Ok(deliveries::id_of(connection, email.about, &contact.email).await?);
    }
    Ok(deliveries::reopen(connection, email.about, &contact.email, now).await?)
}

/// Queues undeliverable emails that are still useful to the present address of `contact`. The caller holds its lock.
pub async fn failed(
    connection: &mut PgConnection,
    writer: &Writer,
    contact: &Contact,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let past = deliveries::past(connection, contact.application).await?;
    for one in still_of_use(&past, &contact.email, contact.withdrawn_at.is_some()) {
        let (content, traceparent) = deliveries::content(connection, one.id).await?;
        let traceparent = traceparent.as_deref();
        let email = Email { about: one.about, template: &one.template, content, traceparent };
        queue(connection, writer, contact, email, now).await?;
    }
    Ok(())
}

/// The undeliverable emails to other addresses that are still useful at `address`, oldest first: none that was sent to
/// any address or is queued; one that only reports progress, only if there is no later one.
fn still_of_use<'a>(past: &'a [PastDelivery], address: &str, withdrawn: bool) -> Vec<&'a PastDelivery> {
    let mut by_fact = BTreeMap::<i64, Vec<&PastDelivery>>::new();
    for one in past {
        let first = past.iter().find(|other| other.about == one.about).map_or(one.id, |first| first.id);
        by_fact.entry(first).or_default().push(one);
    }
    let newest = by_fact.keys().next_back().copied();
    let of_use = by_fact.into_iter().filter_map(|(first, deliveries)| {
        let given_up = deliveries.iter().all(|one| matches!(one.state.as_str(), "failed" | "superseded"));
        let last = deliveries.iter().rev().find(|one| one.state == "failed" && one.recipient != address)?;
        let template = last.template.as_str();
        let current = if withdrawn {
            outlives_withdrawal(template)
        } else {
            is_lasting(template) || Some(first) == newest
        };
        (given_up && current).then_some(*last)
    });
    of_use.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(rows: &[(u128, &str, &str, &str)]) -> Vec<PastDelivery> {
        let row =
            |(id, (about, template, recipient, state)): (i64, &(u128, &str, &str, &str))| PastDelivery {
                id,
                about: Uuid::from_u128(*about),
                template: (*template).to_owned(),
                recipient: (*recipient).to_owned(),
                state: (*state).to_owned(),
            };
        (1..).zip(rows).map(row).collect()
    }

    fn of_use(rows: &[(u128, &str, &str, &str)], withdrawn: bool) -> Vec<i64> {
        still_of_use(&past(rows), "new", withdrawn).iter().map(|one| one.id).collect()
    }

    #[test]
    fn what_proves_something_and_the_newest_news_go_out_and_what_was_sent_never_again() {
        let all = [
            (1, "application-submitted", "old", "failed"),
            (2, "eligibility-referred", "old", "failed"),
            (3, "eligibility-confirmed", "old", "failed"),
        ];
        assert_eq!(of_use(&all, false), [1, 3]);
        // A second correction, after one delivery to the first corrected address was sent and one failed.
        let mut again = all.to_vec();
        again.extend([
            (1, "application-submitted", "mid", "sent"),
            (3, "eligibility-confirmed", "mid", "failed"),
        ]);
        assert_eq!(of_use(&again, false), [5]);
        again[4].3 = "queued";
        assert_eq!(of_use(&again, false), [0_i64; 0]);
        // A later email was sent: the older progress report is out of date, the receipt is not.
        let later = [
            (1, "application-submitted", "old", "failed"),
            (2, "eligibility-confirmed", "old", "failed"),
            (3, "review-completed", "old", "sent"),
        ];
        assert_eq!(of_use(&later, false), [1]);
    }

    #[test]
    fn after_a_withdrawal_only_what_outlives_it() {
        let all = [
            (1, "application-submitted", "old", "failed"),
            (2, "notice-issued", "old", "failed"),
            (3, "application-withdrawn", "old", "failed"),
        ];
        assert_eq!(of_use(&all, true), [2, 3]);
    }

    #[test]
    fn what_failed_at_the_very_address_stays_failed() {
        assert_eq!(of_use(&[(1, "notice-issued", "new", "failed")], false), [0_i64; 0]);
    }
}
