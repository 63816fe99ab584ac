//! The notice as its recipient sees it: what it is, what opening it means, and the PDF.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::{Role, Session};
use events::{ApplicationId, NoticeKind};
use pages::Page;
use serde::Deserialize;

use super::{Shared, answer};
use crate::Service;
use crate::calendar::day_in_germany;
use crate::deadlines::Standing;
use crate::store::cases::{self, Owner};
use crate::store::history::{self, Happened};
use crate::store::notices::{self, Notice};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The applicant: the first look is the retrieval.
    Recipient,
    /// One of those who decide.
    Authority,
}

/// The notice, for those whom it concerns; to everybody else there is none.
async fn find(
    service: &Service,
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
    standing: Standing,
    is_award: bool,
    is_recipient: bool,
}

impl NoticePage<'_> {
    /// The recipient has not opened it yet: the page does not give away what it says.
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
    pages::show(&NoticePage {
        page: &page,
        standing: notice.way.standing(day_in_germany(page.now)),
        is_award: notice.kind == NoticeKind::Award,
        is_recipient: reader == Reader::Recipient,
        notice: &notice,
        owner: &owner,
    })
}

/// How the PDF is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// `?download=yes`: as a file.
    download: Option<String>,
}

/// `GET /award/notices/{application}/pdf`
pub(super) async fn pdf(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let (notice, owner, reader) = find(&service, &session, application).await?;
    if reader == Reader::Recipient && notice.retrieved_at.is_none() {
        retrieve(&service, &session, application).await?;
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

/// Notes the first retrieval; from it the time to sue is counted (§ 41 (2a) VwVfG).
async fn retrieve(service: &Service, session: &Session, application: ApplicationId) -> Result<(), Problem> {
    let mut tx = service.bus.begin().await?;
    let now = tx.now();
    cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    let mut notice = notices::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    if notice.retrieved_at.is_some() {
        return Ok(());
    }
    notice.way = notice.way.retrieved(day_in_germany(now));
    let by = cases::person(session);
    notices::retrieved(&mut tx, &notice, now, &by).await?;
    history::append(&mut tx, application, &Happened::new(now, "retrieved").by(&by)).await?;
    service.bus.commit(tx).await.map_err(|failure| super::denied::Denied::from(failure).into())
}
