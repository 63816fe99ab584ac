//! Parts of one place, such as the states of a list: the same look in every service.

/// One of the parts; drawn by the macro `tabs` of `components.html`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Where it leads.
    pub link: String,
    /// As read, in the reader's language.
    pub name: String,
    /// Is it the one that is shown?
    pub here: bool,
}

impl Tab {
    /// A part.
    pub fn new(link: impl Into<String>, name: impl Into<String>, here: bool) -> Self {
        Self { link: link.into(), name: name.into(), here }
    }

    /// With the number of what is in it, as read.
    #[must_use]
    pub fn count(self, count: impl std::fmt::Display) -> Self {
        Self { name: format!("{} ({count})", self.name), ..self }
    }
}
