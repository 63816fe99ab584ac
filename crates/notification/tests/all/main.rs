//! Notification, from the facts it hears to the emails that arrive.
#![expect(clippy::unwrap_used, reason = "what a test cannot have it must not go on without")]

mod answers;
mod correcting;
mod delivery;
mod hearing;
mod mails;
mod office;
mod order;
mod sending;
mod town;
