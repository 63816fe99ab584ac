//! Everything that people see: the layout in KERN (the German administration's design system), form fields, messages
//! in German and English, formatted numbers and dates, error pages.
//!
//! A service creates one [`Pages`], wraps its routes in [`Pages::around`], takes a [`Page`] as an argument of each
//! handler, and answers with [`show`]. Its templates extend `layout.html`.

mod around;
mod assets;
mod choice;
mod field;
mod form;
mod format;
mod html;
pub mod kept;
pub mod messages;
mod page;
pub mod parse;
mod problems;
mod sort;
mod tab;

pub use choice::Choice;
pub use field::Field;
pub use form::Form;
pub use format::Plain;
pub use kept::Keep;
pub use messages::{CatalogueError, Language};
pub use page::{Page, Pages, show, show_invalid};
pub use sort::compare_names;
pub use tab::Tab;
