//! The tests of award through its public interfaces.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod approval;
mod courts;
mod money;
mod notice_text;
mod notices;
mod pages;
mod shares;
mod stage;
mod state_machine;
mod ties;
