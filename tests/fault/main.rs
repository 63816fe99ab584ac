//! What breaks in the middle of many journeys, in a real set of processes.

mod broker;
mod killed;
mod kills;
mod redeploy;
mod row;
