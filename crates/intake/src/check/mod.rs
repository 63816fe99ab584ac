//! Checks a form or an application: either a whole application comes out, or a message for each wrong field. Pure.
//! The pages and the API use the same rules.
//!
//! Only what makes an application unreadable or contradictory is refused. Whether it may be funded is not for intake
//! to decide (§ 24 (3) VwVfG): such points are [`hints`], shown before submission and decided by eligibility.

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

/// Reads a form that the municipality `lead` wants to submit to `call`. The form must have no blank rows
/// ([`Form::drop_blank_rows`]).
pub fn form(form: &Form, call: &Call, lead: &Ags) -> Result<Application, Errors> {
    let mut errors = Errors::default();
    let application = read::read(form, &mut errors);
    rules::check(&application, call, lead, &mut errors);
    if errors.is_empty() { Ok(application) } else { Err(errors) }
}

/// Reads the amounts of a financing plan one by one, in the same way as the form; does not check that they add up.
pub fn plan(grant: &str, own_share: &str, third_parties: &str, total: &str) -> (FinancingPlan, Errors) {
    let mut errors = Errors::default();
    (read::plan(grant, own_share, third_parties, total, &mut errors), errors)
}

/// Checks an application that a program has sent. Its texts are cleaned like those of the form; the cleaned
/// application is what is returned.
pub fn application(application: Application, call: &Call, lead: &Ags) -> Result<Application, Errors> {
    let mut errors = Errors::default();
    let application = read::clean(application);
    rules::check(&application, call, lead, &mut errors);
    if errors.is_empty() { Ok(application) } else { Err(errors) }
}

/// Cleans and checks a contact by the rules for an application.
pub fn contact(contact: Contact) -> Result<Contact, Errors> {
    let mut errors = Errors::default();
    let contact = read::contact(contact);
    rules::contact(&contact, &mut errors);
    if errors.is_empty() { Ok(contact) } else { Err(errors) }
}
