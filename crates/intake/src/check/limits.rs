//! How long and how large what is typed may be.

use events::Cents;

/// Longest single line, in characters.
pub const LINE: usize = 200;
/// Longest text, in characters.
pub const TEXT: usize = 5_000;
/// Most entries of a list.
pub const LIST: usize = 50;

/// The largest amount, as large as the form reads it.
pub const LARGEST: Cents = Cents(pages::parse::LARGEST);
