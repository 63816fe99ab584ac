use std::net::TcpListener;

use chassis::settings::{Http, SessionKeys};
use chassis::{App, Clock};

/// The session keys of every test process.
pub fn session_keys() -> SessionKeys {
    SessionKeys::new("for tests only, and long enough for that", false).expect("a secret that is long enough")
}

/// A service's process inside the test, on a free port, with [`session_keys`]; [`App::shutdown`] ends it.
pub fn process(name: &'static str, clock: Clock) -> App {
    process_with(name, clock, Http::default())
}

/// As [`process`], with these limits.
pub fn process_with(name: &'static str, clock: Clock, http: Http) -> App {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    App::new(name, clock, http, session_keys(), listener).expect("a socket that tells its address")
}
