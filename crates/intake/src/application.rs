//! An application from its first draft to its last status, as the applicant sees it. Pure: no SQL, no async.

use chrono::{DateTime, Utc};
use events::{
    Ags, Applicant, Application, ApplicationId, ApplicationSubmitted, ApplicationWithdrawn, Call, CallId,
    Person, municipality,
};
use pages::kept::PageVersion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::check::{self, Errors};
use crate::form::Form;

/// An application that has been begun and not yet submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Kept when the draft is submitted.
    pub id: ApplicationId,
    pub call: CallId,
    /// The municipality that applies.
    pub ags: Ags,
    /// As typed, unchecked.
    pub form: Form,
    /// Goes up by one with each save.
    pub revision: i64,
    /// The open page that saved last; see [`Draft::save`].
    pub open_page: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub edited_at: DateTime<Utc>,
    /// Name of the person who saved last.
    pub edited_by: String,
}

/// Refusal of a save: somebody else has saved since the page was opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("saved in between by {by}")]
pub struct Stale {
    /// Name of the person who saved.
    pub by: String,
    pub at: DateTime<Utc>,
}

impl Draft {
    pub fn begin(id: ApplicationId, call: CallId, ags: Ags, by: String, now: DateTime<Utc>) -> Self {
        let form = Form::default();
        Self {
            id,
            call,
            ags,
            form,
            revision: 0,
            open_page: None,
            created_at: now,
            edited_at: now,
            edited_by: by,
        }
    }

    /// Stores what an open page has sent. The page that saved last may save again although it still shows the
    /// revision it was opened with: the answer to its last save may have been lost.
    ///
    /// # Errors
    /// [`Stale`] if the save would undo what another page has saved.
    pub fn save(self, form: Form, seen: PageVersion, by: String, now: DateTime<Utc>) -> Result<Self, Stale> {
        let current =
            seen.revision == self.revision || self.open_page == Some(seen.page) || form == self.form;
        if !current {
            return Err(Stale { by: self.edited_by, at: self.edited_at });
        }
        let (revision, open_page) = (self.revision + 1, Some(seen.page));
        Ok(Self { form, revision, open_page, edited_at: now, edited_by: by, ..self })
    }
}

/// An application that may be submitted: nothing is missing or contradictory, and the call has opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    call: CallId,
    rule_version: u32,
    late: bool,
    applicant: Applicant,
    application: Application,
    now: DateTime<Utc>,
}

/// Why an application cannot be submitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the call opens at {0}")]
    NotOpen(DateTime<Utc>),
    /// The person signed in acts for no municipality of North Rhine-Westphalia.
    #[error("{0} is not a municipality of North Rhine-Westphalia")]
    NoMunicipality(Ags),
    /// The fields that are missing or wrong.
    #[error("fields are wrong")]
    Wrong(Errors),
}

impl Ready {
    /// Checks an application of the municipality `ags` to `call`. Being late is no reason to refuse (§ 24 (3) VwVfG),
    /// nor is anything else that eligibility decides.
    pub fn new(
        application: Application,
        call: &Call,
        ags: &Ags,
        now: DateTime<Utc>,
    ) -> Result<Self, Refused> {
        let lead = municipality(ags).ok_or_else(|| Refused::NoMunicipality(ags.clone()))?;
        let application = check::application(application, call, ags).map_err(Refused::Wrong)?;
        if call.window.is_ahead(now) {
            return Err(Refused::NotOpen(call.window.opens));
        }
        let applicant = Applicant { ags: ags.clone(), name: lead.name.clone() };
        let late = call.window.is_over(now);
        Ok(Self { call: call.id(), rule_version: call.version, late, applicant, application, now })
    }

    /// Reads the form as it was typed, then checks it like [`Ready::new`].
    pub fn read(mut form: Form, call: &Call, ags: &Ags, now: DateTime<Utc>) -> Result<Self, Refused> {
        form.drop_blank_rows();
        let application = check::form(&form, call, ags).map_err(Refused::Wrong)?;
        Self::new(application, call, ags, now)
    }

    pub fn ags(&self) -> &Ags {
        &self.applicant.ags
    }

    pub fn application(&self) -> &Application {
        &self.application
    }

