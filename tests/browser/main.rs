//! Pages in a real browser, in both languages, on a phone and on a desktop.
//! axe checks each page, and a picture of it is kept in `target/pictures`.

mod amounts;
mod chrome;
mod journey;
mod kept;
mod notice;
mod pages;
