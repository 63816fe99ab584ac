//! `/apply/drafts/{id}`: the form. What is sent is stored first, and checked afterwards.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use bus::Tx;
use chassis::problem::{ApiPath, ApiQuery};
use chassis::session::{Fields, PageForm};
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{
    ApplicationId, Call, Declaration, FundingPriority, Language as MailLanguage, PartnerKind, ProjectTheme,
};
use pages::kept::{self, Answer, PageVersion};
use pages::{Choice, Keep, Page};
use serde::{Deserialize, Serialize};

use super::{access, draft_path, gone, to};
use crate::AppState;
use crate::application::{Draft, Stale};
use crate::check::{self, Errors, Field, LINE, TEXT};
use crate::form::{Form, Rows, id_of};
use crate::store::{applications, calls, drafts};

mod choices;

/// What has just happened; in the address after a redirect.
#[derive(Deserialize)]
pub(super) struct DraftQuery {
    /// Saved by the button, not by autosave.
    #[serde(default)]
    saved: Option<String>,
    /// The form shows its mistakes.
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
    keep: Keep,
    form: pages::Form,
    partners: Vec<Row>,
    participants: Vec<Row>,
    joint: bool,
    saved: bool,
    /// When this person's own version was kept, if somebody else has saved another.
    kept: Option<DateTime<Utc>>,
    priorities: Vec<Choice>,
    themes: Vec<Choice>,
    declarations: Vec<Choice>,
    languages: Vec<Choice>,
    partner_kinds: Vec<Choice>,
    municipalities: Vec<Choice>,
}

/// The names of the input elements of one row.
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

    /// The message about a list as a whole.
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
        call_title: host::localized(page, &call.title).to_owned(),
        applicant: events::municipality(&draft.ags).map(|one| one.name.as_str()).unwrap_or_default(),
        keep: Keep::new(page, kept_name(draft.id), draft.revision)
            .autosaved(format!("{}/autosave", draft_path(draft.id)))
            .filled_with(kept::fingerprint(&form.fields(), Form::part)),
        form: shown(page, form, errors),
        partners: Row::list(form.partners.len(), "partner_name", "partner_kind"),
        participants: Row::list(form.participants.len(), "participant_ags", "participant_share"),
        joint,
        saved: false,
        kept: None,
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

/// The ids of the choices that the call offers, in the order of `all`.
fn ids<T: Serialize + PartialEq>(all: &[T], offered: &[T]) -> Vec<String> {
    all.iter().filter(|one| offered.contains(one)).map(id_of).collect()
}

/// The form as the page shows it, with messages beside the fields.
fn shown(page: &Page, form: &Form, errors: Option<&Errors>) -> pages::Form {
    let mut shown = pages::Form::typed(page, &form.fields());
    for (field, wrong) in errors.into_iter().flat_map(Errors::iter) {
        shown.refuse(&field.control(), wrong.say(field, page));
    }
    shown
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<DraftQuery>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let Some(draft) = drafts::find(&mut connection, id, &ags).await? else {
        return gone(&mut connection, id, &session).await;
    };
    let call = calls::find(&mut connection, draft.call).await?.ok_or_else(Problem::not_found)?;
    let kept = kept::find(&mut connection, &session.person, &kept_name(id)).await?;
    let errors = query.check.and_then(|_| check::form(&draft.form, &call, &ags).err());
    pages::show(&DraftPage {
        saved: query.saved.is_some(),
        kept: kept.map(|kept| kept.saved_at),
        ..draw(&page, &draft, &call, errors.as_ref())
    })
}

pub(super) async fn save(
    State(service): State<Arc<AppState>>,
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
    let path = draft_path(id);
    let (partners, participants) = (form.partners.len(), form.participants.len());
    let mut tx = host::begin(&service.bus).await?;
    let Some(draft) = drafts::lock(&mut tx, id, &ags).await? else {
        return gone(&mut tx, id, &session).await;
    };
    let next = match keep(&mut tx, draft, form, &fields, &session).await? {
        Ok(_) => match (action, rows) {
            ("check", _) => format!("{path}/check"),
            (_, Some(rows)) => format!("{path}#{}", focus(rows, partners, participants)),
            _ => format!("{path}?saved=1"),
        },
        Err(_) => compare_path(id),
    };
    host::commit(&service.bus, tx).await?;
    Ok(to(&next))
}

/// The id of the element that gets the focus after a row was added or removed: the first field of the new row, or of
/// the neighbour of the removed one; the button, if no row is left. Browsers focus what the fragment of the address
/// names.
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
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Answer, Problem> {
    let ags = access::applicant(&session)?;
    let mut tx = host::begin(&service.bus).await?;
    let Some(draft) = drafts::lock(&mut tx, id, &ags).await? else {
        // Submitted or deleted in another window; if neither, the draft belongs to somebody else.
        let submitted = applications::find(&mut tx, id).await?.is_some_and(|stored| stored.ags == ags);
        return Ok(Answer::Gone {
            message: page.t(if submitted { "gone-submitted" } else { "gone-deleted" }),
        });
    };
    let answer = match keep(&mut tx, draft, Form::from(&fields), &fields, &session).await? {
        Ok(saved) => {
            let seen = kept::fingerprint(&saved.form.fields(), Form::part);
            Answer::Saved { revision: saved.revision, seen }
        }
        Err((stale, revision)) => {
            let at = page.moment(stale.at);
            let message = page.tn("stale-text", &[("by", &stale.by), ("at", &at)]);
            Answer::Changed { message, fields: Vec::new(), revision, compare: Some(compare_path(id)) }
        }
    };
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// Saves what was typed. If that would undo what somebody else has saved, keeps it beside the draft instead; the
/// person then compares and chooses.
async fn keep(
    tx: &mut Tx,
    draft: Draft,
    form: Form,
    sent: &Fields,
    session: &Session,
) -> Result<Result<Draft, (Stale, i64)>, Problem> {
    let (now, revision, id) = (tx.now(), draft.revision, draft.id);
    match draft.save(form.clone(), PageVersion::of(sent), session.name.clone(), now) {
        Ok(saved) => {
            drafts::save(tx, &saved).await?;
            Ok(Ok(saved))
        }
        Err(stale) => {
            // Kept as the form reads it, together with the values that the page showed at first.
            let seen = [("seen".to_owned(), sent.get("seen").to_owned())];
            let typed = form.fields();
            let typed = typed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain(seen);
            kept::refuse(tx, &session.person, &kept_name(id), &typed.collect(), &[], now).await?;
            Ok(Err((stale, revision)))
        }
    }
}

/// Name under which a version that conflicts with the saved draft is kept.
pub(super) fn kept_name(id: ApplicationId) -> String {
    format!("draft/{id}")
}

/// Address of the page that shows both versions of a draft.
pub(super) fn compare_path(id: ApplicationId) -> String {
    format!("{}/compare", draft_path(id))
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
