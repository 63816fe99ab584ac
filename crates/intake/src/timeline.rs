//! The history of an application, as the applicant reads it.

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
    /// Id of the fact that the line is about.
    pub event: EventId,
    /// When the fact was published, UTC.
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened. Stored as JSON: entries and fields may only be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// The application was submitted and has a file number.
    Submitted {
        /// It came after the call had closed.
        late: bool,
    },
    /// The applicant has withdrawn it.
    Withdrawn {
        /// The reason, if the applicant gave one.
        reason: Option<String>,
    },
    /// It may be funded.
    Eligible,
    /// A person has to decide whether it may be funded.
    Referred {
        /// What that person has to decide.
        points: Vec<Point>,
    },
    /// It may not be funded.
    Ineligible {
        /// The reason that the person gave.
        reason: Option<String>,
    },
    /// All reviews are done.
    Reviewed,
    /// It has been decided; what was decided, only the notice says (§ 41 VwVfG).
    Decided,
    /// It is worth funding, but no money is left at the moment.
    Waitlisted,
    /// The notice can be read in the portal.
    NoticeIssued,
    /// The time limit for legal remedies has passed.
    NoticeFinal {
        /// The first day on which the notice is final.
        from: NaiveDate,
    },
    /// An email was sent.
    EmailSent {
        /// Name of its template.
        template: String,
        /// Address that it was sent to.
        recipient: String,
        /// It may have arrived twice.
        twice: bool,
    },
    /// An email could not be delivered.
    EmailBounced {
        /// Name of its template.
        template: String,
        /// Address that it was sent to.
        recipient: String,
        /// What the mail server said.
        reason: String,
    },
    /// The contact was corrected.
    ContactChanged {
        /// Name of the person who corrected it.
        by: String,
        before: Contact,
        after: Contact,
    },
    /// The applicant has replied to the points that a person has to decide.
    Replied {
        /// Name of the person who wrote the reply.
        by: String,
        text: String,
    },
}

/// A point that the rules could not settle (§ 25 VwVfG: the applicant is told what would help).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// The clause of the rules that it is about.
    pub clause: String,
    /// What was found, in German.
    pub value: String,
    /// What would help, in German.
    pub remedy: Option<String>,
    /// Both texts in English; points that older releases stored have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<events::FindingTexts>,
}

impl Point {
    /// The point as a sentence in the reader's language, if it exists in it, after the code of the language it is in.
    pub fn say(&self, page: &pages::Page) -> (&'static str, String) {
        let (code, clause, value, remedy) = self.texts(page);
        let remedy = remedy.map(|remedy| format!(" {remedy}")).unwrap_or_default();
        (code, format!("{value} ({clause}){remedy}"))
    }

    /// The code of the language of the texts, the clause, what was found, and what would help.
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
    /// The status that the application has after this entry; `None` if it does not change.
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

    /// Key of its title in the message catalogue.
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

    /// The changed parts of a contact: key of the label, before, after.
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

/// What the mail server said, if the newest email to `address` bounced.
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
