//! The notices of the samples: complete, and on paper.

mod missing;
mod render;
mod samples;
