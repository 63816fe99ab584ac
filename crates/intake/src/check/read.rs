//! Reads an application from texts. What cannot be read is reported as an error, and replaced by an empty value until
//! it is corrected.

use chrono::NaiveDate;
use events::{
    Ags, Application, Cents, Contact, Declaration, FinancingPlan, FundingPriority, JointProject, Participant,
    Partner, Period, ProjectTheme,
};

use pages::parse::{self, email, entries, line, lines};

use super::{Errors, Field, Wrong};
use crate::form::{Form, ParticipantRow};

/// Placeholder for a municipality key that could not be read; never part of an application that passes the check.
const NO_AGS: &str = "00000";

pub(super) fn read(form: &Form, errors: &mut Errors) -> Application {
    clean(Application {
        title: form.title.clone(),
        field_of_action: form.field_of_action.clone(),
        problem_statement: form.problem_statement.clone(),
        goals: vec![form.goals.clone()],
        action_goals: vec![form.action_goals.clone()],
        output_goals: vec![form.output_goals.clone()],
        method: form.method.clone(),
        products_and_results: form.products_and_results.clone(),
        funding_priorities: FundingPriority::ALL.into_iter().filter(|one| form.has_priority(one)).collect(),
        themes: ProjectTheme::ALL.into_iter().filter(|one| form.has_theme(one)).collect(),
        partners: form
            .partners
            .iter()
            .map(|row| Partner { name: row.name.clone(), kind: row.kind() })
            .collect(),
        immigration_office_part: form.immigration_office_part.clone(),
        joint: form.is_joint.then(|| joint(form, errors)),
        project_period: Period {
            from: date(&form.project_from, Field::ProjectFrom, errors),
            to: date(&form.project_to, Field::ProjectTo, errors),
        },
        financing: plan(&form.grant, &form.own_share, &form.third_parties, &form.total, errors),
        contact: Contact {
            name: form.contact_name.clone(),
            email: form.contact_email.clone(),
            phone: form.contact_phone.clone(),
            language: form.language(),
        },
        declarations: Declaration::ALL.into_iter().filter(|one| form.has_declaration(one)).collect(),
    })
}

/// Reads the financing plan; each amount is given as typed.
pub(super) fn plan(
    grant: &str,
    own_share: &str,
    third_parties: &str,
    total: &str,
    errors: &mut Errors,
) -> FinancingPlan {
    FinancingPlan {
        grant: cents(grant, Field::Grant, errors),
        own_share: cents_or_nothing(own_share, Field::OwnShare, errors),
        third_parties: cents_or_nothing(third_parties, Field::ThirdParties, errors),
        total: cents(total, Field::Total, errors),
    }
}

/// The application with its texts cleaned, whether they were typed into the form or sent by a program.
pub(super) fn clean(mut application: Application) -> Application {
    let one = &mut application;
    for text in [&mut one.title, &mut one.field_of_action] {
        *text = line(text);
    }
    for text in [
        &mut one.problem_statement,
        &mut one.method,
        &mut one.products_and_results,
        &mut one.immigration_office_part,
    ] {
        *text = lines(text);
    }
    for goals in [&mut one.goals, &mut one.action_goals, &mut one.output_goals] {
        *goals = goals.iter().flat_map(|goal| entries(goal)).collect();
    }
    for partner in &mut one.partners {
        partner.name = line(&partner.name);
    }
    application.contact = contact(application.contact);
    application
}

/// The contact with its texts cleaned.
pub(super) fn contact(contact: Contact) -> Contact {
    Contact {
        name: line(&contact.name),
        email: email(&contact.email),
        phone: line(&contact.phone),
        language: contact.language,
    }
}

fn joint(form: &Form, errors: &mut Errors) -> JointProject {
    let mut participant = |(index, row): (usize, &ParticipantRow)| Participant {
        ags: municipality(&row.ags, Field::ParticipantAgs(index), errors),
        share: cents(&row.share, Field::ParticipantShare(index), errors),
    };
    let participants = form.participants.iter().enumerate().map(&mut participant).collect();
    JointProject { lead_share: cents(&form.lead_share, Field::LeadShare, errors), participants }
}

fn date(text: &str, field: Field, errors: &mut Errors) -> NaiveDate {
    parse::date(text).unwrap_or_else(|error| {
        errors.add(field, Wrong::Unreadable(error));
        NaiveDate::default()
    })
}

fn cents(text: &str, field: Field, errors: &mut Errors) -> Cents {
    parse::money(text).map(Cents).unwrap_or_else(|error| {
        errors.add(field, Wrong::Unreadable(error));
        Cents::ZERO
    })
}

fn cents_or_nothing(text: &str, field: Field, errors: &mut Errors) -> Cents {
    if parse::is_blank(text) { Cents::ZERO } else { cents(text, field, errors) }
}

fn municipality(text: &str, field: Field, errors: &mut Errors) -> Ags {
    let text = line(text);
    text.parse().unwrap_or_else(|_| {
        errors.add(field, if text.is_empty() { Wrong::MISSING } else { Wrong::UnknownMunicipality });
        NO_AGS.parse().expect("five digits")
    })
}
