//! What has happened to an application, as the applicant reads it.

use chrono::{DateTime, NaiveDate, Utc};
use events::{
    Contact, Decider, EligibilityReferred, EmailBounced, EmailSent, EventId, IneligibilityConfirmed,
    NoticeBecameFinal, Outcome,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::application::Status;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The fact it tells of.
    pub event: EventId,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened. Stored as JSON: entries and fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// The application has a file number.
    Submitted {
        /// After the window closed.
        late: bool,
    },
    /// The applicant took it back.
    Withdrawn {
        /// Why, if they said so.
        reason: Option<String>,
    },
    /// It may be funded.
    Eligible,
    /// A person decides whether it may be funded.
    Referred {
        /// What that person has to look at.
        points: Vec<Point>,
    },
    /// It may not be funded.
    Ineligible {
        /// Why.
        reason: Option<String>,
    },
    /// The reviewers are done.
    Reviewed,
    /// It has been decided; what, says the notice alone (§ 41 VwVfG).
    Decided,
    /// It waits for money.
    Waitlisted,
    /// The notice waits in the portal.
    NoticeIssued,
    /// The time for a legal remedy is over.
    NoticeFinal {
        /// From this day on.
        from: NaiveDate,
    },
    /// An email went out.
    EmailSent {
        /// Which one.
        template: String,
        /// To this address.
        recipient: String,
        /// It may have arrived twice.
        twice: bool,
    },
    /// An email could not be delivered.
    EmailBounced {
        /// Which one.
        template: String,
        /// To this address.
        recipient: String,
        /// What the mail server said.
        reason: String,
    },
    /// Whom to write to was corrected.
    ContactChanged {
        /// Name of who corrected it.
        by: String,
        /// As it was.
        before: Contact,
        /// As it is since.
        after: Contact,
    },
    /// The applicant has replied to what a person has to decide.
    Replied {
        /// Name of who wrote it.
        by: String,
        /// What they wrote.
        text: String,
    },
}

/// A point that the rules could not settle (§ 25 VwVfG: the applicant is told what would help).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// The clause.
    pub clause: String,
    /// What was found, in German.
    pub value: String,
    /// What would help, in German.
    pub remedy: Option<String>,
    /// The same in English; points of older releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<events::FindingTexts>,
}

impl Point {
    /// In the reader's language, where it exists in it: the code of the language it is in, and the sentence.
    pub fn say(&self, page: &pages::Page) -> (&'static str, String) {
        let (code, clause, value, remedy) = self.texts(page);
        let remedy = remedy.map(|remedy| format!(" {remedy}")).unwrap_or_default();
        (code, format!("{value} ({clause}){remedy}"))
    }

    /// Clause, what was found, and what would help; the language of these texts first.
    pub fn texts(&self, page: &pages::Page) -> (&'static str, &str, &str, Option<&String>) {
        match &self.english {
            Some(english) if page.language == pages::Language::En => {
                ("en", &english.clause, &english.value, english.remedy.as_ref())
            }
            _ => ("de", &self.clause, &self.value, self.remedy.as_ref()),
        }
    }
}

impl Entry {
    /// Where the application stands after it; none where that stays as it is.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::Submitted { .. } => Some(Status::Submitted),
            Self::Withdrawn { .. } => Some(Status::Withdrawn),
            Self::Eligible => Some(Status::Eligible),
            Self::Referred { .. } => Some(Status::Referred),
            Self::Ineligible { .. } => Some(Status::Ineligible),
            Self::Reviewed => Some(Status::Reviewed),
            Self::Decided | Self::NoticeIssued => Some(Status::Decided),
            Self::Waitlisted => Some(Status::Waitlisted),
            Self::NoticeFinal { .. } => Some(Status::Final),
            Self::EmailSent { .. }
            | Self::EmailBounced { .. }
            | Self::ContactChanged { .. }
            | Self::Replied { .. } => None,
        }
    }

    /// Key of its title in the catalogue.
    pub fn message(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "entry-submitted",
            Self::Withdrawn { .. } => "entry-withdrawn",
            Self::Eligible => "entry-eligible",
            Self::Referred { .. } => "entry-referred",
            Self::Ineligible { .. } => "entry-ineligible",
            Self::Reviewed => "entry-reviewed",
            Self::Decided => "entry-decided",
            Self::Waitlisted => "entry-waitlisted",
            Self::NoticeIssued => "entry-notice-issued",
            Self::NoticeFinal { .. } => "entry-notice-final",
            Self::EmailSent { .. } => "entry-email-sent",
            Self::EmailBounced { .. } => "entry-email-bounced",
            Self::ContactChanged { .. } => "entry-contact-changed",
            Self::Replied { .. } => "entry-replied",
        }
    }

    /// What changed of a contact, part by part: key of its label, before, after.
    pub fn corrections(&self) -> Vec<(&'static str, &str, &str)> {
        let Self::ContactChanged { before, after, .. } = self else { return Vec::new() };
        let language = |contact: &Contact| match contact.language {
            events::Language::De => "Deutsch",
            events::Language::En => "English",
        };
        let mut parts = vec![
            ("field-contact-name", before.name.as_str(), after.name.as_str()),
            ("field-contact-email", &before.email, &after.email),
            ("field-contact-phone", &before.phone, &after.phone),
            ("field-contact-language", language(before), language(after)),
        ];
        parts.retain(|(_, before, after)| before != after);
        parts
    }
}

/// The address that emails did not reach last, while nothing was changed about it: the newest email to `address`
/// bounced.
pub fn unreachable<'a>(lines: &'a [Line], address: &str) -> Option<&'a str> {
    lines.iter().rev().find_map(|line| match &line.entry {
        Entry::EmailSent { recipient, .. } if recipient == address => Some(None),
        Entry::EmailBounced { recipient, reason, .. } if recipient == address => Some(Some(reason.as_str())),
        _ => None,
    })?
}

impl From<&EligibilityReferred> for Entry {
    fn from(fact: &EligibilityReferred) -> Self {
        let open = fact.findings.iter().filter(|finding| finding.outcome == Outcome::PersonMustDecide);
        let point = |finding: &events::Finding| Point {
            clause: finding.clause.clone(),
            value: finding.value.clone(),
            remedy: finding.remedy.clone(),
            english: finding.english.clone(),
        };
        Self::Referred { points: open.map(point).collect() }
    }
}

impl From<&IneligibilityConfirmed> for Entry {
    fn from(fact: &IneligibilityConfirmed) -> Self {
        let reason = match &fact.decided_by {
            Decider::Person { reason, .. } => Some(reason.clone()),
            Decider::Rules => None,
        };
        Self::Ineligible { reason }
    }
}

impl From<&NoticeBecameFinal> for Entry {
    fn from(fact: &NoticeBecameFinal) -> Self {
        Self::NoticeFinal { from: fact.final_on }
    }
}

impl From<&EmailSent> for Entry {
    fn from(fact: &EmailSent) -> Self {
        Self::EmailSent {
            template: fact.template.clone(),
            recipient: fact.recipient.clone(),
            twice: fact.ambiguous,
        }
    }
}

impl From<&EmailBounced> for Entry {
    fn from(fact: &EmailBounced) -> Self {
        Self::EmailBounced {
            template: fact.template.clone(),
            recipient: fact.recipient.clone(),
            reason: fact.reason.clone(),
        }
    }
}
