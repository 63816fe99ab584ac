//! What a person can choose from.

/// One of the values a person can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As sent.
    pub value: String,
    /// As read, in the reader's language.
    pub label: String,
    /// A second line below the label.
    pub hint: Option<String>,
}

impl Choice {
    /// A choice without a hint.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    /// With a second line.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
