//! Typesets notices as tagged PDF, readable by screen readers (PDF/UA-1) and fit for archiving (PDF/A-2a).
//!
//! A [`Notice`] is plain data. [`missing_parts`] lists what it lacks, before anybody approves it; [`render`] typesets
//! it. The wording is in `templates/`, in German, which is binding (§ 23 VwVfG). No clock, no files, no network: the
//! same notice always gives the same bytes.

mod breaks;
mod fonts;
mod glyphs;
mod missing;
mod notice;
mod quotes;
mod render;
mod words;

pub use glyphs::unprintable;
pub use missing::{Part, missing_parts};
pub use notice::{
    Authority, AwardNotice, BudgetYear, Contact, CostItem, Court, FinancingType, Letter, Notice,
    PartnerShare, Period, Recipient, RejectionNotice, Signatory,
};
pub use render::{LetterError, Pdf, render};
pub use words::amount_in_words;
