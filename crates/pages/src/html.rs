use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// Markup that templates do not escape again.
#[derive(Clone, Debug, Default)]
pub struct Html(String);

impl Html {
    pub(crate) fn of(template: &impl Template) -> Self {
        // Rendering into a String cannot fail unless a template returns an error, and these templates do not.
        Self(template.render().unwrap_or_default())
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}
