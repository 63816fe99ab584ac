//! Tabs, such as one for each state of a list.

/// One tab; drawn by the macro `tabs` of `components.html`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    pub link: String,
    /// In the reader's language.
    pub name: String,
    /// Whether it is the one that is shown.
    pub here: bool,
}

impl Tab {
    pub fn new(link: impl Into<String>, name: impl Into<String>, here: bool) -> Self {
        Self { link: link.into(), name: name.into(), here }
    }

    /// Shows the number of its entries.
    #[must_use]
    pub fn count(self, count: impl std::fmt::Display) -> Self {
        Self { name: format!("{} ({count})", self.name), ..self }
    }
}
