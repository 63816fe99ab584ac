//! Why an act was not done: as a problem document for programs, in their language for people.

use bus::Failure;
use chassis::Problem;
use letters::Part;
use pages::{Form, Page};

use super::ranking::stage_name;
use crate::award::Refusal;
use crate::deadlines::EntryRefused;

/// Why an act was not done.
#[derive(Debug)]
pub(super) enum Denied {
    /// The state machine refuses.
    Refusal(Refusal),
    /// The notice would lack these.
    Missing(Vec<Part>),
    /// The entry cannot be right.
    Entry(EntryRefused),
    /// Everything else.
    Problem(Problem),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<EntryRefused> for Denied {
    fn from(refused: EntryRefused) -> Self {
        Self::Entry(refused)
    }
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for Denied {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        Self::Problem(match failure {
            Failure::Retry(why) => Problem::unavailable(why),
            Failure::Park(why) => Problem::internal(why),
        })
    }
}

/// For programs.
impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Problem(problem) => problem,
            Denied::Missing(parts) => {
                Problem::invalid([("", format!("the notice would not be complete: {}", keys(&parts)))])
            }
            Denied::Refusal(refusal) => match field(&refusal) {
                Some(field) => Problem::invalid([(format!("/{field}"), refusal.to_string())]),
                None => Problem::conflict(refusal.to_string()),
            },
            Denied::Entry(EntryRefused::Day) => Problem::invalid([("/on", EntryRefused::Day.to_string())]),
            Denied::Entry(refused) => Problem::conflict(refused.to_string()),
        }
    }
}

impl Denied {
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
                let names: Vec<String> = parts.iter().map(|part| part_name(page, *part)).collect();
                form.refuse(field, page.t1("refused-missing", "parts", names.join(", ")));
            }
            Self::Entry(EntryRefused::Day) => form.refuse("on", page.t("refused-entry-day")),
            Self::Entry(EntryRefused::Known) => form.refuse("entry", page.t("refused-entry-known")),
            Self::Entry(EntryRefused::InPortal) => form.refuse("entry", page.t("refused-entry-portal")),
            Self::Problem(_) => return Err(self.into()),
        }
        Ok(())
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

fn part_name(page: &Page, part: Part) -> String {
    page.t(format!("part-{}", part.key().replace('_', "-")))
}

fn keys(parts: &[Part]) -> String {
    parts.iter().map(|part| part.key()).collect::<Vec<_>>().join(", ")
}
