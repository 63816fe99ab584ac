//! Rules that every application must meet, whether it was typed or sent by a program.

use std::collections::HashSet;
use std::hash::Hash;

use events::{Ags, Application, Call, Cents, Contact, FinancingPlan, JointProject, municipality};
use pages::parse::{ParseError, is_plausible, length};

use super::{Errors, Field, LARGEST, LINE, LIST, TEXT, Wrong};

/// Longest goal, in characters.
const GOAL: usize = TEXT / 10;

pub(super) fn check(application: &Application, call: &Call, lead: &Ags, errors: &mut Errors) {
    for (field, text) in
        [(Field::Title, &application.title), (Field::FieldOfAction, &application.field_of_action)]
    {
        needed(field, text, errors);
        line(field, text, errors);
    }
    for (field, text) in [
        (Field::ProblemStatement, &application.problem_statement),
        (Field::Method, &application.method),
        (Field::ProductsAndResults, &application.products_and_results),
        (Field::ImmigrationOfficePart, &application.immigration_office_part),
    ] {
        needed(field, text, errors);
        no_longer(field, text, TEXT, errors);
    }
    if application.goals.is_empty() {
        errors.add(Field::Goals, Wrong::MISSING);
    }
    for (field, goals) in [
        (Field::Goals, &application.goals),
        (Field::ActionGoals, &application.action_goals),
        (Field::OutputGoals, &application.output_goals),
    ] {
        few(field, goals.len(), errors);
        goals.iter().for_each(|goal| no_longer(field, goal, GOAL, errors));
    }
    if application.funding_priorities.is_empty() {
        errors.add(Field::FundingPriorities, Wrong::MISSING);
    }
    chosen(Field::FundingPriorities, &application.funding_priorities, &call.funding_priorities, errors);
    chosen(Field::Themes, &application.themes, &call.themes, errors);
    once(Field::Declarations, &application.declarations, errors);
    few(Field::Partners, application.partners.len(), errors);
    for (row, partner) in application.partners.iter().enumerate().take(LIST + 1) {
        needed(Field::PartnerName(row), &partner.name, errors);
        line(Field::PartnerName(row), &partner.name, errors);
    }
    for (field, day) in [
        (Field::ProjectFrom, application.project_period.from),
        (Field::ProjectTo, application.project_period.to),
    ] {
        if !is_plausible(day) {
            errors.add(field, Wrong::Unreadable(ParseError::Date));
        }
    }
    if application.project_period.to < application.project_period.from && !errors.has(Field::ProjectFrom) {
        errors.add(Field::ProjectTo, Wrong::EndsBeforeStart);
    }
    financing(&application.financing, errors);
    if let Some(joint) = &application.joint {
        shares(joint, application.financing.grant, lead, errors);
    }
    contact(&application.contact, errors);
}

/// Also used for corrections after submission.
pub(super) fn contact(contact: &Contact, errors: &mut Errors) {
    for (field, text) in [(Field::ContactName, &contact.name), (Field::ContactEmail, &contact.email)] {
        needed(field, text, errors);
        line(field, text, errors);
    }
    let email = &contact.email;
    if email.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        errors.add(Field::ContactEmail, Wrong::EmailLetters);
    } else if !is_email(email) {
        errors.add(Field::ContactEmail, Wrong::Email);
    }
    line(Field::ContactPhone, &contact.phone, errors);
}

/// VV 1.2 to § 44 LHO: the full financing is secured, to the cent.
fn financing(plan: &FinancingPlan, errors: &mut Errors) {
    let parts = [
        (Field::Grant, plan.grant),
        (Field::OwnShare, plan.own_share),
        (Field::ThirdParties, plan.third_parties),
        (Field::Total, plan.total),
    ];
    for (field, amount) in parts {
        in_range(field, amount, errors);
    }
    if plan.grant == Cents::ZERO {
        errors.add(Field::Grant, Wrong::Nothing);
    }
    if plan.gap() != Cents::ZERO && !parts.iter().any(|(field, _)| errors.has(*field)) {
        errors.add(Field::Total, Wrong::PlanGap { gap: plan.gap() });
    }
}

fn shares(joint: &JointProject, grant: Cents, lead: &Ags, errors: &mut Errors) {
    in_range(Field::LeadShare, joint.lead_share, errors);
    if joint.participants.is_empty() {
        errors.add(Field::Participants, Wrong::MISSING);
    }
    few(Field::Participants, joint.participants.len(), errors);
    let mut known = HashSet::new();
    let mut readable = !errors.has(Field::Grant) && !errors.has(Field::LeadShare);
    for (row, participant) in joint.participants.iter().enumerate().take(LIST + 1) {
        let field = Field::ParticipantAgs(row);
        if municipality(&participant.ags).is_none() {
            errors.add(field, Wrong::UnknownMunicipality);
        } else if participant.ags == *lead {
            errors.add(field, Wrong::IsLead);
        } else if !known.insert(&participant.ags) {
            errors.add(field, Wrong::Repeated);
        }
        in_range(Field::ParticipantShare(row), participant.share, errors);
        readable &= !errors.has(Field::ParticipantShare(row));
    }
    let shares: Cents = joint.participants.iter().map(|one| one.share).sum();
    let gap = grant - (joint.lead_share + shares);
    if gap != Cents::ZERO && readable {
        errors.add(Field::LeadShare, Wrong::SharesGap { gap });
    }
}

fn needed(field: Field, text: &str, errors: &mut Errors) {
    if text.is_empty() {
        errors.add(field, Wrong::MISSING);
    }
}

fn line(field: Field, text: &str, errors: &mut Errors) {
    no_longer(field, text, LINE, errors);
}

fn no_longer(field: Field, text: &str, limit: usize, errors: &mut Errors) {
    let length = length(text);
    if length > limit {
        errors.add(field, Wrong::TooLong { length, limit });
    }
}

fn few(field: Field, count: usize, errors: &mut Errors) {
    if count > LIST {
        errors.add(field, Wrong::TooMany { limit: LIST });
    }
}

fn chosen<T: Eq + Hash>(field: Field, chosen: &[T], offered: &[T], errors: &mut Errors) {
    if chosen.iter().any(|one| !offered.contains(one)) {
        errors.add(field, Wrong::NotOffered);
    }
    once(field, chosen, errors);
}

fn once<T: Eq + Hash>(field: Field, chosen: &[T], errors: &mut Errors) {
    let mut seen = HashSet::new();
    if !chosen.iter().all(|one| seen.insert(one)) {
        errors.add(field, Wrong::Repeated);
    }
}

fn in_range(field: Field, amount: Cents, errors: &mut Errors) {
    if amount < Cents::ZERO {
        errors.add(field, Wrong::Unreadable(ParseError::Negative));
    }
    if amount > LARGEST {
        errors.add(field, Wrong::Unreadable(ParseError::TooLarge));
    }
}

/// Whether this is a mailbox by RFC 5321 without quotation marks or address literals, in ASCII: what every mail
/// server accepts.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let local_part =
        local.len() <= 64 && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254 && local_part && domain.contains('.') && domain.split('.').all(label)
}
