//! The form as it was typed: texts that nothing has read or checked. A draft stores it.

use std::collections::BTreeSet;

use chassis::session::Fields;
use events::{Application, Cents, Declaration, FundingPriority, Language, PartnerKind, ProjectTheme};
use pages::parse::{is_blank, line, lines};
use serde::{Deserialize, Serialize};

use crate::check::limits::LIST;

/// The largest number of rows of partners, and of municipalities, that a draft stores.
const MOST_ROWS: usize = LIST + 1;

/// Every field of the form as typed. Fields may only be added, with defaults: drafts outlive a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    pub title: String,
    pub field_of_action: String,
    pub problem_statement: String,
    /// One goal per line; the two fields below likewise.
    pub goals: String,
    pub action_goals: String,
    pub output_goals: String,
    pub method: String,
    pub products_and_results: String,
    /// Those that are ticked, as [`id_of`] names them.
    pub funding_priorities: BTreeSet<String>,
    pub themes: BTreeSet<String>,
    pub declarations: BTreeSet<String>,
    pub partners: Vec<PartnerRow>,
    pub immigration_office_part: String,
    /// Whether several municipalities apply together. Their rows are kept even while this is not ticked.
    pub is_joint: bool,
    pub lead_share: String,
    pub participants: Vec<ParticipantRow>,
    pub project_from: String,
    pub project_to: String,
    pub grant: String,
    pub own_share: String,
    pub third_parties: String,
    pub total: String,
    pub contact_name: String,
    pub contact_email: String,
    pub contact_phone: String,
    pub contact_language: String,
}

/// One row of partners that are not municipalities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartnerRow {
    pub name: String,
    /// Id of a [`PartnerKind`].
    pub kind: String,
}

/// One row of the municipalities of a joint project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParticipantRow {
    pub ags: String,
    /// The part of the grant that it gets, as typed.
    pub share: String,
}

/// What a button of the form does to its rows, besides saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    AddPartner,
    /// Removes this row, counted from 0.
    RemovePartner(usize),
    AddParticipant,
    /// Removes this row, counted from 0.
    RemoveParticipant(usize),
}

impl Rows {
    /// Reads the value of a button, such as `remove-partner-2`.
    pub fn read(button: &str) -> Option<Self> {
        match button {
            "add-partner" => return Some(Self::AddPartner),
            "add-participant" => return Some(Self::AddParticipant),
            _ => {}
        }
        let (what, index) = button.rsplit_once('-')?;
        let index = index.parse().ok()?;
        match what {
            "remove-partner" => Some(Self::RemovePartner(index)),
            "remove-participant" => Some(Self::RemoveParticipant(index)),
            _ => None,
        }
    }
}

/// The name of a choice in the form, which is its name in the contract.
pub fn id_of(choice: impl Serialize) -> String {
    match serde_json::to_value(choice) {
        Ok(serde_json::Value::String(id)) => id,
        _ => String::new(),
    }
}

/// Writes an amount as a person would type it.
fn typed(amount: Cents) -> String {
    pages::Language::De.money_to_type(amount.0)
}

/// The distinct row numbers of the fields whose name begins with `name`. At most one more than may be submitted, so
/// that the form can report that there are too many.
fn rows(fields: &Fields, name: &str) -> impl Iterator<Item = usize> {
    let rows: BTreeSet<usize> =
        fields.iter().filter_map(|(key, _)| key.strip_prefix(name)?.parse().ok()).collect();
    rows.into_iter().take(MOST_ROWS)
}

impl From<&Fields> for Form {
    /// Reads what the browser has sent. Never fails: a draft keeps everything.
    fn from(fields: &Fields) -> Self {
        let short = |name| line(fields.get(name));
        let long = |name| lines(fields.get(name));
        let ticked = |name| fields.all(name).map(line).collect();
        Self {
            title: short("title"),
            field_of_action: short("field_of_action"),
            problem_statement: long("problem_statement"),
            goals: long("goals"),
            action_goals: long("action_goals"),
            output_goals: long("output_goals"),
            method: long("method"),
            products_and_results: long("products_and_results"),
            funding_priorities: ticked("funding_priorities"),
            themes: ticked("themes"),
            declarations: ticked("declarations"),
            partners: rows(fields, "partner_name-")
                .map(|row| PartnerRow {
                    name: line(fields.get(&format!("partner_name-{row}"))),
                    kind: line(fields.get(&format!("partner_kind-{row}"))),
                })
                .collect(),
            immigration_office_part: long("immigration_office_part"),
            is_joint: fields.get("is_joint") == "yes",
            lead_share: short("lead_share"),
            participants: rows(fields, "participant_ags-")
                .map(|row| ParticipantRow {
                    ags: line(fields.get(&format!("participant_ags-{row}"))),
                    share: line(fields.get(&format!("participant_share-{row}"))),
                })
                .collect(),
            project_from: short("project_from"),
            project_to: short("project_to"),
            grant: short("grant"),
            own_share: short("own_share"),
            third_parties: short("third_parties"),
            total: short("total"),
            contact_name: short("contact_name"),
            contact_email: short("contact_email"),
            contact_phone: short("contact_phone"),
            contact_language: short("contact_language"),
        }
    }
}

