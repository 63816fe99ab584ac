//! Applications from the form to the emailed decision, with all services in the test's process. Each story also runs
//! with every delivery doubled, and must end the same.

mod bad_input;
mod operators;
mod reading;
mod starting;
mod stories;
mod traces;
