//! Record: a case worker puts on file that a notice was posted or arrived, or that the remedy was waived.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::session::{Fields, PageForm};
use chassis::{Role, Session};
use chrono::NaiveDate;
use events::ApplicationId;
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Page, kept};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::{Shared, answer, keep, words};
use crate::AppState;
use crate::calendar::day_in_germany;
use crate::deadlines::Entry;
use crate::store::history::{self, HistoryEntry};
use crate::store::{cases, notices};

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    pub entry: Entry,
    /// A calendar day in Germany.
    pub on: NaiveDate,
}

async fn act(
    service: &AppState,
    session: &Session,
    application: ApplicationId,
    recorded: Recorded,
    once: &Idempotent,
) -> Result<answer::Notice, Error> {
    session.require(Role::CaseWorker)?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(done) = before {
        return Ok(done);
    }
    let (now, today) = (tx.now(), day_in_germany(tx.now()));
    cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    let file = cases::dossier(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    cases::refuse_tied(&mut tx, &file, session).await??;
    let mut notice = notices::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    notice.delivery = notice.delivery.record(recorded.entry, recorded.on, today)?;
    notices::save_delivery(&mut tx, &notice).await?;
    let happened =
        HistoryEntry::new(now, recorded.entry).by(&host::person(session)).remark(recorded.on.to_string());
    history::append(&mut tx, application, &happened).await?;
    let answer = answer::Notice::of(&notice, today);
    kept::discard(&mut tx, &session.person, &keep::name("entries", application)).await?;
    once.store(&mut tx, &answer)?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// `POST /award/api/notices/{application}/entries`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(recorded): ApiJson<Recorded>,
) -> Result<ApiJson<answer::Notice>, Problem> {
    let once = Idempotent::new(&session, "record", key, &(application, recorded))?;
    Ok(ApiJson(act(&service, &session, application, recorded, &once).await?))
}

/// `POST /award/cases/{application}/entries`
pub(super) async fn form(
    State(service): State<Shared>,
    page: Page,
    ApiPath(application): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let mut form = Form::typed(&page, &fields);
    let entry = form.required_choice("entry", "field-entry", &words::entries(&page));
    let on = form.need_date("on", "field-entry-day");
    let entry = Entry::ALL.into_iter().find(|one| one.name() == entry);
    if let (Some(entry), true) = (entry, form.is_valid()) {
        let recorded = Recorded { entry, on };
        let once = Idempotent::new(
            &session,
            "record",
            IdempotencyKey::new(fields.get("key"))?,
            &(application, recorded),
        )?;
        match act(&service, &session, application, recorded, &once).await {
            Ok(_) => {
                let next = page.url(&format!("/cases/{application}?done=recorded"));
                return Ok(Redirect::to(&next).into_response());
            }
            Err(denied) => keep::note(denied, &mut form, &page)?,
        }
    }
    keep::show(&service, &page, &session, application, "entries", &fields, &form).await
}