impl From<&Application> for Form {
    fn from(application: &Application) -> Self {
        let joint = application.joint.as_ref();
        Self {
            title: application.title.clone(),
            field_of_action: application.field_of_action.clone(),
            problem_statement: application.problem_statement.clone(),
            goals: application.goals.join("\n"),
            action_goals: application.action_goals.join("\n"),
            output_goals: application.output_goals.join("\n"),
            method: application.method.clone(),
            products_and_results: application.products_and_results.clone(),
            funding_priorities: application.funding_priorities.iter().map(id_of).collect(),
            themes: application.themes.iter().map(id_of).collect(),
            declarations: application.declarations.iter().map(id_of).collect(),
            partners: application
                .partners
                .iter()
                .map(|partner| PartnerRow { name: partner.name.clone(), kind: id_of(partner.kind) })
                .collect(),
            immigration_office_part: application.immigration_office_part.clone(),
            is_joint: joint.is_some(),
            lead_share: joint.map(|joint| typed(joint.lead_share)).unwrap_or_default(),
            participants: joint
                .iter()
                .flat_map(|joint| &joint.participants)
                .map(|one| ParticipantRow { ags: one.ags.to_string(), share: typed(one.share) })
                .collect(),
            project_from: application.project_period.from.to_string(),
            project_to: application.project_period.to.to_string(),
            grant: typed(application.financing.grant),
            own_share: typed(application.financing.own_share),
            third_parties: typed(application.financing.third_parties),
            total: typed(application.financing.total),
            contact_name: application.contact.name.clone(),
            contact_email: application.contact.email.clone(),
            contact_phone: application.contact.phone.clone(),
            contact_language: id_of(application.contact.language),
        }
    }
}

impl Form {
    /// The fields as a browser would send them; the inverse of [`From<&Fields>`].
    pub fn fields(&self) -> Fields {
        let texts = [
            ("title", &self.title),
            ("field_of_action", &self.field_of_action),
            ("problem_statement", &self.problem_statement),
            ("goals", &self.goals),
            ("action_goals", &self.action_goals),
            ("output_goals", &self.output_goals),
            ("method", &self.method),
            ("products_and_results", &self.products_and_results),
            ("immigration_office_part", &self.immigration_office_part),
            ("lead_share", &self.lead_share),
            ("project_from", &self.project_from),
            ("project_to", &self.project_to),
            ("grant", &self.grant),
            ("own_share", &self.own_share),
            ("third_parties", &self.third_parties),
            ("total", &self.total),
            ("contact_name", &self.contact_name),
            ("contact_email", &self.contact_email),
            ("contact_phone", &self.contact_phone),
        ];
        let lists = [
            ("funding_priorities", &self.funding_priorities),
            ("themes", &self.themes),
            ("declarations", &self.declarations),
        ];
        let mut fields: Vec<(String, String)> =
            texts.into_iter().map(|(name, text)| (name.to_owned(), text.clone())).collect();
        for (name, chosen) in lists {
            fields.extend(chosen.iter().map(|one| (name.to_owned(), one.clone())));
        }
        for (row, partner) in self.partners.iter().enumerate() {
            fields.push((format!("partner_name-{row}"), partner.name.clone()));
            fields.push((format!("partner_kind-{row}"), id_of(partner.kind())));
        }
        for (row, participant) in self.participants.iter().enumerate() {
            fields.push((format!("participant_ags-{row}"), participant.ags.clone()));
            fields.push((format!("participant_share-{row}"), participant.share.clone()));
        }
        if self.is_joint {
            fields.push(("is_joint".to_owned(), "yes".to_owned()));
        }
        fields.push(("contact_language".to_owned(), id_of(self.language())));
        fields.into_iter().collect()
    }

    /// The part of the form to which a field belongs; all rows of a list are one part.
    pub fn part(name: &str) -> &str {
        match name.split_once('-').map_or(name, |(list, _)| list) {
            "partner_name" | "partner_kind" => "partners",
            "participant_ags" | "participant_share" => "participants",
            _ => name,
        }
    }

