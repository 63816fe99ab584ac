//! Each required part, removed or made to contradict the others.

use crate::samples::*;
use letters::*;
use std::collections::BTreeSet;

#[test]
fn the_samples_are_complete() {
    for (name, notice) in all() {
        assert_eq!(missing_parts(&notice), [], "{name}");
    }
}

#[test]
fn each_part_of_an_award_is_missed() {
    type Loss = fn(&mut AwardNotice);
    let losses: &[(Part, Loss)] = &[
        (Part::Authority, |a| a.letter.authority.name.clear()),
        (Part::Authority, |a| a.letter.authority.address.clear()),
        (Part::Recipient, |a| a.letter.recipient.name = " ".into()),
        (Part::Recipient, |a| a.letter.recipient.address = vec!["".into()]),
        (Part::Date, |a| a.letter.date = None),
        (Part::FileNumber, |a| a.letter.file_number.clear()),
        (Part::Programme, |a| a.letter.programme.clear()),
        (Part::Programme, |a| a.letter.call.clear()),
        (Part::ProjectTitle, |a| a.letter.project_title.clear()),
        (Part::Application, |a| a.letter.applied_on = None),
        (Part::LegalBasis, |a| a.letter.legal_basis.clear()),
        (Part::Amount, |a| a.letter.applied_cents = a.amount_cents - 1),
        (Part::Purpose, |a| a.purpose.clear()),
        (Part::ProjectPeriod, |a| a.project_period = None),
        (Part::ProjectPeriod, |a| a.project_period = Some(backwards())),
        (Part::GrantPeriod, |a| a.grant_period = None),
        (Part::GrantPeriod, |a| a.grant_period = Some(backwards())),
        (Part::FinancingType, |a| a.financing_type = None),
        (Part::FinancingType, |a| a.financing_type = Some(FinancingType::Share { basis_points: 0 })),
        (Part::FinancingType, |a| a.financing_type = Some(FinancingType::Share { basis_points: 7_999 })),
        (Part::FinancingType, |a| a.financing_type = Some(FinancingType::Share { basis_points: 10_001 })),
        (Part::FinancingType, |a| a.financing_type = Some(FinancingType::Full { reason: " ".into() })),
        (Part::EligibleCosts, |a| a.eligible_costs_basis.clear()),
        (Part::EligibleCosts, |a| a.cost_items[0].cents += 1),
        (Part::FinancingPlan, |a| a.own_share_cents += 1),
        (Part::FinancingPlan, |a| (a.own_share_cents, a.third_party_cents) = (-1, 1_300_001)),
        (Part::FinancingPlan, |a| a.third_party_cents = i64::MAX),
        (Part::BudgetYears, |a| a.budget_years.clear()),
        (Part::BudgetYears, |a| a.budget_years[0].cents -= 1),
        (Part::PartnerShares, |a| a.partners = vec![PartnerShare { name: "Essen".into(), share_cents: 1 }]),
        (Part::Payout, |a| a.payout.clear()),
        (Part::ProofOfUse, |a| a.proof_due_on = None),
        (Part::AncillaryConditions, |a| a.ancillary_conditions.clear()),
        (Part::Reasons, |a| a.reasons_for_less = None),
        (Part::Remedy, |a| a.letter.remedy.name.clear()),
        (Part::Remedy, |a| a.letter.remedy.address.clear()),
        (Part::SignedBy, |a| a.letter.signed_by.name.clear()),
    ];
    for (number, (part, lose)) in losses.iter().enumerate() {
        let mut award = award();
        lose(&mut award);
        assert_eq!(missing_parts(&Notice::Award(award)), [*part], "row {number}");
    }
    let tried: BTreeSet<_> = losses.iter().map(|(part, _)| *part).collect();
    assert_eq!(tried, Part::ALL.iter().copied().collect());
}

#[test]
fn a_rejection_needs_reasons() {
    for reasons in [vec![], vec!["".into()]] {
        let notice = Notice::Rejection(RejectionNotice { reasons, ..rejection() });
        assert_eq!(missing_parts(&notice), [Part::Reasons]);
    }
}

#[test]
fn an_incomplete_notice_is_not_put_on_paper() {
    let mut award = award();
    award.letter.signed_by.name.clear();
    award.purpose.clear();
    let error = render(&Notice::Award(award)).expect_err("parts are missing");
    assert_eq!(error.to_string(), "the notice is not complete: purpose, signed_by");
}

#[test]
fn a_notice_is_kept_as_json() {
    for (_, notice) in all() {
        let kept = serde_json::to_string(&notice).unwrap();
        assert_eq!(serde_json::from_str::<Notice>(&kept).unwrap(), notice);
    }
}

#[test]
fn keys_are_all_different() {
    let keys: BTreeSet<_> = Part::ALL.iter().map(|part| part.key()).collect();
    assert_eq!(keys.len(), Part::ALL.len());
}

fn backwards() -> Period {
    Period { from: day(2027, 6, 2), to: day(2027, 6, 1) }
}
