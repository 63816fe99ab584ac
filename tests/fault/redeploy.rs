use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::Service;
use serde_json::json;
use tests::{Applicant, Set, form, program};
use tokio::process::Command;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_is_replaced_under_load_and_no_request_fails() {
    let set = Set::start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let sent = Arc::new(AtomicUsize::new(0));
    let mut senders = Vec::new();
    for _ in 0..4 {
        let (api, stop, sent) = (set.api.clone(), stop.clone(), sent.clone());
        senders.push(tokio::spawn(async move {
            let applicant = api.token("solingen", Role::Applicant, Some(Applicant::SOLINGEN.ags));
            let operator = api.token("operator", Role::Operator, None);
            let body = json!({ "call": "komm-in-2027", "application": form(Applicant::SOLINGEN) });
            while !stop.load(Ordering::SeqCst) {
                let key = Uuid::new_v4().to_string();
                let path = "/apply/api/applications";
                let answer = api.call(Method::POST, path, &applicant, Some(&key), Some(&body)).await;
                let (status, said) = answer.expect("an answer");
                assert_eq!(status, StatusCode::CREATED, "{said}");
                for path in ["/mail/api/deliveries", "/apply/api/calls"] {
                    api.get(path, &operator).await.expect("an answer");
                }
                sent.fetch_add(3, Ordering::SeqCst);
            }
        }));
    }
    for service in Service::ALL {
        let before = sent.load(Ordering::SeqCst);
        let restarted = Command::new(program())
            .args(["restart", service.name(), "--data"])
            .arg(&set.data)
            .output()
            .await
            .expect("bescheid restart");
        assert!(restarted.status.success(), "{}", String::from_utf8_lossy(&restarted.stderr));
        testkit::until(
            "requests go on",
            || async { sent.load(Ordering::SeqCst) },
            |seen| *seen > before + 12,
        )
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    for sender in senders {
        sender.await.expect("no request failed");
    }
    println!("{} requests during five restarts, none failed", sent.load(Ordering::SeqCst));
    set.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_set_is_refused_with_a_sentence_and_leaves_the_first_alone() {
    let set = Set::start().await;
    let port = set.url.rsplit(':').next().expect("a port").to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |arguments: Vec<std::ffi::OsString>| async move {
        let output = Command::new(program()).arg("up").args(arguments).output().await.expect("bescheid up");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said =
        refused(vec!["--port".into(), port.clone().into(), "--data".into(), folder.path().into()]).await;
    assert!(said.contains("choose another with `--port`"), "{said}");
    // Also where its port is taken: another port would not help.
    for port in ["0".to_owned(), port] {
        let said =
            refused(vec!["--port".into(), port.into(), "--data".into(), set.data.clone().into()]).await;
        assert!(said.contains("already runs"), "{said}");
    }
    let token = set.api.token("operator", Role::Operator, None);
    set.api.get("/apply/api/calls", &token).await.expect("the first set goes on");
    set.finish().await;
}
