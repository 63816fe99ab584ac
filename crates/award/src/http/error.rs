//! Why an act was not done: as a problem document for programs, in their language for people.

use chassis::Problem;
use letters::Part;
use pages::{Form, Page};

use super::words::stage_name;
use crate::award::Refusal;
use crate::deadlines::EntryRefused;

/// Why an act was not done.
#[derive(Debug)]
pub(super) enum Error {
    /// The state machine refuses.
    Refusal(Refusal),
    /// The notice would lack these.
    Missing(Vec<Part>),
    /// An approval would do other than what was seen.
    Changed(Changed),
    /// The entry cannot be right.
    Entry(EntryRefused),
    /// Everything else.
    Problem(Problem),
}

/// Why an approval would do other than what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// The notice differs: its date, most often, because a new day has begun.
    Notice,
    /// The waiting list was seen, and now the funds are enough.
    FundsAreBack,
    /// A grant was seen, and now the funds are not enough.
    FundsAreGone,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<EntryRefused> for Error {
    fn from(refused: EntryRefused) -> Self {
        Self::Entry(refused)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

/// For programs.
impl From<Error> for Problem {
    fn from(denied: Error) -> Self {
        match denied {
            Error::Problem(problem) => problem,
            Error::Missing(parts) => {
                Problem::invalid([("", format!("the notice would not be complete: {}", keys(&parts)))])
            }
            Error::Refusal(refusal) => match field(&refusal) {
                Some(field) => Problem::invalid([(format!("/{field}"), refusal.to_string())]),
                None => Problem::conflict(refusal.to_string()),
            },
            Error::Changed(Changed::Notice) => {
                Problem::conflict("the notice would not be the one that was seen; look at it again")
            }
            Error::Changed(Changed::FundsAreBack) => {
                Problem::conflict("the funds are enough by now, and a notice would be issued; look at it")
            }
            Error::Changed(Changed::FundsAreGone) => {
                Problem::conflict("the funds are not enough any more: the application would be waitlisted")
            }
            Error::Entry(EntryRefused::Day) => Problem::invalid([("/on", EntryRefused::Day.to_string())]),
            Error::Entry(refused) => Problem::conflict(refused.to_string()),
        }
    }
}

impl Error {
    /// For people: beside the field it is about. What is not about a field is a problem.
    pub(super) fn beside(self, form: &mut Form, page: &Page) -> Result<(), Problem> {
        match &self {
            Self::Refusal(refusal) => match field(refusal) {
                Some(field) => form.refuse(field, say(page, refusal)),
                None => return Err(Problem::conflict(refusal.to_string()).say(say(page, refusal))),
            },
            Self::Missing(parts) => {
                // The one part a proposer can add is the reason for full financing; its field stands in the form.
                let field = if parts.contains(&Part::FinancingType) { "reason_for_full" } else { "kind" };
                form.refuse(field, missing(page, parts));
            }
            Self::Entry(EntryRefused::Day) => form.refuse("on", page.t("refused-entry-day")),
            Self::Entry(EntryRefused::Known) => form.refuse("entry", page.t("refused-entry-known")),
            Self::Entry(EntryRefused::InPortal) => form.refuse("entry", page.t("refused-entry-portal")),
            Self::Changed(_) | Self::Problem(_) => return Err(self.into()),
        }
        Ok(())
    }

    /// For an approver: why they must look at the approval once more. `Err`: it is something else.
    pub(super) fn look_again(self, page: &Page) -> Result<String, Self> {
        match &self {
            Self::Refusal(Refusal::Stale) => Ok(page.t("refused-stale")),
            Self::Refusal(Refusal::NoReviewLeft) => Ok(page.t("refused-no-review-left")),
            Self::Changed(Changed::Notice) => Ok(page.t("changed-notice")),
            Self::Changed(Changed::FundsAreBack) => Ok(page.t("changed-funds-back")),
            Self::Changed(Changed::FundsAreGone) => Ok(page.t("changed-funds-gone")),
            Self::Missing(parts) => Ok(missing(page, parts)),
            _ => Err(self),
        }
    }
}

/// The field of the proposal a refusal is about.
fn field(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::AmountNotPositive | Refusal::AmountAboveApplied(_) => Some("amount_cents"),
        Refusal::ReasonsMissing => Some("reasons"),
        Refusal::NoReviewLeft => Some("in_knowledge_of_ties"),
        Refusal::Stage(_)
        | Refusal::Stale
        | Refusal::SamePerson
        | Refusal::Tied(_)
        | Refusal::BudgetUsedUp(_) => None,
    }
}

fn say(page: &Page, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Stage(stage) => page.t1("refused-stage", "stage", stage_name(page, *stage)),
        Refusal::Stale => page.t("refused-stale"),
        Refusal::SamePerson => page.t("refused-same-person"),
        Refusal::Tied(tie) => format!("{} {}", page.t(format!("tie-{}", tie.name())), page.t("tied-text")),
        Refusal::NoReviewLeft => page.t("refused-no-review-left"),
        Refusal::AmountNotPositive => page.t("refused-amount-zero"),
        Refusal::AmountAboveApplied(applied) => {
            page.t1("refused-amount-above", "applied", page.money(applied.0))
        }
        Refusal::ReasonsMissing => page.t("refused-reasons"),
        Refusal::BudgetUsedUp(left) => page.t1("refused-budget", "left", page.money(left.0)),
    }
}

/// What the notice would lack.
pub(super) fn missing(page: &Page, parts: &[Part]) -> String {
    let names: Vec<String> = parts.iter().map(|part| part_name(page, *part)).collect();
    page.t1("refused-missing", "parts", names.join(", "))
}

fn part_name(page: &Page, part: Part) -> String {
    page.t(format!("part-{}", part.key().replace('_', "-")))
}

fn keys(parts: &[Part]) -> String {
    parts.iter().map(|part| part.key()).collect::<Vec<_>>().join(", ")
}
