/// One of the values between which a person can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As the browser sends it.
    pub value: String,
    /// In the reader's language.
    pub label: String,
    /// A second line below the label.
    pub hint: Option<String>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
