//! The page of a request: its language, its reader, and the messages for both.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::{self};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chassis::session::cookies;
use chassis::{App, Problem, Role, Session};
use chrono::{DateTime, NaiveDate, Utc};

use crate::assets;
use crate::format::Plain;
use crate::messages::{CatalogueError, Language, Messages};

/// The cookie that stores the language.
pub(crate) const LANGUAGE_COOKIE: &str = "bescheid_lang";

/// The prefix and messages of one service. Cheap to clone.
#[derive(Clone)]
pub struct Pages(Arc<Inner>);

struct Inner {
    prefix: String,
    messages: Messages,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({})", self.0.prefix)
    }
}

impl Pages {
    /// `prefix` is that of the service's pages (such as `/award`; empty for the start page); `de` and `en` are its
    /// messages in Fluent syntax, in addition to the common ones. Fails if a catalogue has a mistake.
    pub fn new(prefix: &str, de: &str, en: &str) -> Result<Self, CatalogueError> {
        let prefix = prefix.trim_end_matches('/').to_owned();
        Ok(Self(Arc::new(Inner { prefix, messages: Messages::new(de, en)? })))
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// The messages, for text outside of pages.
    pub fn messages(&self) -> &Messages {
        &self.0.messages
    }

    /// A page outside of a request: for tests, and for text written in the background.
    pub fn page(&self, language: Language, session: Option<Session>, now: DateTime<Utc>) -> Page {
        let path = if self.0.prefix.is_empty() { "/".to_owned() } else { self.0.prefix.clone() };
        Page {
            pages: self.clone(),
            language,
            session,
            csrf: String::new(),
            path,
            now,
            is_read: true,
            refused: Arc::default(),
        }
    }
}

pub(crate) fn without_language(path: &str, query: &str) -> String {
    let rest: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
    // One slash in front: `//host` would be the address of another site.
    let path = format!("/{}", path.trim_start_matches('/'));
    if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) }
}

/// What every template needs: an argument of the handler, passed to the template as `page`.
#[derive(Clone, Debug)]
pub struct Page {
    pages: Pages,
    pub language: Language,
    /// The person signed in.
    pub session: Option<Session>,
    /// The CSRF token of the person signed in.
    pub csrf: String,
    /// Path and query of this page.
    pub path: String,
    /// When the request arrived, UTC.
    pub now: DateTime<Utc>,
    is_read: bool,
    /// Whether a form on this page has an error. Shared with the forms.
    refused: Arc<AtomicBool>,
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let process = parts.extensions.get::<App>();
        let pages = parts.extensions.get::<Pages>();
        let (Some(process), Some(pages)) = (process, pages) else {
            return Err(Problem::internal(
                "pages need Pages::around and chassis::http::serve around the routes",
            ));
        };
        Ok(Self::of(pages, process, parts))
    }
}

impl Page {
    pub(crate) fn of(pages: &Pages, process: &App, parts: &Parts) -> Self {
        let session = Session::seen(process, &parts.headers);
        let query = parts.uri.query().unwrap_or_default();
        Self {
            pages: pages.clone(),
            language: language(parts),
            csrf: session.as_ref().map(|session| process.keys().csrf(session)).unwrap_or_default(),
            session,
            path: without_language(parts.uri.path(), query),
            now: process.clock().now(),
            is_read: parts.method == Method::GET,
            refused: Arc::default(),
        }
    }

    /// The message `key`.
    pub fn t(&self, key: impl AsRef<str>) -> String {
        self.pages.0.messages.say(self.language, key.as_ref(), &[])
    }

    /// The message `key` with one argument.
    pub fn t1(&self, key: &str, name: &str, value: impl fmt::Display) -> String {
        self.pages.0.messages.say(self.language, key, &[(name, &value.to_string())])
    }

    /// The message `key` with arguments.
    pub fn tn(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        self.pages.0.messages.say(self.language, key, arguments)
    }

    /// The name of an email from its template; the template's own name if a newer release has added it.
    pub fn email(&self, template: &str) -> String {
        self.known("email-", template)
    }

    /// The message `prefix` + `name`; if there is none, `name`.
    pub fn known(&self, prefix: &str, name: &str) -> String {
        let key = format!("{prefix}{name}");
        if self.pages.0.messages.has(self.language, &key) { self.t(key) } else { name.to_owned() }
    }

