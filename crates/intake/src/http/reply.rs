//! `POST /apply/applications/{id}/reply`: the applicant answers while a person decides; the form is on the status page.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bus::idempotency::{self, Claim};
use chassis::Problem;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use events::ApplicationId;
use pages::Page;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{access, application_path, cause, failed, status, to};
use crate::Service;
use crate::reply::{self, LONGEST, Refused, WrongText};
use crate::store::applications;

pub(super) async fn reply(
    page: Page,
    State(service): State<Arc<Service>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    access::applicant(&session)?;
    let mut tx = service.bus.begin().await?;
    let stored = applications::find(&mut tx, id).await?.filter(|stored| access::owns(&session, &stored.ags));
    stored.ok_or_else(Problem::not_found)?;
    let mut form = pages::Form::typed(&page, &fields);
    let text = match reply::text(fields.get("reply")) {
        Ok(text) => text,
        Err(wrong) => {
            drop(tx);
            form.refuse("reply", say(&page, wrong));
            return status::draw(&page, &session, &service, id, form, status::Shown::Invalid).await;
        }
    };
    // A form without its key is one that nobody can tell from its repetition: it gets one of its own content.
    let given = fields.get("key").parse::<Uuid>().map(|key| key.to_string()).unwrap_or_default();
    let key = format!("reply-form:{id}:{}:{given}", session.person);
    match idempotency::claim::<i32>(&mut tx, &key, &Sha256::digest(&text)).await? {
        Claim::New => {}
        // The second click of two, or "back" and another text: the first was taken.
        Claim::Done(_) => return Ok(to(&format!("{}?replied=true", application_path(id)))),
        Claim::Mismatch => {
            drop(tx);
            return status::draw(&page, &session, &service, id, form, status::Shown::KeyUsed).await;
        }
    }
    let done = reply::save(&mut tx, id, text, access::person(&session), cause(&trace)).await?;
    match done.ok_or_else(Problem::not_found)? {
        Ok(replies) => {
            idempotency::finish(&mut tx, &key, &replies).await?;
            service.bus.commit(tx).await.map_err(failed)?;
            Ok(to(&format!("{}?replied=true", application_path(id))))
        }
        Err(refused) => {
            drop(tx);
            let shown = match refused {
                Refused::NotReferred(_) => status::Shown::TooLate,
                Refused::TooMany => status::Shown::TooMany,
            };
            status::draw(&page, &session, &service, id, form, shown).await
        }
    }
}

fn say(page: &Page, wrong: WrongText) -> String {
    let field = page.t("field-reply");
    match wrong {
        WrongText::Missing => page.t1("error-required", "field", field),
        WrongText::TooLong(length) => page.tn(
            "error-too-long",
            &[("field", &field), ("limit", &LONGEST.to_string()), ("length", &length.to_string())],
        ),
    }
}
