//! The applicant replies while a person decides whether the application may be funded: explains, adds or asks (§ 25
//! (1), § 28 (1) VwVfG).

use bus::{Tx, outbox};
use chrono::{DateTime, Utc};
use events::{ApplicantReplied, ApplicationId, Cause, Person};
use pages::parse;

use crate::application::Status;
use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// Longest reply, in characters.
pub const LONGEST_REPLY: usize = 4_000;
/// The largest number of replies about one application.
pub const MOST_REPLIES: i32 = 20;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongText {
    #[error("a text is expected")]
    Missing,
    /// The number of characters, if more than [`LONGEST_REPLY`].
    #[error("expected at most {LONGEST_REPLY} characters; there are {0}")]
    TooLong(usize),
}

/// Why a reply is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No person decides on it, or no longer.
    #[error("a reply is possible only while a person decides on eligibility")]
    NotReferred(Status),
    #[error("there are {MOST_REPLIES} replies already: please ask the granting authority")]
    TooMany,
}

/// Cleans and checks the text of a reply.
pub fn text(typed: &str) -> Result<String, WrongText> {
    let text = parse::lines(typed);
    let length = parse::length(&text);
    if text.is_empty() {
        Err(WrongText::Missing)
    } else if length > LONGEST_REPLY {
        Err(WrongText::TooLong(length))
    } else {
        Ok(text)
    }
}

/// The fact that the applicant has replied; `replies` is the number of earlier replies.
pub fn reply(
    status: Status,
    replies: i32,
    text: String,
    by: Person,
    now: DateTime<Utc>,
) -> Result<ApplicantReplied, Refused> {
    if status != Status::Referred {
        return Err(Refused::NotReferred(status));
    }
    if replies >= MOST_REPLIES {
        return Err(Refused::TooMany);
    }
    Ok(ApplicantReplied { text, replied_by: by, replied_at: now })
}

/// Replies in `tx`: state, timeline and fact. Returns the number of replies; `None` if there is no such application;
/// the inner error says why the reply is not accepted.
pub async fn save(
    tx: &mut Tx,
    id: ApplicationId,
    text: String,
    by: Person,
    cause: Cause,
) -> Result<Option<Result<i32, Refused>>, sqlx::Error> {
    let Some(stored) = applications::lock(tx, id).await? else { return Ok(None) };
    let fact = match reply(stored.status, stored.replies, text, by, tx.now()) {
        Ok(fact) => fact,
        Err(refused) => return Ok(Some(Err(refused))),
    };
    applications::count_reply(tx, id).await?;
    let (at, by, text) = (fact.replied_at, fact.replied_by.name.clone(), fact.text.clone());
    let event = outbox::append(tx, id, fact, cause);
    timeline::note(tx, id, event, at, &Entry::Replied { by, text }).await?;
    Ok(Some(Ok(stored.replies + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_taken_only_while_a_person_decides_and_not_for_ever() {
        let by = || Person { id: "p1".into(), name: "Ayşe Yılmaz".into() };
        let now = DateTime::<Utc>::UNIX_EPOCH;
        for status in Status::ALL {
            let taken = reply(status, 0, "Hier ist sie.".into(), by(), now);
            assert_eq!(taken.is_ok(), status == Status::Referred, "{status:?}");
        }
        assert!(reply(Status::Referred, MOST_REPLIES - 1, "x".into(), by(), now).is_ok());
        assert_eq!(reply(Status::Referred, MOST_REPLIES, "x".into(), by(), now), Err(Refused::TooMany));
    }

    #[test]
    fn a_text_has_bounds() {
        assert_eq!(text("  Zeile 1\r\nZeile 2\t \n").as_deref(), Ok("Zeile 1\nZeile 2"));
        assert_eq!(text(" \r\n "), Err(WrongText::Missing));
        assert_eq!(text("\u{200b}\u{ad}\0"), Err(WrongText::Missing));
        assert_eq!(text("a\u{b}b\0").as_deref(), Ok("a\nb"));
        assert!(text(&"ä".repeat(LONGEST_REPLY)).is_ok());
        assert_eq!(text(&"ä".repeat(LONGEST_REPLY + 1)), Err(WrongText::TooLong(LONGEST_REPLY + 1)));
    }
}
