//! Problem documents (RFC 9457): the closed list of everything that can go wrong over HTTP, and extractors whose
//! rejections are problems.

use std::fmt::{self, Display};
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fields::Fields;

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $kind:ident $id:literal $status:ident $title:literal;)*) => {
        /// Everything that can go wrong, as a client sees it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemKind { $($(#[doc = $doc])+ $kind,)* }

        impl ProblemKind {
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The stable id; the type of the document is `urn:bescheid:problem:<id>`.
            pub fn id(self) -> &'static str { match self { $(Self::$kind => $id),* } }

            pub fn status(self) -> StatusCode { match self { $(Self::$kind => StatusCode::$status),* } }

            /// One English sentence, always the same for this kind.
            pub fn title(self) -> &'static str { match self { $(Self::$kind => $title),* } }
        }
    };
}

catalogue! {
    /// The request cannot be read at all.
    Malformed "malformed" BAD_REQUEST "The request cannot be read";
    /// It can be read, but its content is wrong; `errors` names the fields.
    Invalid "invalid" UNPROCESSABLE_ENTITY "The content is not valid";
    /// There is no session, or it has ended.
    SignIn "sign-in" UNAUTHORIZED "Sign in first";
    /// The person is signed in, but may not do this.
    Forbidden "forbidden" FORBIDDEN "Not permitted";
    /// The request does not prove that it comes from our own page.
    Forged "forged" FORBIDDEN "The request could have been forged";
    /// It does not exist, or the caller may not know that it exists.
    NotFound "not-found" NOT_FOUND "Not found";
    /// The request names another host.
    WrongHost "wrong-host" MISDIRECTED_REQUEST "This host is not served here";
    /// The path exists, but not with this method.
    Method "method" METHOD_NOT_ALLOWED "Method not allowed";
    /// The body did not arrive in time.
    Slow "slow" REQUEST_TIMEOUT "The request took too long to arrive";
    /// The present state does not permit it.
    Conflict "conflict" CONFLICT "The present state does not permit this";
    /// The body is larger than the limit.
    TooLarge "too-large" PAYLOAD_TOO_LARGE "The request is too large";
    /// The body has another content type than expected.
    MediaType "media-type" UNSUPPORTED_MEDIA_TYPE "Content type not supported";
    /// A defect on our side; the log has it under the request id.
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side";
    /// The database or another service that is needed does not answer.
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Not available at the moment";
    /// The person has used up what one person may use; the header Retry-After says when the next request may come.
    TooMany "too-many" TOO_MANY_REQUESTS "Too many requests";
    /// The limit of concurrent requests is reached.
    Overloaded "overloaded" SERVICE_UNAVAILABLE "Too many requests at once";
    /// No answer in time; the work may still complete.
    TimedOut "timed-out" GATEWAY_TIMEOUT "No answer in time";
}

/// A wrong field of the body.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body, such as `/shares/0/amount`.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

/// A problem, and what its page shows beyond the document.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The particulars of this case, in English, for programmers.
    pub detail: Option<String>,
    /// The fields that are wrong; empty where the problem is not one of content.
    pub errors: Vec<FieldError>,
    /// The particulars of this case, in the reader's language, for the page. Not part of the document.
    pub for_people: Option<String>,
    /// The fields of a refused form, so that the page can show them again. Not part of the document.
    pub typed: Option<Box<Fields>>,
}

impl Problem {
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), for_people: None, typed: None }
    }

    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound)
    }

    pub fn forbidden() -> Self {
        Self::new(ProblemKind::Forbidden)
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict).detail(detail)
    }

    /// `errors` are pairs of a JSON pointer and what is wrong and expected there.
    pub fn invalid<P: Into<String>, D: Into<String>>(errors: impl IntoIterator<Item = (P, D)>) -> Self {
        let errors = errors
            .into_iter()
            .map(|(pointer, detail)| FieldError { pointer: pointer.into(), detail: detail.into() });
        Self { errors: errors.collect(), ..Self::new(ProblemKind::Invalid) }
    }

    /// A defect on our side: logged here, hidden from the client.
    pub fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "internal problem");
        Self::new(ProblemKind::Internal)
    }

    /// The database or another service does not answer: logged here, hidden from the client.
    pub fn unavailable(error: impl Display) -> Self {
        tracing::warn!(%error, "not available");
        Self::new(ProblemKind::Unavailable)
    }

    /// Adds the particulars of this case, in English.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Adds a sentence for the page, in the reader's language.
    #[must_use]
    pub fn say(self, sentence: impl Into<String>) -> Self {
        Self { for_people: Some(sentence.into()), ..self }
    }

    /// The JSON document that clients get.
    pub fn document(&self) -> Document {
        Document {
            kind: format!("urn:bescheid:problem:{}", self.kind.id()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
        }
    }
}

