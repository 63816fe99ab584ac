//! The sample notices: complete, and as PDF.

mod missing;
mod render;
mod samples;
