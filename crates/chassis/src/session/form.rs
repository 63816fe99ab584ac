//! Forms of our own pages. A form is refused unless our page sent it, and what was typed is not lost.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::extract::app;
use super::keys::TokenSource;
use super::origin::{Origin, origin};
use super::person::Session;
use crate::fields::Fields;
use crate::problem::{Problem, ProblemKind};

/// The name of the hidden field that carries the form token.
pub const CSRF_FIELD: &str = "csrf";

/// Most fields of a form; the largest of our own has some 300.
const MAX_FIELDS: usize = 1_000;

/// Longest name of a field, in bytes.
const MAX_NAME: usize = 100;

/// Longest value of a field, in bytes: far beyond the longest permitted text (5,000 characters), so that a text that is
/// too long can be shown again beside the message.
const MAX_VALUE: usize = 400_000;

impl Fields {
    /// Reads them as `T`. Fields into which a person types should be texts with a default, so that a mistake
    /// can be shown beside the field.
    ///
    /// # Errors
    /// 422 with the name of a field that is missing or has the wrong type: our own page sends no such form.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let encoded =
            serde_html_form::to_string(self.iter().collect::<Vec<_>>()).map_err(Problem::internal)?;
        let reader = serde_html_form::Deserializer::from_bytes(encoded.as_bytes());
        serde_path_to_error::deserialize(reader).map_err(|error| {
            let pointer = format!("/{}", error.path());
            Problem::invalid([(pointer, error.into_inner().to_string())])
        })
    }
}

/// A form sent by a person who is signed in. Without a session, or with a wrong token, the refusal carries what
/// was typed, so that the page can show it again.
#[derive(Clone, Debug)]
pub struct PageForm<T> {
    pub session: Session,
    pub data: T,
    /// The fields that `data` was read from, as typed.
    pub fields: Fields,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for PageForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, fields) = fields(request, state).await?;
        let app = app(&parts)?;
        let found = app.keys().of(&parts.headers, app.clock().now());
        if found.as_ref().is_some_and(|(_, source)| *source == TokenSource::Bearer) {
            return Err(Problem::forbidden().detail("forms are for browsers; programs use the JSON API"));
        }
        let from = origin(&parts.headers);
        if from == Origin::Other {
            // What another site has made a browser send is not shown as if the person had typed it.
            return Err(Problem::new(ProblemKind::Forged));
        }
        let Some((session, _)) = found else {
            return Err(Problem { typed: Some(Box::new(fields)), ..Problem::new(ProblemKind::SignIn) });
        };
        if !app.keys().csrf_is_valid(&session, fields.get(CSRF_FIELD)) {
            // Another person was signed in when the page was opened. Only if the browser's headers show that it was
            // our page may the person send the form as their own.
            let typed = (from == Origin::Same).then(|| Box::new(fields));
            return Err(Problem { typed, ..Problem::new(ProblemKind::Forged) });
        }
        let data = fields.read()?;
        Ok(Self { session, data, fields })
    }
}

/// A form for everybody, such as sign-in; refused only when another site sent it.
#[derive(Clone, Debug)]
pub struct PublicForm<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for PublicForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, fields) = fields(request, state).await?;
        if origin(&parts.headers) == Origin::Other {
            return Err(Problem::new(ProblemKind::Forged));
        }
        fields.read().map(Self)
    }
}

/// What a person has typed into a form of our own page, for [`Problem::typed`], from a request that could not be
/// forwarded. None where it is no form, where another site sent it, or where it exceeds the limits of a form.
pub fn typed(headers: &HeaderMap, body: &[u8]) -> Option<Fields> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") || origin(headers) != Origin::Same {
        return None;
    }
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(body).ok()?;
    is_bounded(&pairs).then(|| Fields::from(pairs))
}

fn is_bounded(pairs: &[(String, String)]) -> bool {
    let is_short = |(name, value): &(String, String)| name.len() <= MAX_NAME && value.len() <= MAX_VALUE;
    pairs.len() <= MAX_FIELDS && pairs.iter().all(is_short)
}

async fn fields<S: Send + Sync>(request: Request, state: &S) -> Result<(Parts, Fields), Problem> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, state)
        .await
        .map_err(|rejection| Problem::new(ProblemKind::Malformed).detail(rejection.body_text()))?;
    if !is_bounded(&pairs) {
        let expected = format!(
            "a form has at most {MAX_FIELDS} fields, their names {MAX_NAME} and their values {MAX_VALUE} bytes"
        );
        return Err(Problem::new(ProblemKind::TooLarge).detail(expected));
    }
    Ok((parts, Fields::from(pairs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_our_own_page_sent_can_be_shown_again_and_nothing_else() {
        let headers = |kind: &'static str, site: &'static str| {
            let pairs = [("content-type", kind), ("sec-fetch-site", site)];
            HeaderMap::from_iter(pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())))
        };
        let ours = headers("application/x-www-form-urlencoded", "same-origin");
        let fields = typed(&ours, "reason=Zu+sp%C3%A4t&csrf=t".as_bytes()).unwrap();
        assert_eq!((fields.get("reason"), fields.get("csrf")), ("Zu spät", "t"));
        let other = headers("application/x-www-form-urlencoded", "cross-site");
        assert_eq!(typed(&other, b"reason=x"), None, "another site's words are not shown as theirs");
        assert_eq!(typed(&headers("application/json", "same-origin"), b"reason=x"), None);
        assert_eq!(typed(&ours, "a=b&".repeat(MAX_FIELDS + 1).as_bytes()), None);
    }
}
