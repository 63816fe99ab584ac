//! The page before an approval: what it would do, in a sentence, and the exact notice it would issue. It only reads.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::{Role, Session};
use events::{ApplicationId, Cents, Person};
use pages::{Form, Page};
use uuid::Uuid;

use super::error::{Error, missing};
use super::outlook::{Outlook, read};
use super::{Shared, answer, require_decider};
use crate::AppState;
use crate::award::{Decision, Signature, Stage};
use crate::store::cases;
use crate::store::cases::Dossier;

/// What an approval by `by` would do now; `None` for a preview by nobody in particular.
async fn outlook(
    service: &AppState,
    application: ApplicationId,
    by: Option<Person>,
) -> Result<(Dossier, Result<Outlook, Error>), Problem> {
    let slot = service.printer.slot().await;
    let file = read(service, application).await?;
    let nobody = Person { id: String::new(), name: String::new() };
    let act = Signature { by: by.unwrap_or(nobody), at: service.clock.now() };
    let outlook = Outlook::of(service, &slot, file.clone(), &act).await;
    Ok((file, outlook))
}

/// `GET /award/api/cases/{application}/approval`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
) -> Result<ApiJson<answer::Outlook>, Problem> {
    session.require(Role::Approver)?;
    let (_, outlook) = outlook(&service, application, Some(host::person(&session))).await?;
    Ok(ApiJson(answer::Outlook::of(&outlook?)))
}

/// `GET /award/cases/{application}/preview`: the notice as PDF, for case workers and approvers only.
pub(super) async fn preview(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    require_decider(&session)?;
    let (_, outlook) = outlook(&service, application, None).await?;
    let pdf = outlook?.pdf.ok_or_else(Problem::not_found)?;
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, "inline; filename=\"Vorschau.pdf\"".to_owned()),
        (CACHE_CONTROL, "private, no-store".to_owned()),
        (ETAG, format!("\"{}\"", pdf.sha256)),
    ];
    Ok((headers, pdf.bytes).into_response())
}

#[derive(Template)]
#[template(path = "approval.html")]
struct ApprovalPage<'a> {
    page: &'a Page,
    form: &'a Form,
    file: &'a Dossier,
    /// Why the page is shown again instead of approving.
    changed: Option<String>,
    /// `None`: the notice is not complete, and cannot be issued.
    outlook: Option<&'a Outlook>,
    missing: String,
    key: String,
}

impl ApprovalPage<'_> {
    fn title(&self) -> &str {
        host::localized(self.page, &self.file.call.title)
    }

    fn case_link(&self) -> String {
        self.page.url(&format!("/cases/{}", self.file.case.application))
    }

    fn amount(&self) -> Cents {
        self.file.case.expected()
    }

    fn sentence(&self, outlook: &Outlook) -> String {
        let page = self.page;
        let (amount, year) = (page.money(self.amount().0), outlook.budget.year.to_string());
        let words = |left: Cents| {
            let left = page.money(left.0);
            let name = self.file.submitted.applicant.name.clone();
            [("name", name), ("amount", amount.clone()), ("year", year.clone()), ("left", left)]
        };
        let (key, words) = match outlook.stage {
            Stage::Rejected => ("approval-rejected", words(outlook.budget.left())),
            Stage::Waitlisted => ("approval-waitlisted", words(outlook.budget.left())),
            _ => ("approval-granted", words(outlook.after.left())),
        };
        page.tn(key, &words.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// Warnings about amounts outside the call's minimum and maximum.
    fn unusual(&self) -> Vec<String> {
        let (page, call, applied) = (self.page, &self.file.call, self.file.case.terms.applied);
        let sums = |key: &str, amount: Cents, limit: Cents| {
            let (amount, limit) = (page.money(amount.0), page.money(limit.0));
            page.tn(key, &[("amount", amount.as_str()), ("limit", limit.as_str())])
        };
        let grants = self
            .file
            .case
            .state
            .proposal()
            .is_some_and(|proposal| matches!(proposal.decision, Decision::Grant { .. }));
        let amount = self.amount();
        let mut found = Vec::new();
        if grants && amount > call.maximum_grant {
            found.push(sums("approval-above-maximum", amount, call.maximum_grant));
        } else if applied > call.maximum_grant {
            found.push(sums("approval-applied-above-maximum", applied, call.maximum_grant));
        }
        if grants && amount < call.minimum_grant {
            found.push(sums("approval-below-minimum", amount, call.minimum_grant));
        }
        found
    }
}

/// `GET /award/cases/{application}/approval`
pub(super) async fn page(
    State(service): State<Shared>,
    page: Page,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    draw(&service, &page, &session, application, None).await
}

/// Shows the page again (409), with the reason why nothing was approved.
pub(super) async fn show_again(
    service: &AppState,
    page: &Page,
    session: &Session,
    application: ApplicationId,
    why: String,
) -> Result<Response, Problem> {
    let mut response = draw(service, page, session, application, Some(why)).await?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

async fn draw(
    service: &AppState,
    page: &Page,
    session: &Session,
    application: ApplicationId,
    changed: Option<String>,
) -> Result<Response, Problem> {
    session.require(Role::Approver)?;
    let mut form = Form::new(page);
    let mut db = service.db.acquire().await?;
    let file = cases::dossier(&mut db, application).await?.ok_or_else(Problem::not_found)?;
    if let Err(tied) = cases::refuse_tied(&mut db, &file, session).await? {
        Error::from(tied).beside(&mut form, page)?;
    }
    drop(db);
    let (file, outlook) = outlook(service, application, Some(host::person(session))).await?;
    let (outlook, missing) = match outlook {
        Ok(outlook) => (Some(outlook), String::new()),
        Err(Error::Missing(parts)) => (None, missing(page, &parts)),
        Err(denied) => {
            denied.beside(&mut form, page)?;
            (None, String::new())
        }
    };
    pages::show(&ApprovalPage {
        page,
        form: &form,
        file: &file,
        changed,
        outlook: outlook.as_ref(),
        missing,
        key: Uuid::now_v7().to_string(),
    })
}
