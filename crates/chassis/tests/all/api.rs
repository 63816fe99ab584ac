//! One declaration makes both the route and its description in the document.

use crate::client::{get, person, post, start};
use axum::Router;
use axum::http::StatusCode;
use chassis::api::{ApiRouter, Operation};
use chassis::problem::{ApiJson, ApiPath, ApiQuery};
use chassis::{ProblemKind, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the second person says.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Approve {
    /// Euro cents.
    cents: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Window {
    /// Up to this many.
    limit: u8,
    #[serde(rename = "after")]
    _after: Option<String>,
}

fn routes() -> Router {
    ApiRouter::new("award", "/award")
        .post(
            "/applications/{id}/approve",
            async |ApiPath(_): ApiPath<String>, body: ApiJson<Approve>| body,
            Operation::new("Approve the proposed amount")
                .role(Role::Approver)
                .body::<Approve>()
                .answers::<Approve>(StatusCode::OK)
                .problems(&[ProblemKind::NotFound, ProblemKind::Conflict]),
        )
        .get(
            "/applications",
            async |ApiQuery(window): ApiQuery<Window>| window.limit.to_string(),
            Operation::new("List").query::<Window>().public().answers::<Vec<Approve>>(StatusCode::OK),
        )
        .into_router()
}

#[tokio::test]
async fn the_document_describes_what_the_routes_do() {
    let running = start(routes());
    let document = get(&format!("{}/award/api/openapi.json", running.url), &[]).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let approve = &document["paths"]["/award/api/applications/{id}/approve"]["post"];
    assert_eq!(approve["summary"], "Approve the proposed amount");
    assert_eq!(approve["operationId"], "post_applications_id_approve");
    assert_eq!(approve["x-role"], "approver");
    assert_eq!(approve["parameters"][0]["name"], "id");
    let schema = &approve["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/Approve");
    assert_eq!(
        document["components"]["schemas"]["Approve"]["properties"]["cents"]["description"],
        "Euro cents."
    );
    let statuses: Vec<&String> = approve["responses"].as_object().unwrap().keys().collect();
    assert_eq!(statuses, ["200", "400", "401", "403", "404", "409", "422"].iter().collect::<Vec<_>>());
    assert!(document["components"]["schemas"]["Problem"].is_object());

    let list = &document["paths"]["/award/api/applications"]["get"];
    assert_eq!(list["security"], serde_json::json!([]));
    assert_eq!(list["parameters"][0]["name"], "limit");
    assert_eq!(list["parameters"][0]["required"], true);
    assert_eq!(list["parameters"][1]["required"], false);
}

#[tokio::test]
async fn the_route_keeps_to_the_declared_role() {
    let running = start(routes());
    let url = format!("{}/award/api/applications/7/approve", running.url);
    let body = r#"{"cents":6000000}"#;
    let json = ("content-type", "application/json");
    assert_eq!(post(&url, &[json], body).await.problem(), "sign-in");
    let bearer = |role| format!("Bearer {}", testkit::session_keys().sign(&person("anna", &[role])));
    assert_eq!(
        post(&url, &[json, ("authorization", &bearer(Role::Reviewer))], body).await.problem(),
        "forbidden"
    );
    let good = post(&url, &[json, ("authorization", &bearer(Role::Approver))], body).await;
    assert_eq!(good.text(), body);
    assert_eq!(get(&format!("{}/award/api/applications?limit=3", running.url), &[]).await.text(), "3");
}
