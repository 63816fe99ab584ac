//! Problems as pages, and the page that gives back what was typed.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use chassis::problem::{Problem, ProblemKind};
use chassis::session::{CSRF_FIELD, Fields};

use crate::page::Page;

/// The page for `problem`. It contains what a person had typed into a refused form, to be sent again.
pub(crate) fn draw(page: &Page, problem: &Problem) -> Response {
    let html = match &problem.typed {
        Some(fields) => lost(page, problem, fields).render(),
        None => problem_page(page, problem).render(),
    };
    match html {
        Ok(html) => Html(html).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    page: &'a Page,
    title: String,
    text: String,
}

fn problem_page<'a>(page: &'a Page, problem: &Problem) -> ProblemPage<'a> {
    let id = problem.kind.id();
    let general = || page.t(format!("problem-{id}-text"));
    let text = problem.for_people.clone().unwrap_or_else(general);
    ProblemPage { page, title: page.t(format!("problem-{id}")), text }
}

#[derive(Template)]
#[template(path = "lost.html")]
struct Lost<'a> {
    page: &'a Page,
    signed_out: bool,
    /// Title and text, unless the session is the problem.
    problem: Option<(String, String)>,
    token: &'a str,
    fields: Vec<(&'a str, &'a str)>,
}

/// The page for a form that was not accepted because the session ended or became another person's (sign in in another
/// tab, come back, send again), or because the service did not answer (send again).
fn lost<'a>(page: &'a Page, problem: &Problem, fields: &'a Fields) -> Lost<'a> {
    let signed_out = problem.kind == ProblemKind::SignIn;
    let away = (!signed_out && problem.kind != ProblemKind::Forged).then(|| {
        let ProblemPage { title, text, .. } = problem_page(page, problem);
        (title, text)
    });
    // The CSRF token belongs to the person: one who signs in again as the same person can send the form at once.
    let is_theirs = signed_out || away.is_some();
    let token = if is_theirs { fields.get(CSRF_FIELD) } else { &page.csrf };
    let fields = fields.iter().filter(|(name, _)| *name != CSRF_FIELD).collect();
    Lost { page, signed_out, problem: away, token, fields }
}
