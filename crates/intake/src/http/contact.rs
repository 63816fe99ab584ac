//! `/apply/applications/{id}/contact`: the applicant or a case worker corrects the contact.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{ApplicationId, Contact, Language as MailLanguage};
use pages::kept::{self, Kept};
use pages::{Choice, Keep, Page};

use super::{access, application_path, to};
use crate::contact::NotCorrected;
use crate::form::id_of;
use crate::store::applications::{self, Stored};
use crate::{AppState, check, contact};

#[derive(Template)]
#[template(path = "contact.html")]
struct Correct<'a> {
    page: &'a Page,
    stored: &'a Stored,
    form: pages::Form,
    languages: Vec<Choice>,
    keep: Keep,
    /// Somebody else has corrected the contact since this form was opened.
    stale: bool,
}

impl Correct<'_> {
    fn now(&self) -> &Contact {
        &self.stored.submitted.application.contact
    }
}

/// Hidden field with the number of corrections that the form has seen, so that it is kept with what was typed.
const CHANGES: &str = "contact_changes";

fn kept_name(id: ApplicationId) -> String {
    format!("contact/{id}")
}

fn path(id: ApplicationId) -> String {
    format!("{}/contact", application_path(id))
}

fn draw<'a>(page: &'a Page, stored: &'a Stored, kept: Option<&Kept>) -> Correct<'a> {
    let now = &stored.submitted.application.contact;
    let form = kept.map_or_else(
        || {
            pages::Form::new(page)
                .with("contact_name", &now.name)
                .with("contact_email", &now.email)
                .with("contact_phone", &now.phone)
                .with("contact_language", id_of(now.language))
        },
        |kept| kept.form(page),
    );
    let stale = kept.is_some_and(|kept| kept.fields.get(CHANGES) != stored.contact_changes.to_string());
    let keep = Keep::of(page, kept_name(stored.id), kept, format!("{}/draft", path(stored.id)));
    let languages = [MailLanguage::De, MailLanguage::En].map(|one| {
        let id = id_of(one);
        let name = page.t(format!("language-{id}"));
        Choice::new(id, name)
    });
    Correct { page, stored, form, languages: languages.into(), keep, stale }
}

async fn find(service: &AppState, session: &Session, id: ApplicationId) -> Result<Stored, Problem> {
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_correct(session, &stored)?;
    Ok(stored)
}

pub(super) async fn ask(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let stored = find(&service, &session, id).await?;
    let kept = kept::find(&mut *service.db.acquire().await?, &session.person, &kept_name(id)).await?;
    pages::show(&draw(&page, &stored, kept.as_ref()))
}

/// `POST /apply/applications/{id}/contact/draft`: autosave of the form.
pub(super) async fn draft(
    page: Page,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let stored = find(&service, &session, id).await?;
    let stale = fields.get(CHANGES) != stored.contact_changes.to_string();
    let gone = stale.then(|| format!("{} {}", page.t("contact-stale-title"), page.t("contact-stale-reload")));
    let mut tx = host::begin(&service.bus).await?;
    let (name, back, now) = (kept_name(id), path(id), tx.now());
    let answer = kept::answer(&mut tx, &page, &session, &name, &fields, &back, gone, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// Keeps a refused form together with its errors; the page shows both, and can be reloaded.
async fn keep(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
    fields: &Fields,
    wrong: &[(String, String)],
) -> Result<Response, Problem> {
    let mut tx = host::begin(&service.bus).await?;
    let now = tx.now();
    kept::refuse(&mut tx, &session.person, &kept_name(id), fields, wrong, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(to(&format!("{}?refused=1#errors", path(id))))
}

pub(super) async fn correct(
    page: Page,
    State(service): State<Arc<AppState>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    find(&service, &session, id).await?;
    let typed = Contact {
        name: fields.get("contact_name").to_owned(),
        email: fields.get("contact_email").to_owned(),
        phone: fields.get("contact_phone").to_owned(),
        language: if fields.get("contact_language") == id_of(MailLanguage::En) {
            MailLanguage::En
        } else {
            MailLanguage::De
        },
    };
    let typed = match check::contact(typed) {
        Ok(typed) => typed,
        Err(errors) => {
            let wrong =
                errors.iter().map(|(field, wrong)| (field.control().to_string(), wrong.say(field, &page)));
            return keep(&service, &session, id, &fields, &wrong.collect::<Vec<_>>()).await;
        }
    };
    let seen = fields.get(CHANGES).parse::<i32>().ok();
    let mut tx = host::begin(&service.bus).await?;
    let by = host::person(&session);
    let done = contact::save(&mut tx, id, typed, Some(seen.unwrap_or(-1)), by, host::cause(&trace)).await?;
    match done.ok_or_else(Problem::not_found)? {
        Ok(()) => {
            kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
            host::commit(&service.bus, tx).await?;
        }
        Err(NotCorrected::Stale) => {
            drop(tx);
            let wrong = [(String::new(), page.t("contact-stale-title"))];
            return keep(&service, &session, id, &fields, &wrong).await;
        }
        Err(often @ NotCorrected::TooOften) => {
            drop(tx);
            tracing::info!(%id, %often, "contact not corrected");
            return keep(&service, &session, id, &fields, &[(String::new(), page.t("contact-too-often"))])
                .await;
        }
    }
    Ok(to(&format!("{}?corrected=true", application_path(id))))
}
