//! `Session` and `Option<Session>` as arguments of a handler.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};

use super::keys::TokenSource;
use super::origin::{Origin, changes_something, origin};
use super::person::Session;
use crate::app::App;
use crate::problem::{Problem, ProblemKind, is_api};

/// The answer to a request without a session, or to one that could be forged.
#[derive(Debug)]
pub enum NoSession {
    /// A page was requested: the answer leads to sign-in and back.
    SignIn {
        /// Path and query of the page.
        next: String,
    },
    /// A form was sent, or the API was called.
    Problem(Problem),
}

impl IntoResponse for NoSession {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { next } => {
                let query = serde_html_form::to_string([("next", next)]).expect("two texts");
                Redirect::to(&format!("/sign-in?{query}")).into_response()
            }
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

impl Session {
    /// The session in these headers, to show who is signed in. Handlers take [`Session`] as an argument instead,
    /// which also refuses forged requests.
    pub fn seen(app: &App, headers: &HeaderMap) -> Option<Self> {
        app.keys().of(headers, app.clock().now()).map(|(session, _)| session)
    }
}

pub(super) fn app(parts: &Parts) -> Result<&App, Problem> {
    parts
        .extensions
        .get()
        .ok_or_else(|| Problem::internal("sessions need chassis::http::serve around the routes"))
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = NoSession;

    /// A request that changes something and is signed in by cookie must have a valid `x-csrf-token`, or its headers
    /// must show that our own page sent it.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoSession> {
        let app = app(parts).map_err(NoSession::Problem)?;
        let Some((session, source)) = app.keys().of(&parts.headers, app.clock().now()) else {
            let page = parts.method == Method::GET && !is_api(parts.uri.path());
            let next = parts.uri.path_and_query().map_or("/", |next| next.as_str());
            return Err(match page {
                true => NoSession::SignIn { next: next.to_owned() },
                false => NoSession::Problem(Problem::new(ProblemKind::SignIn)),
            });
        };
        if source == TokenSource::Cookie && changes_something(&parts.method) {
            let token = parts.headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
            let proven = token.is_some_and(|token| app.keys().csrf_is_valid(&session, token));
            if !proven && origin(&parts.headers) != Origin::Same {
                let detail =
                    "by cookie: send x-csrf-token, or from our own page; programs send Authorization: Bearer";
                return Err(NoSession::Problem(Problem::new(ProblemKind::Forged).detail(detail)));
            }
        }
        Ok(session)
    }
}

/// For pages that everybody may read: a request without a session is not refused.
impl<S: Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        app(parts)?;
        Ok(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await.ok())
    }
}
