//! `/apply/drafts/{id}/delete`: asks first, then deletes.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::{Problem, Session};
use events::ApplicationId;
use pages::{Page, kept};

use super::draft::kept_name;
use super::{access, gone, to};
use crate::AppState;
use crate::store::drafts;

#[derive(Template)]
#[template(path = "delete.html")]
struct Ask<'a> {
    page: &'a Page,
    id: ApplicationId,
    title: &'a str,
    form: pages::Form,
}

pub(super) async fn ask(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let Some(draft) = drafts::find(&mut connection, id, &ags).await? else {
        return gone(&mut connection, id, &session).await;
    };
    pages::show(&Ask { page: &page, id, title: draft.form.title.trim(), form: pages::Form::new(&page) })
}

pub(super) async fn delete(
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut tx = host::begin(&service.bus).await?;
    if drafts::lock(&mut tx, id, &ags).await?.is_some() {
        drafts::remove(&mut tx, id).await?;
        kept::discard_of_all(&mut tx, &kept_name(id)).await?;
        host::commit(&service.bus, tx).await?;
        return Ok(to("/apply?deleted=1"));
    }
    Ok(to("/apply"))
}
