//! Plain functions over a connection: lock, read, save. Locks are always taken in this order: case, budget,
//! notice.

pub mod budgets;
pub mod calls;
pub mod cases;
pub mod history;
pub mod lists;
pub mod notices;
pub mod ties;
