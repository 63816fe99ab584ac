//! From texts to an application. What cannot be read is noted, and stands for nothing until it is put right.

use chrono::NaiveDate;
use events::{
    Ags, Application, Cents, Contact, Declaration, FinancingPlan, FundingPriority, JointProject, Participant,
    Partner, Period, ProjectTheme,
};

use pages::parse;

use super::{Errors, Field, Wrong};
use crate::form::{Form, ParticipantRow};

/// Stands where no key could be read; never in an application that passes.
const NO_AGS: &str = "00000";

pub(super) fn read(form: &Form, errors: &mut Errors) -> Application {
    Application {
        title: trimmed(&form.title),
        field_of_action: trimmed(&form.field_of_action),
        problem_statement: trimmed(&form.problem_statement),
        goals: by_line(&form.goals),
        action_goals: by_line(&form.action_goals),
        output_goals: by_line(&form.output_goals),
        method: trimmed(&form.method),
        products_and_results: trimmed(&form.products_and_results),
        funding_priorities: FundingPriority::ALL.into_iter().filter(|one| form.has_priority(one)).collect(),
        themes: ProjectTheme::ALL.into_iter().filter(|one| form.has_theme(one)).collect(),
        partners: form
            .partners
            .iter()
            .map(|row| Partner { name: trimmed(&row.name), kind: row.kind() })
            .collect(),
        immigration_office_part: trimmed(&form.immigration_office_part),
        joint: form.is_joint.then(|| joint(form, errors)),
        project_period: Period {
            from: date(&form.project_from, Field::ProjectFrom, errors),
            to: date(&form.project_to, Field::ProjectTo, errors),
        },
        financing: FinancingPlan {
            grant: cents(&form.grant, Field::Grant, errors),
            own_share: cents_or_nothing(&form.own_share, Field::OwnShare, errors),
            third_parties: cents_or_nothing(&form.third_parties, Field::ThirdParties, errors),
            total: cents(&form.total, Field::Total, errors),
        },
        contact: Contact {
            name: trimmed(&form.contact_name),
            email: trimmed(&form.contact_email),
            phone: trimmed(&form.contact_phone),
            language: form.language(),
        },
        declarations: Declaration::ALL.into_iter().filter(|one| form.has_declaration(one)).collect(),
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

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

fn by_line(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
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
    if text.trim().is_empty() { Cents::ZERO } else { cents(text, field, errors) }
}

fn municipality(text: &str, field: Field, errors: &mut Errors) -> Ags {
    let text = text.trim();
    text.parse().unwrap_or_else(|_| {
        errors.add(field, if text.is_empty() { Wrong::MISSING } else { Wrong::UnknownMunicipality });
        NO_AGS.parse().expect("five digits")
    })
}