/// The body of `application/problem+json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document {
    /// `urn:bescheid:problem:<id>`
    #[serde(rename = "type")]
    pub kind: String,
    /// One English sentence, always the same for this type.
    pub title: String,
    /// The HTTP status of the response.
    pub status: u16,
    /// The particulars of this case, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The fields that are wrong; empty where the problem is not one of content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if self.kind == ProblemKind::SignIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // `http::serve` replaces the document by a page where a person is to see it.
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes the page that shows a problem to a person, given the request that it answers.
#[derive(Clone)]
pub struct ProblemPage(Arc<Draw>);

type Draw = dyn Fn(&Parts, &Problem) -> Response + Send + Sync;

impl ProblemPage {
    /// `draw` sets body and content type; the status is set by [`crate::http::serve`].
    pub fn new(draw: impl Fn(&Parts, &Problem) -> Response + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    pub(crate) fn draw(&self, request: &Parts, problem: &Problem) -> Response {
        (self.0)(request, problem)
    }
}

impl fmt::Debug for ProblemPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProblemPage")
    }
}

/// 503 where Postgres is away, else 500. The caller must handle before what a person can cause (a unique key, a check).
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let away = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            // SQLSTATE 08 connection, 53 resources, 57 shutdown or cancelled, 40 serialisation or deadlock, 55P03 lock.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) || code == "55P03"
            }),
            _ => false,
        };
        if away { Self::unavailable(error) } else { Self::internal(error) }
    }
}

/// Everything below `<prefix>/api/` answers with JSON, also where a session is missing.
pub(crate) fn is_api(path: &str) -> bool {
    path.split('/').any(|segment| segment == "api")
}

pub(crate) fn wants_page(parts: &Parts) -> bool {
    let html = |value: &HeaderValue| value.to_str().is_ok_and(|accept| accept.contains("text/html"));
    !is_api(parts.uri.path()) && parts.headers.get(header::ACCEPT).is_some_and(html)
}

/// A JSON body of a request or of an answer. A request with a wrong body is refused with a problem that names the field.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json =
            |value: &HeaderValue| value.to_str().is_ok_and(|text| text.starts_with("application/json"));
        if !request.headers().get(header::CONTENT_TYPE).is_some_and(json) {
            return Err(
                Problem::new(ProblemKind::MediaType).detail("expected Content-Type: application/json")
            );
        }
        let refuse = |error: BytesRejection| Problem::new(ProblemKind::Malformed).detail(cause(&error));
        let body = Bytes::from_request(request, state).await.map_err(refuse)?;
        let mut reader = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let pointer = error.path().iter().map(pointer_part).collect::<String>();
            match error.inner().classify() {
                serde_json::error::Category::Data => {
                    Problem::invalid([(pointer, error.into_inner().to_string())])
                }
                _ => Problem::new(ProblemKind::Malformed).detail(error.into_inner().to_string()),
            }
        })?;
        reader.end().map_err(|error| Problem::new(ProblemKind::Malformed).detail(error.to_string()))?;
        Ok(Self(value))
    }
}

/// The innermost error: the outer ones of axum ("Failed to …") do not say what is wrong.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn pointer_part(segment: &serde_path_to_error::Segment) -> String {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("/{}", key.replace('~', "~0").replace('/', "~1"))
        }
        Segment::Unknown => String::new(),
    }
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

/// Path parameters; 404 if they cannot be parsed.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refuse = |rejection: PathRejection| Problem::not_found().detail(cause(&rejection));
        Path::from_request_parts(parts, state).await.map(|Path(value)| Self(value)).map_err(refuse)
    }
}

/// Query parameters; 400 if they cannot be parsed.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refuse =
            |rejection: QueryRejection| Problem::new(ProblemKind::Malformed).detail(cause(&rejection));
        Query::from_request_parts(parts, state).await.map(|Query(value)| Self(value)).map_err(refuse)
    }
}