    pub fn submit(self, file_number: String, by: Person) -> (Status, ApplicationSubmitted) {
        let participants = self.application.joint.iter().flat_map(|joint| &joint.participants);
        let name = |ags| municipality(ags).map(|one| one.name.clone()).unwrap_or_default();
        let fact = ApplicationSubmitted {
            call: self.call,
            rule_version: Some(self.rule_version),
            file_number,
            submitted_at: self.now,
            late: self.late,
            applicant: self.applicant,
            participant_names: participants.map(|one| name(&one.ags)).collect(),
            submitted_by: by,
            application: self.application,
        };
        (Status::Submitted, fact)
    }
}

/// Status of a submitted application, as the applicant sees it. The order matters: facts of different services may
/// overtake each other, and the highest status wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has been received and has a file number.
    Submitted,
    /// A person has to decide whether it may be funded.
    Referred,
    /// It may be funded, and is with the reviewers.
    Eligible,
    /// All reviews are done.
    Reviewed,
    /// It is worth funding, but no money is left at the moment.
    Waitlisted,
    /// It has been decided; the notice can be read in the portal.
    Decided,
    /// The time limit for legal remedies has passed.
    Final,
    /// A person has decided that it may not be funded.
    Ineligible,
    /// The applicant has withdrawn it.
    Withdrawn,
}

/// Why an application can no longer be withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWithdrawn {
    #[error("the application is withdrawn already")]
    Already,
    #[error("the application has been decided")]
    Decided,
}

