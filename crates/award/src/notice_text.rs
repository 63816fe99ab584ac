//! Turns a decided case into the data of its notice, without I/O. [`letters::missing_parts`] finds what is missing or
//! does not add up.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Days, NaiveDate};
use events::{Ags, ApplicationSubmitted, Call, Cents, MunicipalityKind, municipality};
use letters::{
    AwardNotice, BudgetYear, FinancingType, Letter, Notice, PartnerShare, Period, RejectionNotice,
};

use crate::award::Decision;
use crate::calendar::day_in_germany;
use crate::courts;
use crate::shares;

#[derive(Clone, Copy, Debug)]
pub struct NoticeInput<'a> {
    pub submitted: &'a ApplicationSubmitted,
    pub call: &'a Call,
    pub year: i32,
}

/// The notice of `decision`, with this date.
pub fn notice(source: NoticeInput, decision: &Decision, date: NaiveDate) -> Notice {
    let letter = letter(source, date);
    match decision {
        Decision::Reject { reasons } => {
            Notice::Rejection(RejectionNotice { letter, reasons: reasons.clone() })
        }
        Decision::Grant { amount, reasons_for_less, reason_for_full } => {
            let reasons_for_less = reasons_for_less.clone();
            Notice::Award(award(source, letter, *amount, reasons_for_less, reason_for_full.as_deref()))
        }
    }
}

fn letter(NoticeInput { submitted, call, .. }: NoticeInput, date: NaiveDate) -> Letter {
    let (letters, form) = (&call.letters, &submitted.application);
    Letter {
        file_number: submitted.file_number.clone(),
        date: Some(date),
        authority: letters::Authority {
            name: letters.authority.name.clone(),
            unit: String::new(),
            address: letters.authority.address.clone(),
            contact: letters::Contact { name: letters.authority.contact.clone(), ..Default::default() },
        },
        recipient: letters::Recipient {
            name: formal_name(&submitted.applicant.ags, &submitted.applicant.name),
            attention: Some(form.contact.name.clone()),
            address: seat(&submitted.applicant.ags).into_iter().collect(),
        },
        programme: call.programme.clone(),
        call: call.title.de.clone(),
        legal_basis: format!(
            "§§ 23 und 44 der Landeshaushaltsordnung Nordrhein-Westfalen mit den Verwaltungsvorschriften für \
             Zuwendungen an Gemeinden und die Bestimmungen des Programms {}",
            call.programme
        ),
        project_title: form.title.clone(),
        applied_on: Some(day_in_germany(submitted.submitted_at)),
        applied_cents: form.financing.grant.0,
        remedy: remedy(letters, &submitted.applicant.ags),
        signed_by: letters::Signatory { name: letters.signed_by.clone(), on_behalf: String::new() },
        label: Some(letters.footer.clone()).filter(|footer| !footer.trim().is_empty()),
    }
}

/// The court to sue at: the call's, or that of the recipient's seat (the recipient of a joint project is its lead).
/// Empty where none is known: then the notice counts as incomplete and is not issued.
fn remedy(letters: &events::Letters, seat: &Ags) -> letters::Court {
    if letters.court_by_seat {
        courts::of_seat(seat).map(|court| letters::Court { name: court.name(), address: court.address() })
    } else {
        let events::Court { name, address } = &letters.court;
        Some(letters::Court { name: name.clone(), address: address.join(", ") })
    }
    .unwrap_or_default()
}

