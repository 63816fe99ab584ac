//! `POST /apply/drafts`: a new draft.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bus::idempotency::{self, Claim};
use chassis::Problem;
use chassis::session::{Fields, PageForm};
use events::{ApplicationId, CallId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{access, draft_path, failed, to};
use crate::Service;
use crate::application::Draft;
use crate::store::{calls, drafts};

pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let call: CallId = fields.get("call").parse().map_err(|_| Problem::not_found())?;
    let key: Uuid = fields.get("key").parse().map_err(|_| Problem::invalid([("/key", "expected a UUID")]))?;
    let key = format!("begin:{}:{key}", session.person);

    let mut tx = service.bus.begin().await?;
    match idempotency::claim(&mut tx, &key, &Sha256::digest(call.uuid().as_bytes())).await? {
        Claim::Done(id) if drafts::find(&mut tx, id, &ags).await?.is_some() => {
            return Ok(to(&draft_path(id)));
        }
        // Deleted or submitted since: whoever comes back to the page and begins again wants another draft.
        Claim::New | Claim::Done(_) => {}
        Claim::Mismatch => return Err(Problem::conflict("this key came with another call before")),
    }
    calls::find(&mut tx, call).await?.ok_or_else(Problem::not_found)?;
    let id = ApplicationId(bus::outbox::new_id(tx.now()).uuid());
    let mut draft = Draft::begin(id, call, ags, session.name.clone(), tx.now());
    // Most often whoever begins is the one to be asked; it can be changed in the form.
    draft.form.contact_name = session.name;
    draft.form.contact_email = session.email.unwrap_or_default();
    drafts::insert(&mut tx, &draft).await?;
    idempotency::finish(&mut tx, &key, &id).await?;
    service.bus.commit(tx).await.map_err(failed)?;
    Ok(to(&draft_path(id)))
}
