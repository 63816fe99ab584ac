//! "Sign in as …": demonstration persons instead of an identity provider.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::session::{PublicForm, return_path};
use chassis::{Problem, Role};
use pages::Page;
use serde::Deserialize;

use super::state::Gateway;
use crate::demo::{PERSONS, Person};

/// Where to go afterwards.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// One role and its persons.
struct Group {
    title: &'static str,
    persons: Vec<Person>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    page: &'a Page,
    groups: Vec<Group>,
    next: &'a str,
}

/// The list of persons.
pub async fn show(page: Page, Query(Next { next }): Query<Next>) -> Result<Response, Problem> {
    let titles = [
        (Role::Applicant, "role-applicant"),
        (Role::CaseWorker, "role-case-worker"),
        (Role::Reviewer, "role-reviewer"),
        (Role::Approver, "role-approver"),
        (Role::Operator, "role-operator"),
    ];
    let groups = titles
        .into_iter()
        .map(|(role, title)| Group {
            title,
            persons: PERSONS.into_iter().filter(|person| person.role == role).collect(),
        })
        .collect();
    pages::show(&SignIn { page: &page, groups, next: page_after(&next).unwrap_or_default() })
}

/// Whom to sign in.
#[derive(Deserialize)]
pub struct Chosen {
    person: String,
    #[serde(default)]
    next: String,
}

/// Signs in and goes on.
pub async fn sign_in(
    State(gateway): State<Arc<Gateway>>,
    PublicForm(chosen): PublicForm<Chosen>,
) -> Result<Response, Problem> {
    let person = Person::find(&chosen.person).ok_or_else(|| {
        Problem::invalid([("/person", "expected the id of one of the persons on the page /sign-in")])
    })?;
    let now = gateway.process.clock().now();
    let cookie = gateway.process.keys().cookie(&person.session(now), now);
    go(page_after(&chosen.next).unwrap_or(person.home()), &cookie)
}

/// Ends the session.
pub async fn sign_out(State(gateway): State<Arc<Gateway>>) -> Result<Response, Problem> {
    go("/", &gateway.process.keys().no_cookie())
}

fn go(to: &str, cookie: &str) -> Result<Response, Problem> {
    let mut response = Redirect::to(to).into_response();
    let cookie = HeaderValue::from_str(cookie).map_err(Problem::internal)?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// Where to go after signing in, if `next` names a page of this site that is not about signing in or out.
fn page_after(next: &str) -> Option<&str> {
    return_path(next).filter(|path| !path.starts_with("/sign-"))
}

#[cfg(test)]
mod tests {
    use super::page_after;

    #[test]
    fn nobody_is_sent_to_another_site_or_back_to_sign_in() {
        assert_eq!(page_after("/apply/x?y=1"), Some("/apply/x?y=1"));
        for elsewhere in ["//example.org", "/sign-in", "/sign-out"] {
            assert_eq!(page_after(elsewhere), None, "{elsewhere}");
        }
    }
}
