//! Which site has made the browser send a request: by `Sec-Fetch-Site`, or by `Origin` where that is missing.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Origin {
    Same,
    Other,
    /// Neither header is there: an old browser, or no browser.
    Unknown,
}

pub(super) fn origin(headers: &HeaderMap) -> Origin {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match header("sec-fetch-site") {
        Some("same-origin" | "none") => return Origin::Same,
        Some(_) => return Origin::Other,
        None => {}
    }
    let Some(origin) = header(ORIGIN.as_str()) else { return Origin::Unknown };
    let site = origin.split_once("://").map(|(_, authority)| authority);
    if site.is_some() && site == header(HOST.as_str()) { Origin::Same } else { Origin::Other }
}

pub(super) fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
