//! The layers around the routes of a service that has pages.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chassis::App;
use chassis::http::ProblemPage;
use uuid::Uuid;

use crate::messages::Language;
use crate::page::{LANGUAGE_COOKIE, Page, Pages, without_language};
use crate::{assets, problems};

/// The cookie that names the page whose form was accepted last.
const TAKEN_COOKIE: &str = "bescheid_taken";

impl Pages {
    /// Adds to `routes` what pages need: the files below `<prefix>/assets`, [`Page`] as an argument of handlers,
    /// problems shown as pages, and the language switch (`?lang=en`).
    pub fn around(&self, process: &App, routes: Router) -> Router {
        let pages = self.clone();
        process.show_problems_with(ProblemPage::new(move |parts, problem| {
            match parts.extensions.get::<App>() {
                Some(app) => problems::draw(&Page::of(&pages, app, parts), problem),
                None => problem.clone().into_response(),
            }
        }));
        let pages = self.clone();
        routes
            .layer(middleware::from_fn(move |mut request: Request, next: Next| {
                request.extensions_mut().insert(pages.clone());
                switch_language(request, next)
            }))
            .layer(middleware::from_fn(announce_accepted))
            .route(&format!("{}/assets/{{name}}", self.prefix()), get(assets::asset))
    }
}

/// `?lang=en` sets the cookie and redirects to the same address without it.
async fn switch_language(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let wanted = query.split('&').find_map(|pair| Language::from_code(pair.strip_prefix("lang=")?));
    let Some(language) = wanted.filter(|_| request.method() == Method::GET) else {
        return next.run(request).await;
    };
    let cookie = format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", language.code());
    let mut response = Redirect::to(&without_language(request.uri().path(), query)).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// If a form was sent with `?sent=<open page>` and answered by a redirect, its content is stored or kept. The cookie
/// tells this to the script, which then deletes the browser's copy; nothing else proves that the server has received
/// it.
async fn announce_accepted(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let sent = query.split('&').find_map(|pair| pair.strip_prefix("sent=")?.parse::<Uuid>().ok());
    let sent = sent.filter(|_| request.method() == Method::POST);
    let mut response = next.run(request).await;
    let Some(sent) = sent.filter(|_| response.status() == StatusCode::SEE_OTHER) else { return response };
    let cookie = format!("{TAKEN_COOKIE}={sent}; Path=/; Max-Age=60; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
