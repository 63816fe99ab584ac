//! The notices of the samples: complete, and on paper.

mod missing;
mod paper;
mod samples;
