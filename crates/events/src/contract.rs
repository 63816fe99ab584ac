//! Documents generated from the types of the contract: JSON Schemas and the AsyncAPI document. They are in the
//! repository; a test compares them, and writes them anew when `BESCHEID_UPDATE=1` is set.

use serde_json::{Value, json};

use crate::Kind;

/// Path below the repository's root and content of each document.
pub fn documents() -> Vec<(String, String)> {
    let mut documents: Vec<(String, String)> = Kind::ALL
        .iter()
        .map(|&kind| {
            let schema = serde_json::to_value(kind.schema()).expect("a schema is JSON");
            (format!("crates/events/schemas/{}.json", kind.name()), pretty(&schema))
        })
        .collect();
    documents.push(("crates/events/schemas/asyncapi.json".to_owned(), pretty(&async_api())));
    documents
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a JSON value is JSON");
    text.push('\n');
    text
}

fn async_api() -> Value {
    let mut channels = serde_json::Map::new();
    let mut operations = serde_json::Map::new();
    let mut messages = serde_json::Map::new();
    for &kind in Kind::ALL {
        let name = kind.name();
        messages.insert(
            name.to_owned(),
            json!({
                "name": kind.type_name(),
                "contentType": "application/cloudevents+json",
                "payload": { "$ref": format!("./{name}.json") },
            }),
        );
        channels.insert(
            name.to_owned(),
            json!({
                "address": kind.subject_with("{key}"),
                "messages": { name: { "$ref": format!("#/components/messages/{name}") } },
                "parameters": { "key": { "description": "the application or the call it is about" } },
            }),
        );
        operations.insert(
            format!("{}.{name}", kind.service()),
            json!({ "action": "send", "channel": { "$ref": format!("#/channels/{name}") } }),
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Bescheid: facts", "version": env!("CARGO_PKG_VERSION"),
            "description": "Each message is a CloudEvents 1.0 envelope in structured JSON; the schemas are those of its data." },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages },
    })
}