impl Status {
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Referred,
        Self::Eligible,
        Self::Reviewed,
        Self::Waitlisted,
        Self::Decided,
        Self::Final,
        Self::Ineligible,
        Self::Withdrawn,
    ];

    /// The name stored in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Referred => "referred",
            Self::Eligible => "eligible",
            Self::Reviewed => "reviewed",
            Self::Waitlisted => "waitlisted",
            Self::Decided => "decided",
            Self::Final => "final",
            Self::Ineligible => "ineligible",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The status stored under this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Key of its label in the message catalogue.
    pub fn label(self) -> String {
        format!("status-{}", self.name())
    }

    /// Key of the text that explains it to the applicant.
    pub fn explanation(self) -> String {
        format!("status-{}-text", self.name())
    }

    /// Which KERN badge shows it: `info`, `warning`, `success` or `danger`.
    pub fn badge(self) -> &'static str {
        match self {
            Self::Submitted | Self::Eligible | Self::Reviewed => "info",
            Self::Referred | Self::Waitlisted | Self::Withdrawn => "warning",
            Self::Decided | Self::Final => "success",
            Self::Ineligible => "danger",
        }
    }

    /// The status after another service has reported one; it never goes back.
    #[must_use]
    pub fn advance_to(self, reported: Self) -> Self {
        self.max(reported)
    }

    pub fn may_withdraw(self) -> bool {
        self < Self::Decided
    }

    pub fn withdraw(
        self,
        by: Person,
        reason: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(Self, ApplicationWithdrawn), NotWithdrawn> {
        match self {
            Self::Withdrawn => Err(NotWithdrawn::Already),
            _ if !self.may_withdraw() => Err(NotWithdrawn::Decided),
            _ => Ok((Self::Withdrawn, ApplicationWithdrawn { withdrawn_at: now, withdrawn_by: by, reason })),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::samples;

    use super::*;

    fn person() -> Person {
        Person { id: "p1".into(), name: "Ayşe Yılmaz".into() }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn ready(now: &str) -> Result<Ready, Refused> {
        Ready::new(samples::application(), &samples::call(), &samples::ags("05122000"), at(now))
    }

    #[test]
    fn late_is_taken_in_and_flagged_early_is_not_taken_in() {
        let opens = samples::call().window.opens;
        assert_eq!(ready("2026-09-30T21:59:59Z"), Err(Refused::NotOpen(opens)));
        for (now, late) in [
            ("2026-09-30T22:00:00Z", false),
            ("2027-02-28T22:59:59Z", false),
            ("2027-02-28T22:59:59.400Z", false),
            ("2027-02-28T22:59:59.999999Z", false),
            ("2027-02-28T23:00:00Z", true),
        ] {
            let (status, fact) = ready(now).unwrap().submit("36.KI-2027-0001".into(), person());
            assert_eq!((status, fact.late), (Status::Submitted, late), "{now}");
        }
    }

    #[test]
    fn what_is_submitted_names_everybody() {
        let application = samples::joint("05122000", "05911000").application;
        let ready =
            Ready::new(application, &samples::call(), &samples::ags("05122000"), at("2026-11-23T10:00:00Z"))
                .unwrap();
        let (_, fact) = ready.submit("36.KI-2027-0001".into(), person());
        assert_eq!(fact.applicant.name, "Solingen");
        assert_eq!(fact.participant_names, ["Bochum"]);
        assert_eq!((fact.call, fact.rule_version), (samples::call().id(), Some(samples::call().version)));
    }

    #[test]
    fn nobody_applies_for_a_place_that_is_not_there() {
        let nowhere: Ags = "05999999".parse().unwrap();
        let refused =
            Ready::new(samples::application(), &samples::call(), &nowhere, at("2026-11-23T10:00:00Z"));
        assert_eq!(refused, Err(Refused::NoMunicipality(nowhere)));
    }

    fn draft() -> Draft {
        let now = at("2026-11-23T10:00:00Z");
        Draft::begin(
            ApplicationId(Uuid::nil()),
            samples::call().id(),
            samples::ags("05122000"),
            "A".into(),
            now,
        )
    }

    fn form(title: &str) -> Form {
        Form { title: title.into(), ..Form::default() }
    }

    #[test]
    fn an_open_page_saves_again_and_again_but_undoes_nobody() {
        let now = at("2026-11-23T10:05:00Z");
        let (mine, theirs) = (
            PageVersion { revision: 0, page: Uuid::from_u128(1) },
            PageVersion { revision: 0, page: Uuid::from_u128(2) },
        );
        let draft = draft().save(form("1"), mine, "A".into(), now).unwrap();
        let draft = draft.save(form("2"), mine, "A".into(), now).unwrap();
        assert_eq!(draft.revision, 2);
        let stale = draft.clone().save(form("x"), theirs, "B".into(), now).unwrap_err();
        assert_eq!(stale, Stale { by: "A".into(), at: now });
        // The second person looks at the page again, and saves what they then mean.
        let draft = draft.save(form("x"), PageVersion { revision: 2, ..theirs }, "B".into(), now).unwrap();
        // A late request of the first page does not undo that; the same content is no conflict.
        draft.clone().save(form("3"), mine, "A".into(), now).unwrap_err();
        draft.save(form("x"), mine, "A".into(), now).unwrap();
    }

    fn status() -> impl Strategy<Value = Status> {
        proptest::sample::select(&Status::ALL[..])
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(reported in proptest::collection::vec(status(), 0..12).prop_flat_map(|reported| {
            (Just(reported.clone()), Just(reported).prop_shuffle())
        })) {
            let after = |reported: &[Status]| reported.iter().fold(Status::Submitted, |status, reported| status.advance_to(*reported));
            prop_assert_eq!(after(&reported.0), after(&reported.1));
        }

        #[test]
        fn it_never_goes_back_and_a_repetition_changes_nothing(status in status(), reported in status()) {
            let after = status.advance_to(reported);
            prop_assert!(after >= status);
            prop_assert_eq!(after.advance_to(reported), after);
            prop_assert_eq!(Status::Withdrawn.advance_to(reported), Status::Withdrawn);
        }

        #[test]
        fn it_is_withdrawn_once_and_only_before_it_is_decided(status in status(), reported in proptest::collection::vec(status(), 0..6)) {
            let now = at("2026-11-23T10:00:00Z");
            let open = matches!(status, Status::Submitted | Status::Referred | Status::Eligible | Status::Reviewed | Status::Waitlisted);
            match status.withdraw(person(), None, now) {
                Ok((after, fact)) => {
                    prop_assert!(open);
                    prop_assert_eq!(fact.withdrawn_at, now);
                    let after = reported.iter().fold(after, |status, reported| status.advance_to(*reported));
                    prop_assert_eq!(after, Status::Withdrawn);
                    prop_assert_eq!(after.withdraw(person(), None, now).unwrap_err(), NotWithdrawn::Already);
                }
                Err(error) => {
                    prop_assert!(!open);
                    prop_assert_eq!(error == NotWithdrawn::Already, status == Status::Withdrawn);
                }
            }
        }

        #[test]
        fn names_are_those_of_the_contract(status in status()) {
            prop_assert_eq!(Status::from_name(status.name()), Some(status));
            prop_assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