    /// See [`Language::money`].
    pub fn money(&self, cents: impl Plain<i64>) -> String {
        self.language.money(cents.plain())
    }

    pub fn number(&self, number: impl Plain<i64>) -> String {
        self.language.number(number.plain())
    }

    pub fn count(&self, count: usize) -> String {
        self.language.count(count)
    }

    pub fn date(&self, date: impl Plain<NaiveDate>) -> String {
        self.language.date(date.plain())
    }

    /// In the time of Berlin.
    pub fn moment(&self, at: impl Plain<DateTime<Utc>>) -> String {
        self.language.moment(at.plain())
    }

    /// See [`Language::deadline`].
    pub fn deadline(&self, end: impl Plain<DateTime<Utc>>) -> String {
        self.language.deadline(end.plain())
    }

    /// The day of a moment, in Berlin.
    pub fn day(&self, at: impl Plain<DateTime<Utc>>) -> String {
        self.language.day(at.plain())
    }

    /// The service's prefix followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.pages.0.prefix)
    }

    /// Whether the person signed in has this role.
    pub fn has(&self, role: Role) -> bool {
        self.session.as_ref().is_some_and(|session| session.has(role))
    }

    /// Records that a form on this page has an error: the title then says so, because a screen reader reads it first
    /// (WCAG 2.4.2, 3.3.1).
    pub(crate) fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// For the layout: what the title begins with if there are errors, otherwise empty.
    pub fn title_prefix(&self) -> String {
        if self.has_errors() { self.t("title-error") + " " } else { String::new() }
    }

    /// Whether a form on this page has an error.
    pub fn has_errors(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn asset(&self, name: &str) -> String {
        self.url(&format!("/assets/{name}"))
    }

    /// For the layout.
    pub fn style_sheets(&self) -> [String; 2] {
        [self.asset(assets::KERN_CSS), self.asset(assets::BESCHEID_CSS)]
    }

    /// For the layout.
    pub fn script(&self) -> String {
        self.asset(assets::BESCHEID_JS)
    }

    /// This page in the other languages: code, name, link. Empty on the answer to a POST, because the link would lose
    /// what was typed.
    pub fn other_languages(&self) -> Vec<(&'static str, &'static str, String)> {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let others = Language::ALL.into_iter().filter(|language| self.is_read && *language != self.language);
        others.map(|l| (l.code(), l.name(), format!("{}{sign}lang={}", self.path, l.code()))).collect()
    }

    /// The services this person works with: link, message key, whether this page belongs to it.
    pub fn navigation(&self) -> Vec<(&'static str, &'static str, bool)> {
        const PLACES: [(&[Role], &str, &str); 6] = [
            (&[Role::Applicant], "/apply", "nav-apply"),
            (&[Role::CaseWorker], "/eligibility", "nav-eligibility"),
            (&[Role::CaseWorker, Role::Reviewer], "/review", "nav-review"),
            (&[Role::CaseWorker, Role::Approver], "/award", "nav-award"),
            (&[Role::CaseWorker, Role::Operator], "/mail", "nav-mail"),
            (&[Role::Operator], "/ops", "nav-ops"),
        ];
        let mine = PLACES.into_iter().filter(|(roles, ..)| roles.iter().any(|role| self.has(*role)));
        let here = |link: &str| {
            // The notice is a page of another service, but belongs to the application.
            let path = if link == "/apply" {
                self.path.replacen("/award/notices/", "/apply/", 1)
            } else {
                self.path.clone()
            };
            path.strip_prefix(link).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        mine.map(|(_, link, key)| (link, key, here(link))).collect()
    }
}

/// The language chosen by the switch, else preferred by the browser, else German.
fn language(parts: &Parts) -> Language {
    let mut chosen = cookies(&parts.headers, LANGUAGE_COOKIE);
    chosen.find_map(|cookie| Language::from_code(cookie.value())).unwrap_or_else(|| {
        let preferred = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        preferred.map(Language::preferred).unwrap_or_default()
    })
}

/// The response that shows `template`, never cached because pages contain personal data. A template that fails gives
/// a 500.
pub fn show(template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(Problem::internal)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// Like [`show`], with status 422: for a form shown again with its errors.
pub fn show_invalid(template: &impl Template) -> Result<Response, Problem> {
    let mut response = show(template)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
