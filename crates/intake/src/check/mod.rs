//! Is the form whole? Pure: texts in, an application or messages by field out. The page and the API ask the same
//! rules.
//!
//! Only what makes an application unreadable or contradictory stops it here. Whether it may be funded is not
//! intake's to say (§ 24 (3) VwVfG): such points are [`hints`], shown before submission and decided afterwards.

mod field;
pub mod hints;
pub mod limits;
mod read;
mod rules;
#[cfg(test)]
mod tests;
mod wrong;

use events::{Ags, Application, Call, Contact, FinancingPlan};

pub use field::Field;
pub use limits::{LARGEST, LINE, LIST, TEXT};
pub use wrong::{Errors, Wrong};

use crate::form::Form;

/// Reads a form that `lead` wants to submit to `call`. Rows must have no blanks ([`Form::drop_blank_rows`]).
///
/// # Errors
/// Every field that is wrong.
pub fn form(form: &Form, call: &Call, lead: &Ags) -> Result<Application, Errors> {
    let mut errors = Errors::default();
    let application = read::read(form, &mut errors);
    rules::check(&application, call, lead, &mut errors);
    if errors.is_empty() { Ok(application) } else { Err(errors) }
}

/// Reads the amounts of a financing plan as the form does, one by one; whether they add up is not asked.
pub fn plan(grant: &str, own_share: &str, third_parties: &str, total: &str) -> (FinancingPlan, Errors) {
    let mut errors = Errors::default();
    (read::plan(grant, own_share, third_parties, total, &mut errors), errors)
}

/// Checks an application that came ready-made. Its texts come in by the same door as those of the form: what is
/// answered is what is kept.
///
/// # Errors
/// Every field that is wrong.
pub fn application(application: Application, call: &Call, lead: &Ags) -> Result<Application, Errors> {
    let mut errors = Errors::default();
    let application = read::by_the_door(application);
    rules::check(&application, call, lead, &mut errors);
    if errors.is_empty() { Ok(application) } else { Err(errors) }
}

/// Takes in and checks whom to write to, as in an application.
///
/// # Errors
/// Every field that is wrong.
pub fn contact(contact: Contact) -> Result<Contact, Errors> {
    let mut errors = Errors::default();
    let contact = read::contact(contact);
    rules::contact(&contact, &mut errors);
    if errors.is_empty() { Ok(contact) } else { Err(errors) }
}
