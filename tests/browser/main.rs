//! Pages in a real browser: a person's whole way, in both languages, on a phone and at a desk.
//! Each page on the way is checked by axe and kept as a picture in `target/pictures`.

mod amounts;
mod chrome;
mod journey;
mod kept;
mod notice;
mod pages;
