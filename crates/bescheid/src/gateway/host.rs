//! Refuses requests that another site has made: its name may lead here, too (DNS rebinding), and then browsers take its
//! pages for ours.

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::{Problem, ProblemKind};

/// Lets a request pass whose host is this machine, by one of its own names.
pub(super) async fn is_local(request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    let host = request.uri().authority().cloned().or(header);
    if host.as_ref().is_some_and(names_this_machine) {
        return next.run(request).await;
    }
    let detail = "this set answers at localhost only: open it as http://localhost with its port";
    Problem::new(ProblemKind::WrongHost).detail(detail).into_response()
}

fn names_this_machine(host: &Authority) -> bool {
    !host.as_str().contains('@') && matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::names_this_machine;

    #[test]
    fn only_names_of_this_machine_pass() {
        let passes = |host: &str| host.parse().is_ok_and(|host| names_this_machine(&host));
        for ours in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(passes(ours), "{ours}");
        }
        for other in
            ["evil.example", "localhost.evil.example:8080", "127.0.0.1.nip.io", "localhost@evil.example", ""]
        {
            assert!(!passes(other), "{other}");
        }
    }
}
