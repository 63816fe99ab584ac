//! The demonstration persons of `bescheid up`. The programs of the services do not contain them.

use chassis::{Role, Session};
use chrono::{DateTime, TimeDelta, Utc};

/// The invented contact for accessibility problems at the invented authority.
pub const CONTACT: &str = "barrierefreiheit@foerderung.example";

/// A person that a visitor can sign in as.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Id in sessions.
    pub id: &'static str,
    /// Invented.
    pub name: &'static str,
    pub role: Role,
    /// Official key of an applicant's municipality, or of the one a reviewer has a tie to.
    pub ags: Option<&'static str>,
}

/// Two applicants in Solingen and one in Essen, two case workers, three reviewers of whom the third lives in Solingen and
/// is never offered its files, two approvers, and two operators since giving up a parked fact needs two.
pub const PERSONS: [Person; 12] = [
    Person { id: "applicant-solingen", name: "Aylin Brandt", role: Role::Applicant, ags: Some("05122000") },
    Person { id: "applicant-solingen-2", name: "Deniz Vogel", role: Role::Applicant, ags: Some("05122000") },
    Person { id: "applicant-essen", name: "Jonas Okafor", role: Role::Applicant, ags: Some("05113000") },
    Person { id: "case-worker-1", name: "Birgit Hansen", role: Role::CaseWorker, ags: None },
    Person { id: "case-worker-2", name: "Murat Aydın", role: Role::CaseWorker, ags: None },
    Person { id: "reviewer-1", name: "Carla Petrov", role: Role::Reviewer, ags: None },
    Person { id: "reviewer-2", name: "David Nguyen", role: Role::Reviewer, ags: None },
    Person { id: "reviewer-3", name: "Eva Klein", role: Role::Reviewer, ags: Some("05122000") },
    Person { id: "approver-1", name: "Fatma Schulte", role: Role::Approver, ags: None },
    Person { id: "approver-2", name: "Georg Lindner", role: Role::Approver, ags: None },
    Person { id: "operator-1", name: "Hana Wolff", role: Role::Operator, ags: None },
    Person { id: "operator-2", name: "Ilja Sommer", role: Role::Operator, ags: None },
];

impl Person {
    pub fn find(id: &str) -> Option<Self> {
        PERSONS.into_iter().find(|person| person.id == id)
    }

    /// A session of twelve hours.
    pub fn session(self, now: DateTime<Utc>) -> Session {
        Session {
            person: self.id.to_owned(),
            name: self.name.to_owned(),
            email: Some(format!("{}@example.org", self.id)),
            roles: vec![self.role],
            ags: self.ags.map(str::to_owned),
            expires: now + TimeDelta::hours(12),
        }
    }

    /// Name of the municipality with the key `ags`.
    pub fn municipality(self) -> Option<&'static str> {
        let ags = self.ags?.parse().ok()?;
        events::municipality(&ags).map(|one| one.name.as_str())
    }

    /// The page shown after signing in.
    pub fn home(self) -> &'static str {
        match self.role {
            Role::Applicant => "/apply",
            Role::CaseWorker => "/eligibility",
            Role::Reviewer => "/review",
            Role::Approver => "/award",
            Role::Operator => "/ops",
        }
    }
}
