//! The errors of a field.

use std::collections::BTreeMap;

use events::Cents;
use pages::messages::Messages;
use pages::parse::ParseError;
use pages::{Language, Page};

use super::field::Field;

/// Why a field is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Missing, or not an amount, or not a date.
    Unreadable(ParseError),
    TooLong {
        /// Number of characters.
        length: usize,
        /// Largest number of characters allowed.
        limit: usize,
    },
    TooMany {
        /// Largest number of entries allowed.
        limit: usize,
    },
    /// The grant applied for is zero.
    Nothing,
    EndsBeforeStart,
    /// The parts of the financing plan do not add up to the total cost.
    PlanGap {
        /// Total minus parts.
        gap: Cents,
    },
    /// The shares of the municipalities do not add up to the grant applied for.
    SharesGap {
        /// Grant minus shares.
        gap: Cents,
    },
    /// No municipality of North Rhine-Westphalia has this key.
    UnknownMunicipality,
    /// The lead municipality is also named as a participant.
    IsLead,
    Repeated,
    /// The call does not offer this choice.
    NotOffered,
    Email,
    /// An email address with non-ASCII letters, which only some mail servers accept (RFC 6531).
    EmailLetters,
}

impl Wrong {
    pub const MISSING: Self = Self::Unreadable(ParseError::Empty);

    /// Key of the message in the catalogue.
    pub fn message(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.key(),
            Self::TooLong { .. } => "error-too-long",
            Self::TooMany { .. } => "wrong-too-many",
            Self::Nothing => "wrong-nothing",
            Self::EndsBeforeStart => "wrong-ends-before-start",
            Self::PlanGap { gap } if *gap > Cents::ZERO => "wrong-plan-gap",
            Self::PlanGap { .. } => "wrong-plan-excess",
            Self::SharesGap { gap } if *gap > Cents::ZERO => "wrong-shares-gap",
            Self::SharesGap { .. } => "wrong-shares-excess",
            Self::UnknownMunicipality => "wrong-unknown-municipality",
            Self::IsLead => "wrong-is-lead",
            Self::Repeated => "wrong-repeated",
            Self::NotOffered => "wrong-not-offered",
            Self::Email => "wrong-email",
            Self::EmailLetters => "wrong-email-letters",
        }
    }

    /// The message about `field` in English, for programs.
    pub fn say_in_english(&self, field: Field, messages: &Messages) -> String {
        self.write(field, Language::En, |key, arguments| messages.say(Language::En, key, arguments))
    }

    /// The message about `field` in the reader's language.
    pub fn say(&self, field: Field, page: &Page) -> String {
        self.write(field, page.language, |key, arguments| page.tn(key, arguments))
    }

    fn write(
        &self,
        field: Field,
        language: Language,
        say: impl Fn(&str, &[(&str, &str)]) -> String,
    ) -> String {
        let label = say(&field.label(), &[]);
        let label = field.row().map_or(label.clone(), |row| format!("{label} {}", row + 1));
        let (length, limit) = match self {
            Self::TooLong { length, limit } => (*length, *limit),
            Self::TooMany { limit } => (0, *limit),
            _ => (0, 0),
        };
        let gap = match self {
            Self::PlanGap { gap } | Self::SharesGap { gap } => language.money(gap.0.saturating_abs()),
            _ => String::new(),
        };
        let (length, limit) = (language.count(length), language.count(limit));
        let error = if let Self::Unreadable(error) = self { *error } else { ParseError::Empty };
        let [decimal, thousands] = error.choices(language);
        let arguments = [
            ("field", &*label),
            ("length", &length),
            ("limit", &limit),
            ("gap", &gap),
            (decimal.0, &decimal.1),
            (thousands.0, &thousands.1),
        ];
        say(self.message(), &arguments)
    }
}

/// The first error of each field, in the order of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(BTreeMap<Field, Wrong>);

impl Errors {
    pub(super) fn add(&mut self, field: Field, wrong: Wrong) {
        self.0.entry(field).or_insert(wrong);
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.0.contains_key(&field)
    }

    pub fn of(&self, field: Field) -> Option<&Wrong> {
        self.0.get(&field)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All errors, in the order of the form.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &Wrong)> {
        self.0.iter().map(|(field, wrong)| (*field, wrong))
    }
}
