//! The content of an application in sections, shown before and after its submission.

use askama::Template;
use askama::filters::HtmlSafe;
use events::{Ags, Application, Partner};
use pages::Page;
use serde::Serialize;

use crate::form::id_of;

/// Templates show it by `{{ content }}`.
#[derive(Template)]
#[template(path = "content.html")]
pub(super) struct Content<'a> {
    pub page: &'a Page,
    pub applicant: &'a Ags,
    pub application: &'a Application,
}

/// Its template escapes what it shows.
impl HtmlSafe for Content<'_> {}

impl Content<'_> {
    fn name(&self, ags: &Ags) -> String {
        events::municipality(ags).map_or_else(|| ags.to_string(), |one| one.name.clone())
    }

    /// The label of each choice.
    fn words(&self, kind: &str, chosen: &[impl Serialize]) -> Vec<String> {
        chosen.iter().map(|one| self.word(kind, one)).collect()
    }

    fn word(&self, kind: &str, one: impl Serialize) -> String {
        self.page.t(format!("{kind}-{}", id_of(one).replace('_', "-")))
    }

    fn partner(&self, partner: &Partner) -> String {
        format!("{} ({})", partner.name, self.word("partner", partner.kind))
    }
}
