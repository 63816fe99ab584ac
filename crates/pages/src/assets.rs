//! Embedded style sheets, script and fonts. Their names contain a hash, so that browsers can cache them for ever.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chassis::Problem;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

pub(crate) struct Asset {
    name: &'static str,
    mime: &'static str,
    bytes: &'static [u8],
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = FILES.iter().find(|asset| asset.name == name) else {
        return Problem::not_found().into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, asset.mime), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.bytes).into_response()
}
