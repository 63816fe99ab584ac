//! What an operator sees before an act takes effect: what will happen, the button, and the way back.

use askama::Template;
use pages::Page;

/// The page in between. The button posts to `action`.
#[derive(Template)]
#[template(path = "confirm.html")]
pub struct Confirm<'a> {
    /// The page.
    pub page: &'a Page,
    /// The question.
    pub title: String,
    /// What will happen.
    pub paragraphs: Vec<String>,
    /// Where the button posts to.
    pub action: String,
    /// What the button says.
    pub button: String,
    /// Where one goes instead.
    pub back: String,
}
