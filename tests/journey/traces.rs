//! One trace id in the logs connects a person's request with everything that it caused.

use serde_json::Value;
use testkit::Logs;
use tests::{Applicant, InProcess, form};

// On one thread, since [`Logs`] captures only the log of the test's own thread.
#[tokio::test]
async fn a_request_is_found_at_the_front_door_in_the_service_and_where_its_facts_are_consumed() {
    let logs = Logs::capture("info,bus=debug");
    let set = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = set.submit(who, &form(who)).await;
    set.until_status(who, &id, "eligible").await;
    set.until_quiet().await;

    let submits: Vec<Value> = logs
        .lines_with("message", "answered")
        .into_iter()
        .filter(|line| line["span"]["method"] == "POST" && line["span"]["path"] == "/apply/api/applications")
        .collect();
    let [service, door] = &submits[..] else { panic!("intake and the front door: {submits:?}") };
    for name in ["request_id", "trace_id"] {
        assert_eq!(service["span"][name], door["span"][name], "{name}");
    }
    let trace = service["span"]["trace_id"].as_str().expect("a trace");
    assert_eq!(trace.len(), 32, "{trace}");
    let of_the_trace = logs.lines_with("trace_id", trace);
    for kind in ["application-submitted", "eligibility-confirmed"] {
        let consumed = |line: &Value| line["message"] == "consumed" && line["kind"] == kind;
        assert!(of_the_trace.iter().any(consumed), "no line shows where {kind} was consumed");
    }
    set.finish().await;
}
