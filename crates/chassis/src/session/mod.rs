//! Sessions: a signed cookie (or the same token as `Authorization: Bearer`) that every service can verify,
//! and the check that a form comes from our own page.

mod extract;
mod form;
pub(crate) mod keys;
mod origin;
pub(crate) mod person;

pub use extract::NoSession;
pub use form::{CSRF_FIELD, PageForm, PublicForm, typed};
pub use keys::{COOKIE, SessionKeys, cookies};
pub use person::{Role, Session};

pub use crate::fields::Fields;

/// `next` if it is a path of this site; None if a browser (or a proxy that decodes once more) may take it for the
/// address of another site: browsers read `\` as `/` and ignore tabs and line breaks.
pub fn return_path(next: &str) -> Option<&str> {
    let path = next.strip_prefix('/')?;
    let leaves = path.starts_with(['/', '%']) || next.contains(|c: char| c == '\\' || c.is_control());
    (!leaves).then_some(next)
}
