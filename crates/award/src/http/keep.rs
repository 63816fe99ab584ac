//! Refused forms of a case: what was typed is kept with what is wrong with it. The page of the case shows both, and can
//! be reloaded.

use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{Problem, ProblemKind};
use chassis::session::{Fields, Session};
use events::ApplicationId;
use pages::{Form, Page, kept};

use super::error::Error;
use crate::AppState;

/// The forms of a case, by the last part of their path.
pub(super) const FORMS: [&str; 3] = ["proposal", "return", "entries"];

/// The name under which a form of this case is kept.
pub(super) fn name(form: &str, application: ApplicationId) -> String {
    format!("{form}/{application}")
}

/// Adds the reason of a refusal to `form`, without a field where it is about none. `Err`: another input would not help.
pub(super) fn note(denied: Error, form: &mut Form, page: &Page) -> Result<(), Problem> {
    match denied.beside(form, page) {
        Err(Problem { kind: ProblemKind::Conflict, for_people: Some(why), .. }) => {
            form.refuse("", why);
            Ok(())
        }
        other => other,
    }
}

/// Keeps the refused form and redirects to the page of the case.
pub(super) async fn show(
    service: &AppState,
    page: &Page,
    session: &Session,
    application: ApplicationId,
    of: &str,
    fields: &Fields,
    form: &Form,
) -> Result<Response, Problem> {
    let mut tx = host::begin(&service.bus).await?;
    let now = tx.now();
    kept::refuse(&mut tx, &session.person, &name(of, application), fields, form.refused(), now).await?;
    host::commit(&service.bus, tx).await?;
    let next = page.url(&format!("/cases/{application}?refused={of}#errors"));
    Ok(Redirect::to(&next).into_response())
}