    /// Adds or removes a row. Removing a row that does not exist does nothing.
    pub fn change(&mut self, rows: Rows) {
        match rows {
            Rows::AddPartner if self.partners.len() < MOST_ROWS => self.partners.push(PartnerRow::default()),
            Rows::AddParticipant => {
                self.is_joint = true;
                if self.participants.len() < MOST_ROWS {
                    self.participants.push(ParticipantRow::default());
                }
            }
            Rows::RemovePartner(index) if index < self.partners.len() => {
                self.partners.remove(index);
            }
            Rows::RemoveParticipant(index) if index < self.participants.len() => {
                self.participants.remove(index);
            }
            Rows::AddPartner | Rows::RemovePartner(_) | Rows::RemoveParticipant(_) => {}
        }
    }

    /// Removes blank rows; afterwards the row numbers are those of the application.
    pub fn drop_blank_rows(&mut self) {
        self.partners.retain(|row| !is_blank(&row.name));
        self.participants.retain(|row| !(is_blank(&row.ags) && is_blank(&row.share)));
    }

    pub fn has_priority(&self, priority: &FundingPriority) -> bool {
        self.funding_priorities.contains(&id_of(priority))
    }

    pub fn has_theme(&self, theme: &ProjectTheme) -> bool {
        self.themes.contains(&id_of(theme))
    }

    pub fn has_declaration(&self, declaration: &Declaration) -> bool {
        self.declarations.contains(&id_of(declaration))
    }

    /// The language for emails; German if none has been chosen.
    pub fn language(&self) -> Language {
        if self.contact_language.trim() == id_of(Language::En) { Language::En } else { Language::De }
    }
}

impl PartnerRow {
    /// The kind of partner; `Other` if none has been chosen.
    pub fn kind(&self) -> PartnerKind {
        let migrant = PartnerKind::MigrantOrganisation;
        if self.kind.trim() == id_of(migrant) { migrant } else { PartnerKind::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Form {
        let fields: Fields =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Form::from(&fields)
    }

    #[test]
    fn a_browser_s_fields_become_a_form() {
        let form = sent(&[
            ("title", "Netz\r\nwerk\0"),
            ("goals", "eins\r\nzwei\0"),
            ("themes", "transfer"),
            ("themes", "naturalisation"),
            ("partner_name-2", ""),
            ("partner_kind-0", "migrant_organisation"),
            ("partner_name-0", "Verein"),
            ("partner_kind-2", "other"),
            ("partner_name-x", "nobody"),
            ("is_joint", "yes"),
            ("participant_ags-0", "05122000"),
            ("unknown", "ignored"),
        ]);
        assert_eq!(form.title, "Netz werk");
        assert_eq!(form.goals, "eins\nzwei");
        assert!(form.has_theme(&ProjectTheme::Transfer) && !form.has_theme(&ProjectTheme::GuideSystems));
        assert_eq!(form.partners.len(), 2);
        assert_eq!(form.partners[0].kind(), PartnerKind::MigrantOrganisation);
        assert_eq!(form.participants, [ParticipantRow { ags: "05122000".into(), share: String::new() }]);
    }

    #[test]
    fn rows_come_and_go_by_buttons() {
        let mut form = sent(&[("partner_name-0", "A"), ("partner_name-1", "B")]);
        form.change(Rows::read("remove-partner-0").unwrap());
        form.change(Rows::read("remove-partner-7").unwrap());
        form.change(Rows::read("add-participant").unwrap());
        assert_eq!((form.partners.len(), form.partners[0].name.as_str()), (1, "B"));
        assert!(form.is_joint && form.participants.len() == 1);
        form.drop_blank_rows();
        assert!(form.participants.is_empty());
        assert_eq!(Rows::read("remove-everything-1"), None);
        assert_eq!(Rows::read("save"), None);
    }

    #[test]
    fn rows_end_one_beyond_the_limit() {
        let fields: Fields = (0..2_000)
            .flat_map(|row| [format!("partner_name-{row}"), format!("participant_ags-{row}")])
            .map(|name| (name, "x".to_owned()))
            .collect();
        let mut form = Form::from(&fields);
        form.change(Rows::AddPartner);
        form.change(Rows::AddParticipant);
        assert_eq!((form.partners.len(), form.participants.len()), (LIST + 1, LIST + 1));
    }

    #[test]
    fn a_draft_of_an_older_release_is_read() {
        let form: Form = serde_json::from_str(r#"{"title": "alt", "gone": 1}"#).unwrap();
        assert_eq!(form.title, "alt");
    }
}
