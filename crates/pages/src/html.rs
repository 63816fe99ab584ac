//! Markup that is finished.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// Markup that is finished: not escaped again.
#[derive(Clone, Debug, Default)]
pub struct Html(String);

impl Html {
    pub(crate) fn of(template: &impl Template) -> Self {
        // Writing to a String does not fail, and none of our small templates does.
        Self(template.render().unwrap_or_default())
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}
