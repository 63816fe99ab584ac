//! One request's page: its language, who reads it, and the words for it.

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

/// The cookie that remembers the language.
pub(crate) const LANGUAGE_COOKIE: &str = "bescheid_lang";

/// The pages of one service: its prefix and its messages. Cheap to clone.
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
    /// Pages below `prefix` (such as `/award`; empty for the start page) with these messages (Fluent) besides the
    /// common ones.
    ///
    /// # Errors
    /// A catalogue with a mistake.
    pub fn new(prefix: &str, de: &str, en: &str) -> Result<Self, CatalogueError> {
        let prefix = prefix.trim_end_matches('/').to_owned();
        Ok(Self(Arc::new(Inner { prefix, messages: Messages::new(de, en)? })))
    }

    /// Where they begin.
    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// The messages, for text outside of pages.
    pub fn messages(&self) -> &Messages {
        &self.0.messages
    }

    /// A page outside of any request: for tests, and text made in the background.
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
    // One slash in front: `//host` would lead to another site.
    let path = format!("/{}", path.trim_start_matches('/'));
    if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) }
}

/// What every template needs; take it as an argument of the handler and hand it to the template as `page`.
#[derive(Clone, Debug)]
pub struct Page {
    pages: Pages,
    /// The reader's language.
    pub language: Language,
    /// Who is signed in.
    pub session: Option<Session>,
    /// The form token of who is signed in.
    pub csrf: String,
    /// Path and query of this page.
    pub path: String,
    /// When the request came (UTC).
    pub now: DateTime<Utc>,
    is_read: bool,
    /// Whether a form of this page has refused something. Shared with the page's forms.
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

    /// The name of an email by its template; one of a newer release by its own name.
    pub fn email(&self, template: &str) -> String {
        self.known("email-", template)
    }

    /// The message `prefix` + `name`; where there is none, `name` as it is.
    pub fn known(&self, prefix: &str, name: &str) -> String {
        let key = format!("{prefix}{name}");
        if self.pages.0.messages.has(self.language, &key) { self.t(key) } else { name.to_owned() }
    }

    /// Euro cents as read in this language.
    pub fn money(&self, cents: impl Plain<i64>) -> String {
        self.language.money(cents.plain())
    }

    /// A whole number.
    pub fn number(&self, number: impl Plain<i64>) -> String {
        self.language.number(number.plain())
    }

    /// How many.
    pub fn count(&self, count: usize) -> String {
        self.language.count(count)
    }

    /// A date.
    pub fn date(&self, date: impl Plain<NaiveDate>) -> String {
        self.language.date(date.plain())
    }

    /// A moment, in the time of Berlin.
    pub fn moment(&self, at: impl Plain<DateTime<Utc>>) -> String {
        self.language.moment(at.plain())
    }

    /// The end of a time limit, as people read it (see [`Language::deadline`]).
    pub fn deadline(&self, end: impl Plain<DateTime<Utc>>) -> String {
        self.language.deadline(end.plain())
    }

    /// The day of a moment, in Berlin.
    pub fn day(&self, at: impl Plain<DateTime<Utc>>) -> String {
        self.language.day(at.plain())
    }

    /// This service's prefix and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.pages.0.prefix)
    }

    /// Has who is signed in this role?
    pub fn has(&self, role: Role) -> bool {
        self.session.as_ref().is_some_and(|session| session.has(role))
    }

    /// A form of this page has found something wrong: the title of the page says so, which is what a screen reader
    /// speaks first (WCAG 2.4.2, 3.3.1).
    pub(crate) fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// What the title begins with, for the layout: nothing, or that there are errors.
    pub fn title_prefix(&self) -> String {
        if self.has_errors() { self.t("title-error") + " " } else { String::new() }
    }

    /// Whether a form of this page shows errors.
    pub fn has_errors(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn asset(&self, name: &str) -> String {
        self.url(&format!("/assets/{name}"))
    }

    /// The style sheets, for the layout.
    pub fn style_sheets(&self) -> [String; 2] {
        [self.asset(assets::KERN_CSS), self.asset(assets::BESCHEID_CSS)]
    }

    /// The script, for the layout.
    pub fn script(&self) -> String {
        self.asset(assets::BESCHEID_JS)
    }

    /// This page in the other languages: code, name, link. None on the answer to a form: the link would leave
    /// behind what was typed.
    pub fn other_languages(&self) -> Vec<(&'static str, &'static str, String)> {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let others = Language::ALL.into_iter().filter(|language| self.is_read && *language != self.language);
        others.map(|l| (l.code(), l.name(), format!("{}{sign}lang={}", self.path, l.code()))).collect()
    }

    /// Where this person works: link, message key, is this page there?
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
            // The notice is another service's page, and belongs to the application.
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

/// The language: chosen by the switch, else by the browser's preference, else German.
fn language(parts: &Parts) -> Language {
    let mut chosen = cookies(&parts.headers, LANGUAGE_COOKIE);
    chosen.find_map(|cookie| Language::from_code(cookie.value())).unwrap_or_else(|| {
        let preferred = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        preferred.map(Language::preferred).unwrap_or_default()
    })
}

/// The answer that shows `template`. Pages are about persons: nobody keeps a copy on the way.
///
/// # Errors
/// 500 where the template fails.
pub fn show(template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(Problem::internal)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// As [`show`], with status 422: the form again, with what was typed and what is wrong.
///
/// # Errors
/// 500 where the template fails.
pub fn show_invalid(template: &impl Template) -> Result<Response, Problem> {
    let mut response = show(template)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
