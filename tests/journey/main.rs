//! What happens to an application, from the form to the emailed decision. Each story is also told
//! with every delivery doubled: nothing may change.

mod bad_input;
mod operators;
mod reading;
mod starting;
mod stories;
mod traces;
