//! The notice as its recipient sees it: its status, what its retrieval means, and the PDF.
//!
//! Retrieval has legal effect, so it is a separate POST by the page's form or the API. Links are followed by scanners,
//! previews and prefetching browsers: no GET or HEAD changes anything.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::session::{Fields, PageForm};
use chassis::{Role, Session};
use events::{ApplicationId, NoticeKind};
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Page};
use serde::Deserialize;

use super::error::Error;
use super::{Shared, answer};
use crate::AppState;
use crate::calendar::day_in_germany;
use crate::deadlines::Standing;
use crate::store::cases::{self, Owner};
use crate::store::history::{self, HistoryEntry, HistoryKind};
use crate::store::notices::{self, Notice};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The applicant, who has to retrieve the notice before they can read it.
    Recipient,
    /// A case worker or an approver.
    Authority,
}

/// The notice, for its recipient and the authority; 404 for everybody else.
async fn find(
    service: &AppState,
    session: &Session,
    application: ApplicationId,
) -> Result<(Notice, Owner, Reader), Problem> {
    let mut db = service.db.acquire().await?;
    let owner = cases::owner(&mut db, application).await?.ok_or_else(Problem::not_found)?;
    let recipient = session.has(Role::Applicant) && session.ags.as_deref() == Some(&*owner.ags);
    let authority = session.has(Role::CaseWorker) || session.has(Role::Approver);
    let reader = match (recipient, authority) {
        (true, _) => Reader::Recipient,
        (_, true) => Reader::Authority,
        _ => return Err(Problem::not_found()),
    };
    let notice = notices::find(&mut db, application).await?.ok_or_else(Problem::not_found)?;
    Ok((notice, owner, reader))
}

/// `GET /award/api/notices/{application}`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
) -> Result<ApiJson<answer::Notice>, Problem> {
    let (notice, ..) = find(&service, &session, application).await?;
    Ok(ApiJson(answer::Notice::of(&notice, day_in_germany(service.clock.now()))))
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    page: &'a Page,
    notice: &'a Notice,
    owner: &'a Owner,
    form: Form,
    standing: Standing,
    /// The time to sue would start with a retrieval now.
    retrieval_counts: bool,
    is_award: bool,
    is_recipient: bool,
}

impl NoticePage<'_> {
    /// The recipient has not retrieved it yet: the page does not reveal the decision.
    fn is_new(&self) -> bool {
        self.is_recipient && self.notice.retrieved_at.is_none()
    }

    fn heading(&self) -> String {
        self.page.t(match (self.is_new(), self.is_award) {
            (true, _) => "notice-waits",
            (false, true) => "notice-award",
            (false, false) => "notice-rejection",
        })
    }

    fn pdf(&self, query: &str) -> String {
        self.page.url(&format!("/notices/{}/pdf{query}", self.notice.application))
    }
}

/// `GET /award/notices/{application}`
pub(super) async fn page(
    State(service): State<Shared>,
    page: Page,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let (notice, owner, reader) = find(&service, &session, application).await?;
    let today = day_in_germany(page.now);
    pages::show(&NoticePage {
        page: &page,
        form: Form::new(&page),
        standing: notice.delivery.standing(today),
        retrieval_counts: notice.delivery.retrieval_counts(today),
        is_award: notice.kind == NoticeKind::Award,
        is_recipient: reader == Reader::Recipient,
        notice: &notice,
        owner: &owner,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct PdfQuery {
    /// `?download=yes`: as an attachment.
    download: Option<String>,
}

/// `GET /award/notices/{application}/pdf`. Before the retrieval the recipient is redirected to the page.
pub(super) async fn pdf(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    Query(wanted): Query<PdfQuery>,
) -> Result<Response, Problem> {
    let (notice, owner, reader) = find(&service, &session, application).await?;
    if reader == Reader::Recipient && notice.retrieved_at.is_none() {
        let no_store = [(CACHE_CONTROL, "private, no-store")];
        return Ok((no_store, Redirect::to(&format!("/award/notices/{application}"))).into_response());
    }
    let mut db = service.db.acquire().await?;
    let pdf = notices::pdf(&mut db, application).await?.ok_or_else(Problem::not_found)?;
    let how = if wanted.download.is_some() { "attachment" } else { "inline" };
    let name: String = owner
        .file_number
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '-' })
        .collect();
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, format!("{how}; filename=\"Bescheid-{name}.pdf\"")),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, pdf).into_response())
}

/// The recipient retrieves it; the time to sue counts from the first retrieval (§ 41 (2a) VwVfG).
async fn act(
    service: &AppState,
    session: &Session,
    application: ApplicationId,
    once: &Idempotent,
) -> Result<answer::Notice, Error> {
    let (_, _, reader) = find(service, session, application).await?;
    if reader != Reader::Recipient {
        return Err(Problem::forbidden().detail("only the recipient retrieves a notice").into());
    }
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(done) = before {
        return Ok(done);
    }
    let (now, today) = (tx.now(), day_in_germany(tx.now()));
    cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    let mut notice = notices::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    if notice.retrieved_at.is_none() {
        notice.retrieved_at = Some(now);
        notice.delivery = notice.delivery.retrieved(today);
        let by = host::person(session);
        notices::retrieved(&mut tx, &notice, now, &by).await?;
        history::append(&mut tx, application, &HistoryEntry::new(now, HistoryKind::Retrieved).by(&by))
            .await?;
    }
    let answer = answer::Notice::of(&notice, today);
    once.store(&mut tx, &answer)?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// `POST /award/notices/{application}/retrieval`
pub(super) async fn retrieve(
    State(service): State<Shared>,
    page: Page,
    ApiPath(application): ApiPath<ApplicationId>,
    PageForm { session, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    // Only the first time counts: no idempotency key is needed.
    let once = Idempotent::new(&session, "retrieve", IdempotencyKey::default(), &application)?;
    act(&service, &session, application, &once).await?;
    Ok(Redirect::to(&page.url(&format!("/notices/{application}"))).into_response())
}

/// `POST /award/api/notices/{application}/retrieval`
pub(super) async fn retrieve_api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    key: IdempotencyKey,
) -> Result<ApiJson<answer::Notice>, Problem> {
    session.require(Role::Applicant)?;
    let once = Idempotent::new(&session, "retrieve", key, &application)?;
    Ok(ApiJson(act(&service, &session, application, &once).await?))
}
