//! Send back: the approver wants another proposal.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::session::{Fields, PageForm};
use chassis::{Role, Session};
use events::ApplicationId;
use pages::{Form, Page, kept, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::denied::Denied;
use super::once::Once;
use super::propose::LONGEST;
use super::{Shared, answer, keep};
use crate::Service;
use crate::award::Act;
use crate::store::cases;
use crate::store::history::Happened;

/// A proposal sent back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Return {
    /// Why; compulsory.
    pub reason: String,
    /// The revision seen; left out: as it is now.
    #[serde(default)]
    pub revision: Option<i64>,
}

async fn act(
    service: &Service,
    session: &Session,
    application: ApplicationId,
    request: &Return,
    once: &Once,
) -> Result<answer::Case, Denied> {
    session.require(Role::Approver)?;
    let mut tx = service.bus.begin().await?;
    if let Some(done) = once.begin(&mut tx).await? {
        return Ok(done);
    }
    let case = cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    cases::refuse_tied(&mut tx, application, session).await??;
    let (now, by, before) = (tx.now(), cases::person(session), case.state.stage());
    let reason = parse::lines(&request.reason);
    let happened = Happened::new(now, "returned").by(&by).remark(reason.clone());
    let case = case.as_seen(request.revision)?.send_back(Act { by, at: now }, reason)?;
    cases::save(&mut tx, &case, before, &happened).await?;
    let answer = answer::Case::of(&cases::file(&mut tx, application).await?.ok_or_else(Problem::not_found)?);
    kept::discard(&mut tx, &session.person, &keep::name("return", application)).await?;
    once.end(&mut tx, &answer).await?;
    service.bus.commit(tx).await?;
    Ok(answer)
}

/// `POST /award/api/cases/{application}/return`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<Return>,
) -> Result<ApiJson<answer::Case>, Problem> {
    if !(1..=LONGEST).contains(&parse::length(&parse::lines(&request.reason))) {
        return Err(Problem::invalid([("/reason", format!("1 to {LONGEST} characters"))]));
    }
    let once = Once::of(&headers, &session, "return", &(application, &request))?;
    Ok(ApiJson(act(&service, &session, application, &request, &once).await?))
}

/// `POST /award/cases/{application}/return`
pub(super) async fn form(
    State(service): State<Shared>,
    page: Page,
    ApiPath(application): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let mut form = Form::typed(&page, &fields);
    let reason = form.need("reason", "field-return-reason", LONGEST);
    let request = Return { reason, revision: fields.get("revision").parse().ok() };
    if form.is_good() {
        let once = Once::new(&session, "return", fields.get("key"), &(application, &request))?;
        match act(&service, &session, application, &request, &once).await {
            Ok(_) => {
                let next = page.url(&format!("/cases/{application}?done=returned"));
                return Ok(Redirect::to(&next).into_response());
            }
            Err(denied) => keep::note(denied, &mut form, &page)?,
        }
    }
    keep::show(&service, &page, &session, application, "return", &fields, &form).await
}
