//! The texts of the emails. They only say that something waits in the portal: they contain no decision, no notice, and
//! of the person only the name (§ 3a VwVfG NRW: a plain email is not a valid way of notification).

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use events::Kind;
use pages::Language;
use pages::messages::Messages;
use serde::{Deserialize, Serialize};

use crate::store::contacts::Contact;

/// The content of an email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// `de` or `en`.
    pub language: String,
    /// Name of the recipient.
    pub recipient_name: String,
    /// Not encoded.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// What it was rendered from; `None` where an older release did.
    pub source: Option<Source>,
}

/// An email, with its data beyond the contact. Stored as JSON: variants and fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    ApplicationSubmitted {
        /// Whether it was submitted after the end of the call's window.
        late: bool,
    },
    ApplicationWithdrawn {
        at: DateTime<Utc>,
    },
    EligibilityConfirmed,
    /// A person decides on the eligibility.
    EligibilityReferred {
        /// What would help the decision, in German, the language of the procedure.
        remedies: Vec<String>,
    },
    /// A result waits in the portal; the email does not say which.
    IneligibilityConfirmed,
    ReviewCompleted,
    /// News waits in the portal; the email does not say which.
    ApplicationWaitlisted,
    NoticeIssued,
    NoticeBecameFinal {
        /// The first day on which the notice can no longer be contested.
        on: NaiveDate,
    },
}

/// What an email is rendered from. Stored, so that it can be rendered again for a corrected contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub mail: Mail,
    /// Time of the fact. Emails name their day, since one may overtake another.
    pub at: DateTime<Utc>,
}

/// Whether the email with this template stays useful however late it arrives: it proves something, or something waits.
/// The others only report progress, and are out of date once there is a later email.
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

/// Whether the email with this template is still useful after the application was withdrawn.
pub fn outlives_withdrawal(template: &str) -> bool {
    let kinds = [Kind::ApplicationWithdrawn, Kind::NoticeIssued, Kind::NoticeBecameFinal];
    kinds.iter().any(|kind| kind.name() == template)
}

impl Mail {
    /// The kind of fact it is about, whose name is also that of the template.
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

    /// As [`Source::render`], for a fact with the time `at`.
    ///
    /// # Errors
    /// The template cannot be rendered.
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
    /// Renders the email to `contact`, in their language. `portal` is the URL of the portal.
    ///
    /// # Errors
    /// The template cannot be rendered.
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
            // The file number last: narrow lists of emails cut off the end.
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
