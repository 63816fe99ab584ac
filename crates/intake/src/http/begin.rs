//! `POST /apply/drafts`: begins a draft.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::Problem;
use chassis::list::Cursor;
use chassis::session::{Fields, PageForm};
use events::{ApplicationId, CallId};
use host::{IdempotencyKey, Idempotent};
use pages::Page;

use super::{access, draft_path, to};
use crate::AppState;
use crate::application::Draft;
use crate::store::{calls, drafts};

/// Most drafts that a municipality has at a time.
const MOST_DRAFTS: i64 = 100;

pub(super) async fn begin(
    page: Page,
    State(service): State<Arc<AppState>>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let call: CallId = fields.get("call").parse().map_err(|_| Problem::not_found())?;
    let key = IdempotencyKey::new(fields.get("key"))?.required()?;
    let once = Idempotent::new(&session, "begin", key, &call)?;

    let (mut tx, before) = once.begin(&service.bus).await?;
    // If that draft has been deleted or submitted since, the person wants another one.
    if let Some(id) = before
        && drafts::find(&mut tx, id, &ags).await?.is_some()
    {
        return Ok(to(&draft_path(id)));
    }
    let drafts = drafts::list(&mut tx, &ags, Cursor::LAST, MOST_DRAFTS).await?;
    if drafts.len() as i64 == MOST_DRAFTS {
        let sentence = page.t1("too-many-drafts", "most", MOST_DRAFTS);
        return Err(Problem::conflict(format!("there are {MOST_DRAFTS} drafts")).say(sentence));
    }
    calls::find(&mut tx, call).await?.ok_or_else(Problem::not_found)?;
    let id = ApplicationId(bus::outbox::new_id(tx.now()).uuid());
    let mut draft = Draft::begin(id, call, ags, session.name.clone(), tx.now());
    // Usually the person who begins is also the contact; it can be changed in the form.
    draft.form.contact_name = session.name;
    draft.form.contact_email = session.email.unwrap_or_default();
    drafts::insert(&mut tx, &draft).await?;
    once.store(&mut tx, &id)?;
    host::commit(&service.bus, tx).await?;
    Ok(to(&draft_path(id)))
}
