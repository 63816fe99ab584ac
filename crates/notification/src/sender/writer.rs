//! Writes emails: the same text wherever one is written.

use crate::mail::{Content, Source};
use crate::store::contacts::Contact;

/// Writes emails: the same text wherever one is written.
pub struct Writer {
    pub(super) pages: pages::Pages,
    pub(super) portal: String,
    pub(super) domain: String,
}

impl Writer {
    /// The email to this contact.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn write(&self, source: &Source, contact: &Contact) -> Result<Content, askama::Error> {
        source.render(contact, &self.portal, self.pages.messages())
    }

    /// Where Message-IDs are made: the domain that emails come from.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}
