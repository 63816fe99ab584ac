//! `GET /apply/form.js`: shows sums while a person types. The page works without it.

use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn script() -> impl IntoResponse {
    let kind = "text/javascript; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")],
        include_str!("../../templates/form.js"),
    )
}
