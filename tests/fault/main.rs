//! What breaks in the middle of many journeys, in a real set of processes.

mod killed;
mod redeploy;
