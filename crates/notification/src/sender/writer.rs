use crate::mail::{Content, Source};
use crate::store::contacts::Contact;

/// Renders emails with the settings of this service.
pub struct Writer {
    pub(super) pages: pages::Pages,
    pub(super) portal: String,
    pub(super) domain: String,
}

impl Writer {
    /// # Errors
    /// The template cannot be rendered.
    pub fn write(&self, source: &Source, contact: &Contact) -> Result<Content, askama::Error> {
        source.render(contact, &self.portal, self.pages.messages())
    }

    /// The domain of the sender address, which is also used in Message-IDs.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}
