//! Cleans text and reads amounts and days, for forms, JSON APIs and call files alike. Nothing else in the project
//! does either.
//!
//! Everything here is pure, and reading a result again does not change it.

mod date;
mod email;
mod money;
mod text;

pub use date::{date, is_plausible};
pub use email::email;
pub use money::{LARGEST, money};
pub use text::{entries, is_blank, length, line, lines};

use crate::messages::Language;

/// Why a text is not an amount or a date. [`ParseError::key`] names its message in the common catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("empty")]
    Empty,
    /// Not an amount such as 60.000,50.
    #[error("not an amount")]
    Amount,
    /// An amount in thousands or millions, such as 60 T€.
    #[error("not in euros")]
    Unit,
    /// More than two digits after the decimal separator.
    #[error("more than two decimals")]
    Decimals,
    /// A separator that may be the decimal or the thousands separator, such as in 0,500. Not guessed: the two amounts
    /// differ by a factor of a thousand.
    #[error("two amounts are possible")]
    Ambiguous {
        /// Euro cents if it is the decimal separator.
        decimal: i64,
        /// Euro cents if it separates thousands.
        thousands: i64,
    },
    #[error("negative")]
    Negative,
    /// More than [`LARGEST`].
    #[error("too large")]
    TooLarge,
    /// Not a date such as 23.11.2026.
    #[error("not a date")]
    Date,
}

impl ParseError {
    /// Key of the message.
    pub fn key(self) -> &'static str {
        match self {
            Self::Empty => "error-required",
            Self::Amount => "error-amount",
            Self::Unit => "error-amount-unit",
            Self::Decimals => "error-amount-decimals",
            Self::Ambiguous { .. } => "error-amount-ambiguous",
            Self::Negative => "error-amount-negative",
            Self::TooLarge => "error-amount-too-large",
            Self::Date => "error-date",
        }
    }

    /// The two amounts that the message offers to choose from; both empty for other errors.
    pub fn choices(self, language: Language) -> [(&'static str, String); 2] {
        let (decimal, thousands) = match self {
            Self::Ambiguous { decimal, thousands } => {
                (language.money_to_type(decimal), language.money_to_type(thousands))
            }
            _ => (String::new(), String::new()),
        };
        [("decimal", decimal), ("thousands", thousands)]
    }
}
