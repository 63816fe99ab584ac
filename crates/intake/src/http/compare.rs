//! `/apply/drafts/{id}/compare`: somebody else has saved while this person typed. Shows both versions side by side,
//! part by part; nothing of the kept version is stored before the person has chosen.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::{ApiPath, ApiQuery};
use chassis::session::{Fields, PageForm};
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{Application, ApplicationId, municipality};
use pages::kept::{self, Changed, Kept, PageVersion};
use pages::{Choice, Page};
use serde::Deserialize;

use super::draft::{compare_path, kept_name};
use super::{access, draft_path, gone, to};
use crate::AppState;
use crate::application::Draft;
use crate::form::Form;
use crate::store::drafts;

/// Why the page is shown again.
#[derive(Deserialize)]
pub(super) struct CompareQuery {
    /// The person has not chosen for every part.
    #[serde(default)]
    choose: Option<String>,
    /// Somebody else has saved in between.
    #[serde(default)]
    changed: Option<String>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare<'a> {
    page: &'a Page,
    id: ApplicationId,
    by: &'a str,
    at: DateTime<Utc>,
    kept_at: DateTime<Utc>,
    revision: i64,
    changed: bool,
    parts: Vec<Part>,
    form: pages::Form,
}

/// One part of the form in both versions.
struct Part {
    control: String,
    label: String,
    choices: Vec<Choice>,
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<CompareQuery>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let Some(draft) = drafts::find(&mut connection, id, &ags).await? else {
        return gone(&mut connection, id, &session).await;
    };
    let kept = kept::find(&mut connection, &session.person, &kept_name(id)).await?;
    let Some(kept) = kept else { return Ok(to(&draft_path(id))) };
    let mut form = pages::Form::new(&page);
    let mut parts = Vec::new();
    for (name, changed) in differing(&draft, &kept) {
        let part = part(&page, &name, &draft.form, &Form::from(&kept.fields), &draft.edited_by);
        match changed {
            Changed::Mine => form = form.with(&part.control, "mine"),
            Changed::Theirs => form = form.with(&part.control, "theirs"),
            Changed::Both if query.choose.is_some() => {
                form.refuse(&part.control, page.t1("error-choose", "field", &part.label));
            }
            Changed::Both => {}
        }
        parts.push(part);
    }
    pages::show(&Compare {
        page: &page,
        id,
        by: &draft.edited_by,
        at: draft.edited_at,
        kept_at: kept.saved_at,
        revision: draft.revision,
        changed: query.changed.is_some(),
        parts,
        form,
    })
}

pub(super) async fn choose(
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let name = kept_name(id);
    let mut tx = host::begin(&service.bus).await?;
    if fields.get("action") == "discard" {
        kept::discard(&mut tx, &session.person, &name).await?;
        host::commit(&service.bus, tx).await?;
        // If the draft has been submitted, this address redirects to the application.
        return Ok(to(&draft_path(id)));
    }
    let Some(draft) = drafts::lock(&mut tx, id, &ags).await? else {
        return gone(&mut tx, id, &session).await;
    };
    let Some(kept) = kept::find(&mut tx, &session.person, &name).await? else {
        return Ok(to(&draft_path(id)));
    };
    if fields.get("revision") != draft.revision.to_string() {
        return Ok(to(&format!("{}?changed=1", compare_path(id))));
    }
    let mut mine = BTreeSet::new();
    for (part, _) in differing(&draft, &kept) {
        match fields.get(&control(&part)) {
            "mine" => drop(mine.insert(part)),
            "theirs" => {}
            _ => return Ok(to(&format!("{}?choose=1#errors", compare_path(id)))),
        }
    }
    let merged = kept::merge(&draft.form.fields(), &kept.fields, &mine, Form::part);
    let seen = PageVersion { revision: draft.revision, page: PageVersion::of(&fields).page };
    let now = tx.now();
    let saved = draft.save(Form::from(&merged), seen, session.name, now);
    let saved = saved.map_err(Problem::internal)?;
    drafts::save(&mut tx, &saved).await?;
    kept::discard(&mut tx, &session.person, &name).await?;
    host::commit(&service.bus, tx).await?;
    Ok(to(&format!("{}?saved=1", draft_path(id))))
}

fn differing(draft: &Draft, kept: &Kept) -> Vec<(String, Changed)> {
    let mine = Form::from(&kept.fields).fields();
    kept::differences(&draft.form.fields(), &mine, kept.fields.get("seen"), Form::part)
}

/// What a person kept beside a draft that was submitted without it, part by part: name and content.
pub(super) fn left(page: &Page, submitted: &Application, kept: &Kept) -> Vec<(String, String)> {
    let (submitted, mine) = (Form::from(submitted), Form::from(&kept.fields));
    let parts = kept::differences(&submitted.fields(), &mine.fields(), kept.fields.get("seen"), Form::part);
    let parts = parts.into_iter().filter(|(_, changed)| *changed != Changed::Theirs);
    parts.map(|(name, _)| (label(page, &name), content(page, &name, &mine))).collect()
}

fn label(page: &Page, part: &str) -> String {
    page.t(format!("field-{}", part.replace('_', "-")))
}

fn control(part: &str) -> String {
    format!("choose-{part}")
}

fn part(page: &Page, name: &str, theirs: &Form, mine: &Form, by: &str) -> Part {
    let say = |form: &Form| {
        let text = content(page, name, form);
        if text.trim().is_empty() { page.t("compare-empty") } else { text }
    };
    Part {
        control: control(name),
        label: label(page, name),
        choices: vec![
            Choice::new("theirs", page.t1("compare-theirs", "by", by)).hint(say(theirs)),
            Choice::new("mine", page.t("compare-mine")).hint(say(mine)),
        ],
    }
}

/// The content of a part as people read it.
fn content(page: &Page, name: &str, form: &Form) -> String {
    let chosen = |kind: &str, ids: &BTreeSet<String>| -> String {
        let name = |id: &String| page.t(format!("{kind}-{}", id.replace('_', "-")));
        ids.iter().map(name).collect::<Vec<_>>().join("\n")
    };
    match name {
        "funding_priorities" => chosen("priority", &form.funding_priorities),
        "themes" => chosen("theme", &form.themes),
        "declarations" => chosen("declaration", &form.declarations),
        "is_joint" => page.t(if form.is_joint { "compare-yes" } else { "compare-no" }),
        "contact_language" => page.t(format!("language-{}", crate::form::id_of(form.language()))),
        "partners" => {
            let kind = |row: &crate::form::PartnerRow| match row.kind() {
                events::PartnerKind::MigrantOrganisation => page.t("partner-migrant-organisation"),
                events::PartnerKind::Other => page.t("partner-other"),
            };
            form.partners
                .iter()
                .map(|row| format!("{} ({})", row.name, kind(row)))
                .collect::<Vec<_>>()
                .join("\n")
        }
        "participants" => {
            let town = |ags: &str| {
                let found = ags.parse().ok().and_then(|ags| municipality(&ags));
                found.map_or_else(|| ags.to_owned(), |one| one.name.clone())
            };
            let row = |row: &crate::form::ParticipantRow| format!("{}: {}", town(&row.ags), row.share);
            form.participants.iter().map(row).collect::<Vec<_>>().join("\n")
        }
        _ => form.fields().get(name).to_owned(),
    }
}
