//! What the emails say. They only tell that something waits in the portal: no decision, no notice, nothing of the
//! person but the name (§ 3a VwVfG NRW: a plain email opens no way of notification).

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use events::Kind;
use pages::Language;
use pages::messages::Messages;
use serde::{Deserialize, Serialize};

use crate::store::contacts::Contact;

/// What an email says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// `de` or `en`.
    pub language: String,
    /// Name of the recipient.
    pub recipient_name: String,
    /// Header `Subject`, not encoded.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// What it was written from; none where an older release wrote it.
    pub source: Option<Source>,
}

/// An email and what it needs to know beyond the contact. Stored as JSON: emails and fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// Receipt.
    ApplicationSubmitted {
        /// After the end of the window.
        late: bool,
    },
    /// Confirms the withdrawal.
    ApplicationWithdrawn {
        /// When it was withdrawn.
        at: DateTime<Utc>,
    },
    /// Goes to review.
    EligibilityConfirmed,
    /// A person looks at it.
    EligibilityReferred {
        /// What would help, in German, the language of the procedure.
        remedies: Vec<String>,
    },
    /// A result waits; which one is said in the portal only.
    IneligibilityConfirmed,
    /// Goes to the decision.
    ReviewCompleted,
    /// News wait; which is said in the portal only.
    ApplicationWaitlisted,
    /// The notice waits.
    NoticeIssued,
    /// The notice can no longer be challenged.
    NoticeBecameFinal {
        /// From that day.
        on: NaiveDate,
    },
}

/// What an email is written from. Kept, so that it can be written anew for a corrected contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which email.
    pub mail: Mail,
    /// When the fact was said that it tells of: emails that overtake each other name their day.
    pub at: DateTime<Utc>,
}

/// Whether the email named `template` is of use whenever it comes: it proves something, or something waits. What
/// others only say of the course of the procedure is out of date once there is a later one.
pub fn is_lasting(template: &str) -> bool {
    let lasting = [
        Kind::ApplicationSubmitted,
        Kind::ApplicationWithdrawn,
        Kind::IneligibilityConfirmed,
        Kind::NoticeIssued,
        Kind::NoticeBecameFinal,
    ];
    lasting.iter().any(|kind| kind.name() == template)
}

/// Whether the email named `template` is of use although the application was withdrawn.
pub fn outlives_withdrawal(template: &str) -> bool {
    let kinds = [Kind::ApplicationWithdrawn, Kind::NoticeIssued, Kind::NoticeBecameFinal];
    kinds.iter().any(|kind| kind.name() == template)
}

impl Mail {
    /// The fact it tells of; its name is the name of the email.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ApplicationSubmitted { .. } => Kind::ApplicationSubmitted,
            Self::ApplicationWithdrawn { .. } => Kind::ApplicationWithdrawn,
            Self::EligibilityConfirmed => Kind::EligibilityConfirmed,
            Self::EligibilityReferred { .. } => Kind::EligibilityReferred,
            Self::IneligibilityConfirmed => Kind::IneligibilityConfirmed,
            Self::ReviewCompleted => Kind::ReviewCompleted,
            Self::ApplicationWaitlisted => Kind::ApplicationWaitlisted,
            Self::NoticeIssued => Kind::NoticeIssued,
            Self::NoticeBecameFinal { .. } => Kind::NoticeBecameFinal,
        }
    }

    /// As [`Source::render`], of a fact that was said at `at`.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn render(
        self,
        at: DateTime<Utc>,
        contact: &Contact,
        portal: &str,
        messages: &Messages,
    ) -> Result<Content, askama::Error> {
        Source { mail: self, at }.render(contact, portal, messages)
    }
}

impl Source {
    /// The email to `contact`, in the contact's language. `portal` is the address of the portal.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn render(
        &self,
        contact: &Contact,
        portal: &str,
        messages: &Messages,
    ) -> Result<Content, askama::Error> {
        let language = match contact.language {
            events::Language::De => Language::De,
            events::Language::En => Language::En,
        };
        let name = self.mail.kind().name();
        let day = language.day(self.at);
        let say = |part: &str| messages.say(language, &format!("mail-{part}"), &[]);
        let own = |part: &str| say(&format!("{name}-{part}"));

        let mut details = vec![
            (say("file-number"), contact.file_number.clone()),
            (say("project"), contact.title.clone()),
            (say("submitted"), language.moment(contact.submitted_at)),
        ];
        let mut next = vec![own("next")];
        match &self.mail {
            Mail::ApplicationSubmitted { late: true } => next.insert(0, own("late")),
            Mail::ApplicationWithdrawn { at } => {
                details.push((say("withdrawn"), language.moment(*at)));
            }
            Mail::EligibilityReferred { remedies } => {
                details.extend(remedies.iter().map(|remedy| (say("remedy"), remedy.clone())));
            }
            Mail::NoticeBecameFinal { on } => details.push((say("final"), language.date(*on))),
            _ => {}
        }
        details.extend(contact.authority.iter().map(|authority| (say("authority"), authority.clone())));
        let letter = Letter {
            language: language.code(),
            // The name of the subject first: it stays readable where a narrow list cuts it off.
            subject: format!("{} ({})", own("subject"), contact.file_number),
            greeting: format!("{} {},", say("greeting"), contact.name),
            lead: messages.say(language, &format!("mail-{name}-lead"), &[("day", &day)]),
            details,
            next,
            open: say("open"),
            link: format!("{}/apply/applications/{}", portal.trim_end_matches('/'), contact.application),
            footer: say("footer"),
        };
        Ok(Content {
            language: letter.language.to_owned(),
            recipient_name: contact.name.clone(),
            text: letter.text(),
            html: letter.render()?,
            subject: letter.subject,
            source: Some(self.clone()),
        })
    }
}

/// The shape of all emails.
#[derive(Template)]
#[template(path = "mail.html")]
struct Letter {
    language: &'static str,
    subject: String,
    greeting: String,
    lead: String,
    details: Vec<(String, String)>,
    next: Vec<String>,
    open: String,
    link: String,
    footer: String,
}

impl Letter {
    fn text(&self) -> String {
        let details: String = self.details.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
        let Self { greeting, lead, open, link, footer, .. } = self;
        let next = self.next.join("\n\n");
        format!("{greeting}\n\n{lead}\n\n{details}\n{next}\n\n{open}:\n{link}\n\n-- \n{footer}\n")
    }
}
