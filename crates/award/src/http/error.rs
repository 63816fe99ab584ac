//! Why an action was refused: a problem document for programs, a localized message for people.

use chassis::Problem;
use letters::Part;
use pages::{Form, Page};

use super::words::stage_name;
use crate::award::Refusal;
use crate::deadlines::EntryRefused;

#[derive(Debug)]
pub(super) enum Error {
    Refusal(Refusal),
    /// The notice would lack these parts.
    Missing(Vec<Part>),
    /// An approval would not do what the approver saw.
    Changed(Changed),
    Entry(EntryRefused),
    Problem(Problem),
}

/// How an approval would differ from what the approver saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// Another notice, most often because a new day has begun and its date differs.
    Notice,
    /// They saw the waiting list, and now the budget covers the grant.
    FundsAreBack,
    /// They saw a grant, and now the budget does not cover it.
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
    /// Puts the message beside the field it is about. `Err`: it is not about a field.
    pub(super) fn beside(self, form: &mut Form, page: &Page) -> Result<(), Problem> {
        match &self {
            Self::Refusal(refusal) => match field(refusal) {
                Some(field) => form.refuse(field, say(page, refusal)),
                None => return Err(Problem::conflict(refusal.to_string()).say(say(page, refusal))),
            },
            Self::Missing(parts) => {
                // The reason for full financing is the only part that a proposer can add in the form.
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

    /// The message for an approver who has to look at the changed approval again. `Err`: it is another kind of error.
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

/// The field of the proposal form that a refusal is about.
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
