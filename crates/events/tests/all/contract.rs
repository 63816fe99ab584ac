//! The generated documents in the repository are up to date, and golden payloads stay readable for ever.

#![expect(clippy::unwrap_used, reason = "a test fails where its helpers fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use events::{ALL_FACTS, AnyFact, ApplicationSubmitted, EnvelopeError, Event, Header, Kind, Service};
use serde_json::{Value, json};
use uuid::Uuid;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn update() -> bool {
    std::env::var_os("BESCHEID_UPDATE").is_some()
}

#[test]
fn generated_documents_are_fresh() {
    for (path, content) in events::contract::documents() {
        let path = root().join(path);
        if update() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            continue;
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == content,
            "{} is stale: run the tests of events with BESCHEID_UPDATE=1",
            path.display()
        );
    }
}

/// The payload that was frozen when the type was first shipped.
fn golden(kind: Kind) -> Value {
    let path = root().join(format!("crates/events/golden/{}.v1.json", kind.name()));
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; every type has a golden payload", path.display()));
    serde_json::from_str(&text).expect("a golden payload is JSON")
}

#[test]
fn golden_payloads_are_still_read() {
    for &kind in Kind::ALL {
        let frozen = golden(kind);
        let fact =
            AnyFact::read(kind, frozen.clone()).unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
        let now = serde_json::to_value(&fact).unwrap();
        assert_holds(&now, &frozen, kind.name());
    }
}

/// Asserts that `now` has everything that was published before; it may have more.
fn assert_holds(now: &Value, frozen: &Value, at: &str) {
    match (now, frozen) {
        (Value::Object(now), Value::Object(frozen)) => {
            for (name, value) in frozen {
                let at = format!("{at}.{name}");
                assert_holds(now.get(name).unwrap_or_else(|| panic!("{at} is lost")), value, &at);
            }
        }
        (Value::Array(now), Value::Array(frozen)) => {
            assert_eq!(now.len(), frozen.len(), "{at}");
            for (index, (now, frozen)) in now.iter().zip(frozen).enumerate() {
                assert_holds(now, frozen, &format!("{at}[{index}]"));
            }
        }
        _ => assert_eq!(now, frozen, "{at}"),
    }
}

#[test]
fn every_golden_payload_belongs_to_a_type() {
    let known: BTreeSet<String> = Kind::ALL.iter().map(|kind| format!("{}.v1.json", kind.name())).collect();
    let found: BTreeSet<String> = fs::read_dir(root().join("crates/events/golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, known);
}

fn envelope() -> (Header, AnyFact) {
    let fact = AnyFact::read(Kind::ApplicationSubmitted, golden(Kind::ApplicationSubmitted)).unwrap();
    let header = Header {
        id: Uuid::from_u128(7).into(),
        source: Service::Intake,
        kind: Kind::ApplicationSubmitted,
        key: Uuid::from_u128(9),
        version: 3,
        time: "2026-11-23T11:00:00Z".parse().unwrap(),
        causation: Some(Uuid::from_u128(5).into()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    };
    (header, fact)
}

#[test]
fn an_envelope_is_a_cloudevent_and_reads_back() {
    let (header, fact) = envelope();
    let bytes = header.write(&fact).unwrap();
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["specversion"], "1.0");
    assert_eq!(json["type"], "de.bescheid.intake.application-submitted.v1");
    assert_eq!(json["source"], "/bescheid/intake");
    assert_eq!(json["subject"], Uuid::from_u128(9).to_string());
    assert_eq!(json["time"], "2026-11-23T11:00:00Z");
    assert_eq!(json["version"], 3);

    assert_eq!(Header::read(&bytes).unwrap(), header);
    let event = Event::<ApplicationSubmitted>::read(&bytes).unwrap();
    assert_eq!(event.data.file_number, "36.KI-2027-0001");
    assert_eq!(header.write(&fact).unwrap(), bytes, "the same fact is the same bytes");
    let (before, after) = header.write_around_version(&fact).unwrap();
    let joined = [&before[..], header.version.to_string().as_bytes(), &after[..]].concat();
    assert_eq!(joined, bytes, "the version fits between the two parts");
}

#[test]
fn fields_of_a_newer_release_are_ignored() {
    let (header, fact) = envelope();
    let mut json: Value = serde_json::from_slice(&header.write(&fact).unwrap()).unwrap();
    json["newattribute"] = json!("x");
    json["data"]["new_field"] = json!({ "deep": [1, 2] });
    let event = Event::<ApplicationSubmitted>::read(&serde_json::to_vec(&json).unwrap()).unwrap();
    assert_eq!(event.data.applicant.name, "Solingen");
}

/// The places of all objects in `value`, as JSON Pointers.
fn objects(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => std::iter::once(at.to_owned())
            .chain(fields.iter().flat_map(|(name, value)| objects(value, &format!("{at}/{name}"))))
            .collect(),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .flat_map(|(row, value)| objects(value, &format!("{at}/{row}")))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_newer_field_is_ignored_in_every_object_of_every_type() {
    let mut places = 0;
    for &kind in Kind::ALL {
        let frozen = golden(kind);
        let fact = AnyFact::read(kind, frozen.clone()).unwrap();
        // `Decider` is an enum: the only field of its object is the name of the variant.
        for place in objects(&frozen, "").into_iter().filter(|place| place != "/decided_by") {
            let mut newer = frozen.clone();
            newer.pointer_mut(&place).unwrap()["new_field"] = json!({ "deep": [1, 2] });
            let read = AnyFact::read(kind, newer)
                .unwrap_or_else(|error| panic!("{} at {place:?}: {error}", kind.name()));
            assert_eq!(read, fact, "{} at {place:?}", kind.name());
            places += 1;
        }
    }
    assert!(places > 40, "{places}");
    // Also for objects that no golden payload has. The only closed object is that of the enum `Decider`.
    for (path, text) in events::contract::documents() {
        let closed = text.matches(r#""additionalProperties": false"#).count();
        assert_eq!(closed, text.matches(r#""Decider": {"#).count(), "{path}");
    }
}

#[test]
fn what_cannot_be_right_is_refused_with_a_reason() {
    let (header, fact) = envelope();
    let good: Value = serde_json::from_slice(&header.write(&fact).unwrap()).unwrap();
    let with = |name: &str, value: Value| {
        let mut json = good.clone();
        json[name] = value;
        Header::read(&serde_json::to_vec(&json).unwrap()).unwrap_err()
    };
    assert!(matches!(with("type", json!("de.bescheid.intake.unheard-of.v1")), EnvelopeError::UnknownType(_)));
    assert!(matches!(with("source", json!("/bescheid/award")), EnvelopeError::WrongSource { .. }));
    assert!(matches!(with("version", json!(0)), EnvelopeError::NoVersion));
    assert!(matches!(with("subject", json!("not a uuid")), EnvelopeError::Json(_)));
    assert!(matches!(Header::read(b"{ not json").unwrap_err(), EnvelopeError::Json(_)));
}

#[test]
fn subjects_are_unique_and_below_their_service() {
    let subjects: BTreeSet<String> = Kind::ALL.iter().map(|kind| kind.subject(Uuid::nil())).collect();
    assert_eq!(subjects.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        let below = kind.service().subjects();
        assert!(kind.subject(Uuid::nil()).starts_with(below.trim_end_matches("*.*")));
        assert!(below.starts_with(ALL_FACTS.trim_end_matches('>')));
        assert_eq!(Kind::from_type(kind.type_name()), Some(*kind));
    }
}
