//! The application in sections for reading.

use events::{ApplicationSubmitted, Partner, PartnerKind};
use pages::Page;
use serde::Serialize;

pub(super) struct Section {
    pub title: String,
    pub rows: Vec<Row>,
}

/// A labelled entry with one or more texts.
pub(super) struct Row {
    pub name: String,
    pub texts: Vec<String>,
}

/// The sections, in the order of the form. Contact data is left out: it is not needed for scoring.
pub(super) fn sections(page: &Page, submitted: &ApplicationSubmitted) -> Vec<Section> {
    let form = &submitted.application;
    let row = |key: &str, texts: Vec<String>| Row { name: page.t(key), texts };
    let one = |key: &str, text: &str| row(key, vec![text.to_owned()]);
    let section = |key: &str, rows: Vec<Row>| {
        // Empty entries are not shown.
        let filled = rows.into_iter().filter(|row| row.texts.iter().any(|text| !text.is_empty()));
        Section { title: page.t(key), rows: filled.collect() }
    };
    let words =
        |prefix: &str, keys: Vec<String>| keys.iter().map(|key| page.t(format!("{prefix}-{key}"))).collect();
    let money = |cents: events::Cents| page.money(cents.0);

    let project = section(
        "section-project",
        vec![
            one("field-of-action", &form.field_of_action),
            one("problem-statement", &form.problem_statement),
            row("goals", form.goals.clone()),
            row("action-goals", form.action_goals.clone()),
            row("output-goals", form.output_goals.clone()),
            one("method", &form.method),
            one("products-and-results", &form.products_and_results),
        ],
    );
    let priorities = section(
        "section-priorities",
        vec![
            row("funding-priorities", words("priority", keys(&form.funding_priorities))),
            row("themes", words("theme", keys(&form.themes))),
        ],
    );
    let partner = |partner: &Partner| match partner.kind {
        PartnerKind::MigrantOrganisation => page.t1("partner-migrant", "name", &partner.name),
        PartnerKind::Other => partner.name.clone(),
    };
    let mut together = vec![
        one("immigration-office-part", &form.immigration_office_part),
        row("partners", form.partners.iter().map(partner).collect()),
    ];
    if let Some(joint) = &form.joint {
        let share = |name: &str, cents| page.tn("share", &[("name", name), ("amount", &money(cents))]);
        let lead = share(&submitted.applicant.name, joint.lead_share);
        let others = joint.participants.iter().enumerate().map(|(n, one)| {
            let name = submitted.participant_names.get(n).map_or(one.ags.as_str(), String::as_str);
            share(name, one.share)
        });
        together.push(row("joint-project", [lead].into_iter().chain(others).collect()));
    }
    let period = form.project_period;
    let days = [("from", &*page.date(period.from)), ("to", &*page.date(period.to))];
    let plan = form.financing;
    let money = section(
        "section-money",
        vec![
            row("project-period", vec![page.tn("period", &days)]),
            row("grant", vec![money(plan.grant)]),
            row("own-share", vec![money(plan.own_share)]),
            row("third-parties", vec![money(plan.third_parties)]),
            row("total", vec![money(plan.total)]),
        ],
    );
    let declared = words("declaration", keys(&form.declarations));
    let declarations = section("section-declarations", vec![row("declarations", declared)]);
    vec![project, priorities, section("section-together", together), money, declarations]
}

/// The names of enum values as in message keys, for example `guide-systems`.
fn keys<T: Serialize>(values: &[T]) -> Vec<String> {
    let name = |value: &T| serde_json::to_value(value).ok()?.as_str().map(|name| name.replace('_', "-"));
    values.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use events::{Declaration, FundingPriority, ProjectTheme};
    use pages::Language;

    use super::keys;

    #[test]
    fn every_value_has_its_words() {
        let pages = crate::pages().unwrap();
        let priorities = keys(&FundingPriority::ALL).into_iter().map(|key| format!("priority-{key}"));
        let themes = keys(&ProjectTheme::ALL).into_iter().map(|key| format!("theme-{key}"));
        let declarations = keys(&Declaration::ALL).into_iter().map(|key| format!("declaration-{key}"));
        for key in priorities.chain(themes).chain(declarations) {
            for language in Language::ALL {
                assert!(pages.messages().has(language, &key), "{key} in {}", language.code());
            }
        }
    }
}
