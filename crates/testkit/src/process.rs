//! A process inside a test.

use std::net::TcpListener;

use chassis::settings::{Http, SessionKeys};
use chassis::{App, Clock};

/// The keys of every test process: a session signed by one is good for all.
pub fn session_keys() -> SessionKeys {
    SessionKeys::new("for tests only, and long enough for that", false).expect("a secret that is long enough")
}

/// A process on a free port of this machine, with [`session_keys`]; [`App::shutdown`] ends it.
///
/// # Panics
/// No port is free.
pub fn process(name: &'static str, clock: Clock) -> App {
    process_with(name, clock, Http::default())
}

/// As [`process`], with these limits.
///
/// # Panics
/// No port is free.
pub fn process_with(name: &'static str, clock: Clock, http: Http) -> App {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    App::new(name, clock, http, session_keys(), listener).expect("a socket that tells its address")
}
