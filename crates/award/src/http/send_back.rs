//! Send back: the approver returns a proposal with a reason.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::session::{Fields, PageForm};
use chassis::{Role, Session};
use events::ApplicationId;
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Page, kept, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::propose::MAX_REASON_CHARS;
use super::{Shared, answer, keep};
use crate::AppState;
use crate::award::Signature;
use crate::store::cases;
use crate::store::history::{HistoryEntry, HistoryKind};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Return {
    /// 1 to 5,000 characters.
    pub reason: String,
    /// The revision seen; without it there is no check for changes since.
    #[serde(default)]
    pub revision: Option<i64>,
}

async fn act(
    service: &AppState,
    session: &Session,
    application: ApplicationId,
    request: &Return,
    once: &Idempotent,
) -> Result<answer::Case, Error> {
    session.require(Role::Approver)?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(done) = before {
        return Ok(done);
    }
    let case = cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    let file = cases::dossier(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    cases::refuse_tied(&mut tx, &file, session).await??;
    let (now, by) = (tx.now(), host::person(session));
    let reason = parse::lines(&request.reason);
    let happened = HistoryEntry::new(now, HistoryKind::Returned).by(&by).remark(reason.clone());
    let case = case.as_seen(request.revision)?.send_back(Signature { by, at: now }, reason)?;
    cases::save(&mut tx, &case, &happened).await?;
    let answer = answer::Case::of(&file.saved(case));
    kept::discard(&mut tx, &session.person, &keep::name("return", application)).await?;
    once.store(&mut tx, &answer)?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// `POST /award/api/cases/{application}/return`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(request): ApiJson<Return>,
) -> Result<ApiJson<answer::Case>, Problem> {
    if !(1..=MAX_REASON_CHARS).contains(&parse::length(&parse::lines(&request.reason))) {
        return Err(Problem::invalid([("/reason", format!("1 to {MAX_REASON_CHARS} characters"))]));
    }
    let once = Idempotent::new(&session, "return", key, &(application, &request))?;
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
    let reason = form.required("reason", "field-return-reason", MAX_REASON_CHARS);
    let request = Return { reason, revision: fields.get("revision").parse().ok() };
    if form.is_valid() {
        let once = Idempotent::new(
            &session,
            "return",
            IdempotencyKey::new(fields.get("key"))?,
            &(application, &request),
        )?;
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
