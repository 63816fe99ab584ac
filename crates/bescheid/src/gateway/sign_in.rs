//! "Sign in as …": the demonstration's replacement of an identity provider.

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

/// The page to go to afterwards.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// A role and its persons.
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

#[derive(Deserialize)]
pub struct SignInForm {
    person: String,
    #[serde(default)]
    next: String,
}

/// Sets the session cookie, and redirects to `next` or the person's start page.
pub async fn sign_in(
    State(gateway): State<Arc<Gateway>>,
    PublicForm(chosen): PublicForm<SignInForm>,
) -> Result<Response, Problem> {
    let person = Person::find(&chosen.person).ok_or_else(|| {
        Problem::invalid([("/person", "expected the id of one of the persons on the page /sign-in")])
    })?;
    let now = gateway.process.clock().now();
    let cookie = gateway.process.keys().cookie(&person.session(now), now);
    go(page_after(&chosen.next).unwrap_or(person.home()), &cookie)
}

pub async fn sign_out(State(gateway): State<Arc<Gateway>>) -> Result<Response, Problem> {
    go("/", &gateway.process.keys().no_cookie())
}

fn go(to: &str, cookie: &str) -> Result<Response, Problem> {
    let mut response = Redirect::to(to).into_response();
    let cookie = HeaderValue::from_str(cookie).map_err(Problem::internal)?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// `next`, if it is a path of this site that is not about signing in or out.
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
