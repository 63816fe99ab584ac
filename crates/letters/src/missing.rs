//! What a notice must contain, checked before anybody approves it.
//!
//! The list is that of VV/VVG 4.2 zu § 44 LHO NRW, with § 37 (3) and § 39 VwVfG and § 58 VwGO. Sums are checked too:
//! a notice that contradicts itself is not complete.

use crate::notice::{AwardNotice, FinancingType, Letter, Notice, Period, RejectionNotice};
use chrono::Datelike;

macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident = $key:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Part { $($(#[$doc])* $part,)* }

        impl Part {
            /// In the order of the notice.
            pub const ALL: &[Part] = &[$(Part::$part),*];

            /// The stable name, for message catalogues and APIs.
            pub fn key(self) -> &'static str {
                match self { $(Part::$part => $key,)* }
            }
        }
    };
}

parts! {
    /// Name and address of the granting authority.
    Authority = "authority",
    /// Name and address of the recipient.
    Recipient = "recipient",
    Date = "date",
    FileNumber = "file_number",
    /// Name of the programme and of the call.
    Programme = "programme",
    ProjectTitle = "project_title",
    /// Day of the application and amount applied for.
    Application = "application",
    /// Law and guideline.
    LegalBasis = "legal_basis",
    /// Above zero, and not above what was applied for.
    Amount = "amount",
    Purpose = "purpose",
    /// The first day is not after the last.
    ProjectPeriod = "project_period",
    /// The first day is not after the last.
    GrantPeriod = "grant_period",
    /// For a share, a rate that covers the amount; for full financing, the reason.
    FinancingType = "financing_type",
    /// Eligible costs, how they were determined, and items that add up to them.
    EligibleCosts = "eligible_costs",
    /// Grant + own share + third parties = eligible costs, to the cent.
    FinancingPlan = "financing_plan",
    /// The amounts per year add up; required if the grant period touches several years.
    BudgetYears = "budget_years",
    /// The shares of a joint project add up to the grant.
    PartnerShares = "partner_shares",
    Payout = "payout",
    /// Day on which the proof of use is due.
    ProofOfUse = "proof_of_use",
    /// Ancillary conditions with their version.
    AncillaryConditions = "ancillary_conditions",
    /// Of a rejection, or of a grant below the amount applied for.
    Reasons = "reasons",
    /// Court for the notice on legal remedies, with its seat.
    Remedy = "remedy",
    SignedBy = "signed_by",
}

/// The parts that are missing or contradict others, in the order of the notice. [`render`](crate::render) fails
/// unless this is empty.
pub fn missing_parts(notice: &Notice) -> Vec<Part> {
    let mut missing = of_letter(notice.letter());
    missing.extend(match notice {
        Notice::Award(award) => of_award(award),
        Notice::Rejection(rejection) => of_rejection(rejection),
    });
    missing.sort_unstable();
    missing
}

fn of_letter(letter: &Letter) -> Vec<Part> {
    let Letter { authority, recipient, remedy, .. } = letter;
    failed(&[
        (Part::Authority, is_present(&authority.name) && all_present(&authority.address)),
        (Part::Recipient, is_present(&recipient.name) && all_present(&recipient.address)),
        (Part::Date, letter.date.is_some()),
        (Part::FileNumber, is_present(&letter.file_number)),
        (Part::Programme, is_present(&letter.programme) && is_present(&letter.call)),
        (Part::ProjectTitle, is_present(&letter.project_title)),
        (Part::Application, letter.applied_on.is_some() && letter.applied_cents > 0),
        (Part::LegalBasis, is_present(&letter.legal_basis)),
        (Part::Remedy, is_present(&remedy.name) && is_present(&remedy.address)),
        (Part::SignedBy, is_present(&letter.signed_by.name)),
    ])
}

fn of_award(award: &AwardNotice) -> Vec<Part> {
    let amount = award.amount_cents;
    let less = amount < award.letter.applied_cents;
    let financed = total([amount, award.own_share_cents, award.third_party_cents]);
    failed(&[
        (Part::Amount, amount > 0 && amount <= award.letter.applied_cents),
        (Part::Purpose, is_present(&award.purpose)),
        (Part::ProjectPeriod, award.project_period.is_some_and(in_order)),
        (Part::GrantPeriod, award.grant_period.is_some_and(in_order)),
        (Part::FinancingType, award.financing_type.as_ref().is_some_and(|kind| fits(kind, award))),
        (
            Part::EligibleCosts,
            award.eligible_costs_cents > 0
                && is_present(&award.eligible_costs_basis)
                && adds_up(award.cost_items.iter().map(|item| item.cents), award.eligible_costs_cents),
        ),
        (Part::FinancingPlan, financed == Some(award.eligible_costs_cents)),
        (Part::BudgetYears, budget_years_fit(award)),
        (Part::PartnerShares, adds_up(award.partners.iter().map(|partner| partner.share_cents), amount)),
        (Part::Payout, is_present(&award.payout)),
        (Part::ProofOfUse, award.proof_due_on.is_some()),
        (Part::AncillaryConditions, is_present(&award.ancillary_conditions)),
        (Part::Reasons, !less || award.reasons_for_less.as_deref().is_some_and(is_present)),
    ])
}

fn of_rejection(rejection: &RejectionNotice) -> Vec<Part> {
    failed(&[(Part::Reasons, all_present(&rejection.reasons))])
}

fn failed(checks: &[(Part, bool)]) -> Vec<Part> {
    checks.iter().filter(|(_, ok)| !ok).map(|(part, _)| *part).collect()
}

fn is_present(text: &str) -> bool {
    !text.trim().is_empty()
}

fn all_present(texts: &[String]) -> bool {
    !texts.is_empty() && texts.iter().all(|text| is_present(text))
}

fn in_order(period: Period) -> bool {
    period.from <= period.to
}

fn fits(kind: &FinancingType, award: &AwardNotice) -> bool {
    match kind {
        FinancingType::FixedSum | FinancingType::Deficit => true,
        FinancingType::Full { reason } => is_present(reason),
        FinancingType::Share { basis_points } => {
            let most = i128::from(award.eligible_costs_cents) * i128::from(*basis_points);
            (1..=10_000).contains(basis_points) && i128::from(award.amount_cents) * 10_000 <= most
        }
    }
}

fn budget_years_fit(award: &AwardNotice) -> bool {
    let one_year = award.grant_period.is_none_or(|period| period.from.year() == period.to.year());
    (one_year || !award.budget_years.is_empty())
        && adds_up(award.budget_years.iter().map(|year| year.cents), award.amount_cents)
}

/// A notice without parts is fine: it has no table of them.
fn adds_up(parts: impl ExactSizeIterator<Item = i64>, sum: i64) -> bool {
    parts.len() == 0 || total(parts) == Some(sum)
}

/// `None` for a negative part or an overflow.
fn total(parts: impl IntoIterator<Item = i64>) -> Option<i64> {
    parts.into_iter().try_fold(0i64, |sum, part| (part >= 0).then(|| sum.checked_add(part)).flatten())
}
