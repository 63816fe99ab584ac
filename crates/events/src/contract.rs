//! Documents generated from the types of the contract: JSON Schemas, the AsyncAPI document and
//! the permissions of the NATS users. They are in the repository; a test compares them, and writes them
//! anew when `BESCHEID_UPDATE=1` is set.

use serde_json::{Value, json};

use crate::{Kind, STREAM, Service};

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
    documents.push(("deploy/nats/permissions.conf".to_owned(), nats_permissions()));
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
                "address": format!("bescheid.{}.{name}.{{key}}", kind.service()),
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

/// A part of the NATS server's configuration: one user per service, and one for operators. A service publishes
/// facts only below its own name; it may inspect the stream, make it again when the broker has lost it, and
/// consume from it. The passwords are variables of the server's environment or of the including file.
pub fn nats_permissions() -> String {
    let mut text = String::from(
        "# Generated from the subjects in crates/events; do not edit.\n\
         # Include it from the server's configuration, which sets the passwords $BESCHEID_<SERVICE>_PASSWORD.\n\
         authorization {\n  users = [\n",
    );
    for service in Service::ALL {
        let name = service.name();
        let variable = name.to_uppercase();
        let own = service.publishes();
        text.push_str(&format!(
            "    {{\n      user: {name}, password: $BESCHEID_{variable}_PASSWORD\n      permissions {{\n        \
             publish: [\n          \"{own}\",\n          \"bescheidctl.*.audit\",\n          \
             \"$JS.API.INFO\",\n          \
             \"$JS.API.STREAM.INFO.{STREAM}\", \"$JS.API.STREAM.CREATE.{STREAM}\", \"$JS.API.STREAM.UPDATE.{STREAM}\",\n          \
             \"$JS.API.STREAM.MSG.GET.{STREAM}\",\n          \
             \"$JS.API.CONSUMER.CREATE.{STREAM}.>\", \"$JS.API.CONSUMER.INFO.{STREAM}.*\", \"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.*\",\n          \
             \"$JS.ACK.{STREAM}.>\", \"$JS.ACK.*.*.{STREAM}.>\"\n        ]\n        \
             subscribe: [\"_INBOX.{name}.>\", \"bescheidctl.{name}.>\"]\n        allow_responses: true\n      }}\n    }}\n"
        ));
    }
    // Operators send commands to services and get answers, and nothing else.
    text.push_str(
        "    {\n      user: operator, password: $BESCHEID_OPERATOR_PASSWORD\n      permissions {\n        \
         publish: [\"bescheidctl.*.operator\"]\n        subscribe: [\"_INBOX.operator.>\"]\n      }\n    }\n",
    );
    text.push_str("  ]\n}\n");
    text
}
