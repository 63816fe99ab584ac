//! What was typed into a form of a case and not taken: kept with what is wrong with it. The page of the case shows
//! both, and can be reloaded.

use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{Problem, ProblemKind};
use chassis::session::{Fields, Session};
use events::ApplicationId;
use pages::{Form, Page, kept};

use super::error::Error;
use crate::AppState;

/// The forms of a case, by the name of their operation.
pub(super) const FORMS: [&str; 3] = ["proposal", "return", "entries"];

/// The name under which a form of this case is kept.
pub(super) fn name(form: &str, application: ApplicationId) -> String {
    format!("{form}/{application}")
}

/// Notes in `form` why an act was not done; what speaks of no field is noted without one. What no other text would
/// cure is a problem.
pub(super) fn note(denied: Error, form: &mut Form, page: &Page) -> Result<(), Problem> {
    match denied.beside(form, page) {
        Err(Problem { kind: ProblemKind::Conflict, for_people: Some(why), .. }) => {
            form.refuse("", why);
            Ok(())
        }
        other => other,
    }
}

/// Keeps it, and leads to the page of the case.
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