fn award(
    NoticeInput { submitted, call, year }: NoticeInput,
    letter: Letter,
    amount: Cents,
    reasons_for_less: Option<String>,
    reason_for_full: Option<&str>,
) -> AwardNotice {
    let form = &submitted.application;
    let plan = form.financing;
    let period = Period { from: form.project_period.from, to: form.project_period.to };
    let eligible = amount + plan.own_share + plan.third_parties;
    let cut = plan.grant - amount;
    let basis = match cut {
        Cents::ZERO => "Die zuwendungsfähigen Ausgaben ergeben sich aus dem Finanzierungsplan Ihres Antrags.",
        _ => {
            "Die zuwendungsfähigen Ausgaben ergeben sich aus dem Finanzierungsplan Ihres Antrags, vermindert um \
             den Teil, den wir nicht fördern."
        }
    };
    let what = "Die Zuwendung ist für das Projekt bestimmt, das Ihr Antrag beschreibt.".to_owned();
    let field = Some(form.field_of_action.trim()).filter(|field| !field.is_empty());
    let field = field.map(|field| format!("Handlungsfeld: {field}"));
    let goals = form.goals.iter().map(|goal| format!("Ziel: {goal}"));
    let purpose: Vec<String> = std::iter::once(what).chain(field).chain(goals).collect();
    AwardNotice {
        letter,
        purpose: purpose.join("\n"),
        amount_cents: amount.0,
        reasons_for_less,
        financing_type: Some(financing_type(plan.own_share, plan.third_parties, reason_for_full)),
        eligible_costs_cents: eligible.0,
        eligible_costs_basis: basis.to_owned(),
        cost_items: Vec::new(),
        own_share_cents: plan.own_share.0,
        third_party_cents: plan.third_parties.0,
        grant_period: Some(period),
        project_period: Some(period),
        budget_years: vec![BudgetYear { year, cents: amount.0 }],
        partners: partner_shares(submitted, amount),
        payout: call.letters.payout.clone(),
        proof_due_on: Some(period.to + Days::new(call.letters.proof_due_days.into())),
        ancillary_conditions: call.letters.ancillary_conditions.clone(),
        not_applicable: None,
        conditions: call.letters.conditions.clone(),
        earmarked_until: None,
        acknowledgement: None,
    }
}

/// VV 2.2–2.3 zu § 44 LHO: a fixed sum; where third parties pay too, the deficit up to a cap; paying everything is an
/// exception that needs a reason.
fn financing_type(own: Cents, others: Cents, reason_for_full: Option<&str>) -> FinancingType {
    if own + others == Cents::ZERO {
        FinancingType::Full { reason: reason_for_full.unwrap_or_default().to_owned() }
    } else if others == Cents::ZERO {
        FinancingType::FixedSum
    } else {
        FinancingType::Deficit
    }
}

/// The shares of the members of a joint project, the lead first; empty for a single applicant. See
/// [`shares`].
pub fn partner_shares(submitted: &ApplicationSubmitted, amount: Cents) -> Vec<PartnerShare> {
    let Some(joint) = &submitted.application.joint else { return Vec::new() };
    let asked: Vec<Cents> =
        std::iter::once(joint.lead_share).chain(joint.participants.iter().map(|one| one.share)).collect();
    // If there is no split, the shares applied for stay: they do not add up, which is reported as `Part::PartnerShares`.
    let parts = shares::split(amount, &asked).unwrap_or(asked);
    let lead = formal_name(&submitted.applicant.ags, &submitted.applicant.name);
    let names = submitted.participant_names.iter().map(String::as_str).chain(std::iter::repeat(""));
    let others = joint.participants.iter().zip(names).map(|(one, name)| formal_name(&one.ags, name));
    std::iter::once(lead)
        .chain(others)
        .zip(parts)
        .map(|(name, part)| PartnerShare { name, share_cents: part.0 })
        .collect()
}

/// The name in an address: `Stadt Solingen`, `Gemeinde Alpen`, `Kreis Kleve`.
fn formal_name(ags: &Ags, name: &str) -> String {
    let Some(found) = municipality(ags) else { return name.to_owned() };
    match found.kind {
        MunicipalityKind::District | MunicipalityKind::CityRegion => found.name.clone(),
        MunicipalityKind::RuralMunicipality => format!("Gemeinde {}", found.name),
        _ => format!("Stadt {}", found.name),
    }
}

/// Postcode and town, which suffice as the address of an authority. See `data/README.md`.
fn seat(ags: &Ags) -> Option<String> {
    static SEATS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
        let seat = |line: &'static str| {
            let mut columns = line.split(',');
            Some((columns.next()?, format!("{} {}", columns.next()?, columns.next()?)))
        };
        include_str!("../data/seats.csv").lines().skip(1).filter_map(seat).collect()
    });
    SEATS.get(ags.as_str()).cloned()
}
