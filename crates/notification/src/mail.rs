//! What the emails say. They only tell that something waits in the portal: no decision, no notice, nothing of the
//! person but the name (§ 3a VwVfG NRW: a plain email opens no way of notification).

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use events::Kind;
use pages::Language;
use pages::messages::Messages;

use crate::store::contacts::Contact;
use crate::store::deliveries::Content;

/// An email and what it needs to know beyond the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    EligibilityReferred,
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

impl Mail {
    /// The fact it tells of; its name is the name of the email.
    pub fn kind(self) -> Kind {
        match self {
            Self::ApplicationSubmitted { .. } => Kind::ApplicationSubmitted,
            Self::ApplicationWithdrawn { .. } => Kind::ApplicationWithdrawn,
            Self::EligibilityConfirmed => Kind::EligibilityConfirmed,
            Self::EligibilityReferred => Kind::EligibilityReferred,
            Self::IneligibilityConfirmed => Kind::IneligibilityConfirmed,
            Self::ReviewCompleted => Kind::ReviewCompleted,
            Self::ApplicationWaitlisted => Kind::ApplicationWaitlisted,
            Self::NoticeIssued => Kind::NoticeIssued,
            Self::NoticeBecameFinal { .. } => Kind::NoticeBecameFinal,
        }
    }

    /// The email to `contact`, in the contact's language. `portal` is the address of the portal.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn render(
        self,
        contact: &Contact,
        portal: &str,
        messages: &Messages,
    ) -> Result<Content, askama::Error> {
        let language = match contact.language {
            events::Language::De => Language::De,
            events::Language::En => Language::En,
        };
        let name = self.kind().name();
        let say = |part: &str| messages.say(language, &format!("mail-{part}"), &[]);
        let own = |part: &str| say(&format!("{name}-{part}"));

        let mut details = vec![
            (say("file-number"), contact.file_number.clone()),
            (say("project"), contact.title.clone()),
            (say("submitted"), language.moment(contact.submitted_at)),
        ];
        let mut next = vec![own("next")];
        match self {
            Self::ApplicationSubmitted { late: true } => next.insert(0, own("late")),
            Self::ApplicationWithdrawn { at } => {
                details.push((say("withdrawn"), language.moment(at)));
            }
            Self::NoticeBecameFinal { on } => details.push((say("final"), language.date(on))),
            _ => {}
        }
        let letter = Letter {
            language: language.code(),
            // The name of the subject first: it stays readable where a narrow list cuts it off.
            subject: format!("{} ({})", own("subject"), contact.file_number),
            greeting: format!("{} {},", say("greeting"), contact.name),
            lead: own("lead"),
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
