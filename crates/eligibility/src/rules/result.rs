//! The result of one rule.

use events::{Ags, Finding, Outcome, Rule};

/// A third variant, "refused", must never be added (§ 35a VwVfG).
pub(super) enum RuleResult {
    /// Clearly met.
    Met(String),
    /// A person must decide; `remedy` says what would help.
    Open { value: String, remedy: String },
}

impl RuleResult {
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
