//! The intake service with a real database, broker and mailbox: requests and facts in, pages and facts out.
#![expect(clippy::unwrap_used, reason = "what a test cannot have it must not go on without")]

mod api;
mod contact;
mod door;
mod drafts;
mod pages;
mod publishing;
mod stage;
mod timeline;
