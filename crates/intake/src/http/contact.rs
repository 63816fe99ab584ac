//! `/apply/applications/{id}/contact`: whom to write to is corrected, by the applicant or a case worker.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{ApplicationId, Contact, Language as MailLanguage};
use pages::{Choice, Page};

use super::{access, application_path, cause, failed, to};
use crate::contact::NotCorrected;
use crate::form::id_of;
use crate::store::applications::{self, Stored};
use crate::{Service, check, contact};

#[derive(Template)]
#[template(path = "contact.html")]
struct Correct<'a> {
    page: &'a Page,
    stored: &'a Stored,
    form: pages::Form,
    languages: Vec<Choice>,
    /// Somebody else has corrected it since the page was opened.
    stale: bool,
}

impl Correct<'_> {
    fn now(&self) -> &Contact {
        &self.stored.submitted.application.contact
    }
}

fn draw<'a>(page: &'a Page, stored: &'a Stored, form: pages::Form, stale: bool) -> Correct<'a> {
    let languages = [MailLanguage::De, MailLanguage::En].map(|one| {
        let id = id_of(one);
        let name = page.t(format!("language-{id}"));
        Choice::new(id, name)
    });
    Correct { page, stored, form, languages: languages.into(), stale }
}

async fn find(service: &Service, session: &Session, id: ApplicationId) -> Result<Stored, Problem> {
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_correct(session, &stored)?;
    Ok(stored)
}

pub(super) async fn ask(
    page: Page,
    session: Session,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let stored = find(&service, &session, id).await?;
    let now = &stored.submitted.application.contact;
    let form = pages::Form::new(&page)
        .with("contact_name", &now.name)
        .with("contact_email", &now.email)
        .with("contact_phone", &now.phone)
        .with("contact_language", id_of(now.language));
    pages::show(&draw(&page, &stored, form, false))
}

pub(super) async fn correct(
    page: Page,
    State(service): State<Arc<Service>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let stored = find(&service, &session, id).await?;
    let mut form = pages::Form::typed(&page, &fields);
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
            for (field, wrong) in errors.iter() {
                form.refuse(&field.control(), wrong.say(field, &page));
            }
            return pages::show_invalid(&draw(&page, &stored, form, false));
        }
    };
    let seen = fields.get("seen").parse::<i32>().ok();
    let mut tx = service.bus.begin().await?;
    let by = access::person(&session);
    let done = contact::save(&mut tx, id, typed, Some(seen.unwrap_or(-1)), by, cause(&trace)).await?;
    match done.ok_or_else(Problem::not_found)? {
        Ok(()) => service.bus.commit(tx).await.map_err(failed)?,
        Err(NotCorrected::Stale) => {
            drop(tx);
            let stored = find(&service, &session, id).await?;
            let mut shown = pages::show(&draw(&page, &stored, form, true))?;
            *shown.status_mut() = StatusCode::CONFLICT;
            return Ok(shown);
        }
        Err(often @ NotCorrected::TooOften) => {
            return Err(Problem::conflict(often.to_string()).say(page.t("contact-too-often")));
        }
    }
    Ok(to(&format!("{}?corrected=true", application_path(id))))
}
