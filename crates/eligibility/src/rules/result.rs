//! What one rule found.

use events::{Ags, Finding, Outcome, Rule};

/// What a rule found. There is no third variant, and must never be one.
pub(super) enum RuleResult {
    /// Clearly kept.
    Met(String),
    /// A person must decide.
    Open { value: String, remedy: String },
}

impl RuleResult {
    /// Kept if `kept`; otherwise `remedy` is what would help.
    pub(super) fn kept_if(kept: bool, value: String, remedy: String) -> Self {
        if kept { Self::Met(value) } else { Self::Open { value, remedy } }
    }

    pub(super) fn finding(
        self,
        rule: Rule,
        ags: Option<&Ags>,
        clause: impl Into<String>,
        source: impl Into<String>,
    ) -> Finding {
        let (outcome, value, remedy) = match self {
            Self::Met(value) => (Outcome::Met, value, None),
            Self::Open { value, remedy } => (Outcome::PersonMustDecide, value, Some(remedy)),
        };
        Finding {
            rule,
            ags: ags.cloned(),
            outcome,
            clause: clause.into(),
            value,
            source: source.into(),
            remedy,
            english: None,
        }
    }
}
