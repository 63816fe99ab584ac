//! Notification, from the facts it consumes to the emails that arrive.
#![expect(clippy::unwrap_used, reason = "what a test cannot have it must not go on without")]

mod answers;
mod consuming;
mod correcting;
mod delivery;
mod mails;
mod office;
mod order;
mod sending;
mod town;
