//! Limits on what may be typed.

use events::Cents;

/// Longest single line, in characters.
pub const LINE: usize = 200;
/// Longest text, in characters.
pub const TEXT: usize = 5_000;
/// The largest number of entries of a list.
pub const LIST: usize = 50;

/// The largest amount that can be read from a form.
pub const LARGEST: Cents = Cents(pages::parse::LARGEST);
