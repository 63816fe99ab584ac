//! Keep what a reviewer has typed so far. Who types holds the file for longer.

use axum::http::StatusCode;
use chassis::problem::ApiPath;
use chassis::session::{CSRF_FIELD, Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role};
use chrono::TimeDelta;
use events::ApplicationId;

use super::{State, cause, failed, lock, person};
use crate::file::Part;
use crate::store::{drafts, files};

/// A draft beyond this many bytes is not kept; the form itself takes far less.
const LIMIT: usize = 100_000;

pub async fn page(
    axum::extract::State(service): State,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<Fields>,
) -> Result<StatusCode, Problem> {
    form.session.require(Role::Reviewer)?;
    let typed = form.fields.iter().filter(|(name, _)| *name != CSRF_FIELD && *name != "key");
    let typed: Fields =
        typed.map(|(name, value)| (pages::parse::line(name), pages::parse::lines(value))).collect();
    if typed.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LIMIT {
        return Err(Problem::new(chassis::ProblemKind::TooLarge));
    }
    let mut tx = service.bus.begin().await?;
    let (file, ties) = lock(&mut tx, &form.session, id).await?;
    drafts::save(&mut tx, id, &form.session.person, &typed).await?;
    if let Some(Part::Holds { .. }) = file.part_of(&form.session.person) {
        let until = tx.now() + TimeDelta::minutes(service.review.hold_minutes.into());
        // Whoever holds an open file may go on; a file that is not open is nobody's.
        if let Ok(file) = file.taken(person(&form.session), &ties, until, tx.now()) {
            files::save(&mut tx, &file, &cause(trace)).await?;
        }
    }
    service.bus.commit(tx).await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}
