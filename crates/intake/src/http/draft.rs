//! `/apply/drafts/{id}`: the form. Whatever is sent is kept first, and looked at afterwards.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chassis::problem::{ApiPath, ApiQuery};
use chassis::session::{Fields, PageForm};
use chassis::{Problem, Session};
use events::{
    ApplicationId, Call, Declaration, FundingPriority, Language as MailLanguage, PartnerKind, ProjectTheme,
};
use pages::{Choice, Page};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{access, draft_path, failed, gone, to};
use crate::Service;
use crate::application::{Draft, Seen, Stale};
use crate::check::{self, Errors, Field, LINE, TEXT};
use crate::form::{Form, Rows, id_of};
use crate::store::{calls, drafts};

mod choices;

/// What just happened, in the address after a redirect.
#[derive(Deserialize)]
pub(super) struct Just {
    /// Saved by the button.
    #[serde(default)]
    saved: Option<String>,
    /// To be looked at: mistakes are shown.
    #[serde(default)]
    check: Option<String>,
}

#[derive(Template)]
#[template(path = "draft.html")]
struct DraftPage<'a> {
    page: &'a Page,
    id: ApplicationId,
    call: &'a Call,
    call_title: String,
    applicant: &'a str,
    revision: i64,
    open_page: Uuid,
    form: pages::Form,
    partners: Vec<Row>,
    participants: Vec<Row>,
    joint: bool,
    saved: bool,
    stale: Option<Stale>,
    priorities: Vec<Choice>,
    themes: Vec<Choice>,
    declarations: Vec<Choice>,
    languages: Vec<Choice>,
    partner_kinds: Vec<Choice>,
    municipalities: Vec<Choice>,
}

/// The names of the controls of one row.
struct Row {
    number: usize,
    first: String,
    second: String,
}

impl Row {
    fn list(count: usize, first: &str, second: &str) -> Vec<Self> {
        let row = |row| Self {
            number: row + 1,
            first: format!("{first}-{row}"),
            second: format!("{second}-{row}"),
        };
        (0..count).map(row).collect()
    }
}

impl DraftPage<'_> {
    fn limit(&self) -> usize {
        LINE
    }

    fn text_limit(&self) -> usize {
        TEXT
    }

    /// The message beside a part that is no single control.
    fn error(&self, field: Field) -> Option<&str> {
        self.form.error(&field.control())
    }

    fn days(&self) -> String {
        let (from, to) = (self.page.date(self.call.project_from), self.page.date(self.call.project_to));
        self.page.tn("field-project-period-hint", &[("from", &from), ("to", &to)])
    }
}

fn draw<'a>(page: &'a Page, draft: &Draft, call: &'a Call, errors: Option<&Errors>) -> DraftPage<'a> {
    let form = &draft.form;
    let choice =
        |kind: &str, id: String| Choice::new(id.clone(), page.t(format!("{kind}-{}", id.replace('_', "-"))));
    let choices =
        |kind: &str, ids: Vec<String>| ids.into_iter().map(|id| choice(kind, id)).collect::<Vec<_>>();
    let joint = form.is_joint || !form.participants.is_empty() || !form.lead_share.is_empty();
    DraftPage {
        page,
        id: draft.id,
        call,
        call_title: super::home::title(call, page),
        applicant: events::municipality(&draft.ags).map(|one| one.name.as_str()).unwrap_or_default(),
        revision: draft.revision,
        open_page: Uuid::new_v4(),
        form: shown(page, form, errors),
        partners: Row::list(form.partners.len(), "partner_name", "partner_kind"),
        participants: Row::list(form.participants.len(), "participant_ags", "participant_share"),
        joint,
        saved: false,
        stale: None,
        priorities: choices("priority", ids(&FundingPriority::ALL, &call.funding_priorities)),
        themes: choices("theme", ids(&ProjectTheme::ALL, &call.themes)),
        declarations: choices("declaration", ids(&Declaration::ALL, &Declaration::ALL)),
        languages: choices("language", vec![id_of(MailLanguage::De), id_of(MailLanguage::En)]),
        partner_kinds: choices(
            "partner",
            vec![id_of(PartnerKind::MigrantOrganisation), id_of(PartnerKind::Other)],
        ),
        municipalities: if joint { choices::municipalities(&draft.ags) } else { Vec::new() },
    }
}

/// The ids of those that the call offers, in the order of the programme.
fn ids<T: Serialize + PartialEq>(all: &[T], offered: &[T]) -> Vec<String> {
    all.iter().filter(|one| offered.contains(one)).map(id_of).collect()
}

