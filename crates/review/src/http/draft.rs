//! Save what a reviewer has typed so far. Typing prolongs the time for which they hold the file.

use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role};
use chrono::TimeDelta;
use events::ApplicationId;
use pages::Page;
use pages::kept::{self, Answer};

use super::{State, lock, refused_key};
use crate::file::Involvement;
use crate::store::drafts::kept_name;
use crate::store::files;

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<Fields>,
) -> Result<Answer, Problem> {
    let session = &form.session;
    session.require(Role::Reviewer)?;
    let mut tx = host::begin(&service.bus).await?;
    let (file, ties) = lock(&mut tx, session, id).await?;
    if let Some(Involvement::Gave(_)) = file.involvement_of(&session.person) {
        return Ok(Answer::Gone { message: page.t("typed-given") });
    }
    let now = tx.now();
    let revision = match kept::autosave(&mut tx, &session.person, &kept_name(id), &form.fields, now).await? {
        Ok(revision) => revision,
        Err(other) => {
            let message = page.t1("kept-elsewhere", "at", page.moment(other.saved_at));
            let fields = other.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            let (fields, revision) = (fields.collect(), other.revision);
            return Ok(Answer::Changed { message, fields, revision, compare: None });
        }
    };
    let refused = file.may_review(&session.person, &ties).err();
    if let Some(Involvement::Holds { .. }) = file.involvement_of(&session.person) {
        let until = now + TimeDelta::minutes(service.review.hold_minutes.into());
        // A file that is no longer open is held by nobody: only the text is saved.
        if let Ok(file) = file.taken(host::person(session), &ties, until, now) {
            files::save(&mut tx, &file, &host::cause(&trace)).await?;
        }
    }
    host::commit(&service.bus, tx).await?;
    Ok(match refused {
        None => Answer::Saved { revision, seen: String::new() },
        Some(refused) => {
            Answer::Gone { message: format!("{} {}", page.t(refused_key(refused)), page.t("typed-stays")) }
        }
    })
}
