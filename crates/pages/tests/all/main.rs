//! Pages as a client sees them: rendered, and served over a real socket.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod counter;
mod rendered;
mod served;
