//! The whole service over a real Postgres and a real nats-server: requests and facts in, pages and facts out.

mod api;
mod contact;
mod door;
mod drafts;
mod pages;
mod publishing;
mod timeline;
mod world;
