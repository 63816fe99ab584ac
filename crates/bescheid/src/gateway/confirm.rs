//! The confirmation page before an operator's action.

use askama::Template;
use pages::Page;

/// What will happen, a button, and a way back.
#[derive(Template)]
#[template(path = "confirm.html")]
pub struct Confirm<'a> {
    pub page: &'a Page,
    pub title: String,
    pub paragraphs: Vec<String>,
    /// URL that the button posts to.
    pub action: String,
    /// Label of the button.
    pub button: String,
    /// URL of the page before.
    pub back: String,
}
