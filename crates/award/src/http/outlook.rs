//! What an approval would do now.

use chassis::Problem;
use events::ApplicationId;
use letters::Pdf;

use super::error::{Changed, Error};
use crate::AppState;
use crate::award::{Approved, Signature, Stage, State as CaseState};
use crate::budget::Budget;
use crate::calendar::day_in_germany;
use crate::notice_text::{self, NoticeInput};
use crate::printer::Slot;
use crate::store::cases::Dossier;
use crate::store::{budgets, cases};

pub(super) async fn read(service: &AppState, application: ApplicationId) -> Result<Dossier, Problem> {
    let mut db = service.db.acquire().await?;
    cases::dossier(&mut db, application).await?.ok_or_else(Problem::not_found)
}

/// What an approval would do now, read without locks, with the exact notice it would issue.
#[derive(Debug)]
pub(super) struct Outlook {
    pub file: Dossier,
    /// `Granted`, `Rejected` or `Waitlisted`.
    pub stage: Stage,
    /// The budget of the year before the approval.
    pub budget: Budget,
    /// The budget of the year after the approval.
    pub after: Budget,
    /// The notice; `None` where the application goes on the waiting list.
    pub pdf: Option<Pdf>,
}

impl Outlook {
    /// The notice does not depend on who approves it.
    pub(super) async fn of(
        service: &AppState,
        slot: &Slot<'_>,
        file: Dossier,
        approved: &Signature,
    ) -> Result<Self, Error> {
        let case = &file.case;
        let mut db = service.db.acquire().await?;
        let budgets = budgets::of_call(&mut db, case.terms.call).await?;
        drop(db);
        let budget = budgets.into_iter().find(|budget| budget.year == case.terms.year);
        let budget = budget.ok_or_else(|| Problem::internal("a case has no budget"))?;
        let Approved { case, budget: after, .. } = case.clone().approve(approved.clone(), budget)?;
        let stage = case.state.stage();
        let pdf = match &case.state {
            CaseState::Granted { proposal, .. } | CaseState::Rejected { proposal, .. } => {
                let source =
                    NoticeInput { submitted: &file.submitted, call: &file.call, year: case.terms.year };
                let notice = notice_text::notice(source, &proposal.decision, day_in_germany(approved.at));
                let missing = letters::missing_parts(&notice);
                if !missing.is_empty() {
                    return Err(Error::Missing(missing));
                }
                Some(slot.print(notice).await.map_err(Problem::internal)?)
            }
            _ => None,
        };
        Ok(Self { file, stage, budget, after, pdf })
    }

    /// SHA-256 of the notice; empty where none would be issued.
    pub(super) fn sha256(&self) -> &str {
        self.pdf.as_ref().map_or("", |pdf| &pdf.sha256)
    }

    /// `Err(Changed)` unless `seen` is the SHA-256 of this notice (empty where none would be issued); `None` skips the
    /// check.
    pub(super) fn is_as_seen(&self, seen: Option<&str>) -> Result<(), Error> {
        match seen {
            Some(seen) if seen != self.sha256() => Err(Error::Changed(match (seen, self.sha256()) {
                ("", _) => Changed::FundsAreBack,
                (_, "") => Changed::FundsAreGone,
                _ => Changed::Notice,
            })),
            _ => Ok(()),
        }
    }
}
