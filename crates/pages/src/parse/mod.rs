//! The one door by which text, amounts and days come in: of forms, of the JSON APIs and of call files alike.
//! Nowhere else is text cleaned or an amount read.
//!
//! All of it is pure, and reading twice gives the same as reading once.

mod date;
mod email;
mod money;
mod text;

pub use date::{date, is_plausible};
pub use email::email;
pub use money::{LARGEST, money};
pub use text::{entries, is_blank, length, line, lines};

use crate::messages::Language;

/// Why a text is no amount or date. Its key names a message of the common catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing was typed.
    #[error("empty")]
    Empty,
    /// Not an amount such as 60.000,50.
    #[error("not an amount")]
    Amount,
    /// An amount in thousands or millions, such as 60 T€.
    #[error("not in euros")]
    Unit,
    /// More than two digits after the decimal sign.
    #[error("more than two decimals")]
    Decimals,
    /// One sign that may separate cents or thousands, such as 0,500. Nobody guesses: a thousand times is at stake.
    #[error("two amounts are possible")]
    Ambiguous {
        /// Euro cents, if the sign is the decimal sign.
        decimal: i64,
        /// Euro cents, if the sign separates thousands.
        thousands: i64,
    },
    /// Below zero.
    #[error("negative")]
    Negative,
    /// A billion euros or more.
    #[error("too large")]
    TooLarge,
    /// Not a date such as 23.11.2026.
    #[error("not a date")]
    Date,
}

impl ParseError {
    /// The message's key.
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

    /// The two amounts between which the message lets the reader choose; empty where there is no such choice.
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