/// The form as the page shows it, with messages beside the fields.
fn shown(page: &Page, form: &Form, errors: Option<&Errors>) -> pages::Form {
    let texts = [
        ("title", &form.title),
        ("field_of_action", &form.field_of_action),
        ("problem_statement", &form.problem_statement),
        ("goals", &form.goals),
        ("action_goals", &form.action_goals),
        ("output_goals", &form.output_goals),
        ("method", &form.method),
        ("products_and_results", &form.products_and_results),
        ("immigration_office_part", &form.immigration_office_part),
        ("lead_share", &form.lead_share),
        ("project_from", &form.project_from),
        ("project_to", &form.project_to),
        ("grant", &form.grant),
        ("own_share", &form.own_share),
        ("third_parties", &form.third_parties),
        ("total", &form.total),
        ("contact_name", &form.contact_name),
        ("contact_email", &form.contact_email),
        ("contact_phone", &form.contact_phone),
    ];
    let lists = [
        ("funding_priorities", &form.funding_priorities),
        ("themes", &form.themes),
        ("declarations", &form.declarations),
    ];
    let mut shown =
        texts.into_iter().fold(pages::Form::new(page), |shown, (name, text)| shown.with(name, text));
    for (name, chosen) in lists {
        shown = chosen.iter().fold(shown, |shown, one| shown.with(name, one));
    }
    for (row, partner) in form.partners.iter().enumerate() {
        shown = shown
            .with(&format!("partner_name-{row}"), &partner.name)
            .with(&format!("partner_kind-{row}"), id_of(partner.kind()));
    }
    for (row, participant) in form.participants.iter().enumerate() {
        shown = shown
            .with(&format!("participant_ags-{row}"), &participant.ags)
            .with(&format!("participant_share-{row}"), &participant.share);
    }
    if form.is_joint {
        shown = shown.with("is_joint", "yes");
    }
    shown = shown.with("contact_language", id_of(form.language()));
    for (field, wrong) in errors.into_iter().flat_map(Errors::iter) {
        shown.refuse(&field.control(), wrong.say(field, page));
    }
    shown
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(just): ApiQuery<Just>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let Some(draft) = drafts::find(&mut connection, id, &ags).await? else {
        return gone(&mut connection, id, &session).await;
    };
    let call = calls::find(&mut connection, draft.call).await?.ok_or_else(Problem::not_found)?;
    let errors = just.check.and_then(|_| check::form(&draft.form, &call, &ags).err());
    pages::show(&DraftPage { saved: just.saved.is_some(), ..draw(&page, &draft, &call, errors.as_ref()) })
}

pub(super) async fn save(
    page: Page,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let action = fields.get("action");
    let mut form = Form::from(&fields);
    let rows = Rows::read(action);
    if let Some(rows) = rows {
        form.change(rows);
    }
    if action == "check" {
        form.drop_blank_rows();
    }
    let (partners, participants) = (form.partners.len(), form.participants.len());
    let mut tx = service.bus.begin().await?;
    let Some(draft) = drafts::lock(&mut tx, id, &ags).await? else {
        return gone(&mut tx, id, &session).await;
    };
    let now = tx.now();
    match draft.clone().save(form.clone(), seen(&fields), false, session.name, now) {
        Ok(saved) => drafts::save(&mut tx, &saved).await?,
        Err(stale) => {
            // What was typed is shown, with the revision that it would now replace.
            let call = calls::find(&mut tx, draft.call).await?.ok_or_else(Problem::not_found)?;
            let typed = Draft { form, ..draft };
            let shown = pages::show(&DraftPage { stale: Some(stale), ..draw(&page, &typed, &call, None) })?;
            return Ok((StatusCode::CONFLICT, shown).into_response());
        }
    }
    service.bus.commit(tx).await.map_err(failed)?;
    let path = draft_path(id);
    Ok(to(&match (action, rows) {
        ("check", _) => format!("{path}/check"),
        (_, Some(rows)) => format!("{path}#{}", focus(rows, partners, participants)),
        _ => format!("{path}?saved=1"),
    }))
}

/// The id of what has the focus after a row came or went: the first field of the new row, or of the neighbour of the
/// one that went; the button, where no row is left. Browsers focus what the address names.
fn focus(rows: Rows, partners: usize, participants: usize) -> String {
    let (name, count, row, button) = match rows {
        Rows::AddPartner => ("partner_name", partners, usize::MAX, "add-partner"),
        Rows::RemovePartner(row) => ("partner_name", partners, row, "add-partner"),
        Rows::AddParticipant => ("participant_ags", participants, usize::MAX, "add-participant"),
        Rows::RemoveParticipant(row) => ("participant_ags", participants, row, "add-participant"),
    };
    match count {
        0 => format!("f-{button}"),
        count => format!("f-{name}-{}", row.min(count - 1)),
    }
}

pub(super) async fn autosave(
    page: Page,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<StatusCode, Problem> {
    let ags = access::applicant(&session)?;
    let mut tx = service.bus.begin().await?;
    let draft = drafts::lock(&mut tx, id, &ags).await?.ok_or_else(Problem::not_found)?;
    let now = tx.now();
    let saved = draft
        .save(Form::from(&fields), seen(&fields), true, session.name, now)
        .map_err(|stale| Problem::conflict(stale.to_string()).say(page.t1("stale-title", "by", &stale.by)))?;
    drafts::save(&mut tx, &saved).await?;
    service.bus.commit(tx).await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which page the fields come from. One that does not say so has seen nothing.
fn seen(fields: &Fields) -> Seen {
    let revision = fields.get("revision").parse().unwrap_or(-1);
    Seen { revision, page: fields.get("open_page").parse().unwrap_or_else(|_| Uuid::new_v4()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focus_goes_to_the_new_row_or_to_the_neighbour_of_the_one_that_went() {
        for (rows, partners, participants, id) in [
            (Rows::AddPartner, 3, 0, "f-partner_name-2"),
            (Rows::AddParticipant, 0, 1, "f-participant_ags-0"),
            (Rows::RemovePartner(0), 2, 9, "f-partner_name-0"),
            (Rows::RemovePartner(2), 2, 0, "f-partner_name-1"),
            (Rows::RemoveParticipant(7), 4, 3, "f-participant_ags-2"),
            (Rows::RemovePartner(0), 0, 3, "f-add-partner"),
            (Rows::RemoveParticipant(0), 3, 0, "f-add-participant"),
        ] {
            assert_eq!(focus(rows, partners, participants), id, "{rows:?}");
        }
    }
}
