//! Reading changes nothing: mail scanners, link checkers, previews and prefetching browsers follow every link by GET
//! and HEAD, with the cookies of the person whose link it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use chassis::Role;
use chassis::session::COOKIE;
use events::Service;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tests::{Applicant, InProcess, Plan, form};

/// Headers of clients that follow links without a person's click: plain, prefetching, and from another site.
const HEADERS: [&[(&str, &str)]; 3] = [
    &[("accept", "text/html")],
    &[("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("accept", "text/html")],
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("accept", "*/*")],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_changes_nothing_whoever_looks() {
    let system = InProcess::with(Plan { drafts: true, ..Plan::default() }).await;
    // A notice that is not retrieved, an email about each status, a file that a reviewer has taken, drafts, and a
    // case that a person must decide.
    let who = Applicant::SOLINGEN;
    let decided = system.submit(who, &form(who)).await;
    system.until_status(who, &decided, "eligible").await;
    system.review_twice("fund").await;
    system.propose(&decided, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(system.approve(&decided).await, "granted");
    let essen = Applicant::ESSEN;
    let held = system.submit(essen, &form(essen)).await;
    system.until_status(essen, &held, "eligible").await;
    let reviewer = system.api.token("reviewer-1", Role::Reviewer, None);
    let taken = || async { system.post(&reviewer, "/review/api/next", json!({})).await.0 };
    testkit::until("a file is held", taken, |status| *status == StatusCode::OK).await;
    let referred = system.submit(Applicant::HILDEN, &form(Applicant::HILDEN)).await;
    system.until_status(Applicant::HILDEN, &referred, "referred").await;
    system.until_quiet().await;

    let intake = system.database(Service::Intake);
    let draft: String =
        sqlx::query_scalar("select id::text from drafts limit 1").fetch_one(intake).await.expect("a draft");
    let notification = system.database(Service::Notification);
    let email: String = sqlx::query_scalar("select id::text from deliveries limit 1")
        .fetch_one(notification)
        .await
        .expect("an email");
    let ids = [decided, held, referred, draft, email];
    let paths = paths(&ids);
    assert!(paths.len() > 60 && paths.iter().any(|path| path.ends_with("/pdf")), "{paths:?}");

    let ags = Some("05122000");
    let person = |name: &str, role, ags: Option<&str>| Some(system.api.token(name, role, ags));
    let everybody = [
        None,
        person("person-05122000", Role::Applicant, ags),
        person("applicant-essen", Role::Applicant, Some("05113000")),
        person("case-worker-1", Role::CaseWorker, None),
        person("reviewer-1", Role::Reviewer, None),
        person("approver-1", Role::Approver, None),
        person("operator-1", Role::Operator, None),
    ];
    let before = contents(&system).await;
    assert!(before.keys().any(|table| table == "award.notices"), "{before:?}");
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let mut asked = Vec::new();
    for token in &everybody {
        for path in &paths {
            for method in [Method::HEAD, Method::GET] {
                for headers in HEADERS {
                    let mut request =
                        Request::builder().method(method.clone()).uri(format!("{}{path}", system.url));
                    for (name, value) in headers {
                        request = request.header(*name, *value);
                    }
                    if let Some(token) = token {
                        request = request.header(header::COOKIE, format!("{COOKIE}={token}"));
                    }
                    asked.push((method.clone(), path, request.body(Body::empty()).expect("a request")));
                }
            }
        }
    }
    let answers = futures_util::stream::iter(asked)
        .map(|(method, path, request)| {
            let client = &client;
            async move {
                let answer = client.request(request).await.expect("an answer");
                let status = answer.status();
                answer.into_body().collect().await.expect("all of it");
                assert!(!status.is_server_error(), "{method} {path}: {status}");
                (path.as_str(), status)
            }
        })
        .buffer_unordered(8)
        .collect::<Vec<_>>()
        .await;
    let seen: BTreeSet<&str> =
        answers.iter().filter(|(_, status)| status.is_success()).map(|(path, _)| *path).collect();
    for part in ["/award/notices/", "/review/files/", "/apply/drafts/", "/mail/deliveries/", "/ops"] {
        assert!(seen.iter().any(|path| path.contains(part)), "nobody saw {part}: {seen:?}");
    }
    let after = contents(&system).await;
    let changed: Vec<_> = before.iter().filter(|(table, rows)| after.get(*table) != Some(rows)).collect();
    assert!(changed.is_empty(), "{changed:?}");
    system.finish().await;
}

/// Every route that answers GET, read from the source of the routers, with each of these ids as its argument.
fn paths(ids: &[String]) -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut found = BTreeSet::new();
    for (folder, prefix) in [
        ("award/src/http", "/award"),
        ("bescheid/src/gateway", "/ops"),
        ("eligibility/src/http", "/eligibility"),
        ("intake/src/http", "/apply"),
        ("local/src/mailbox", "/mailbox"),
        ("notification/src/http", "/mail"),
        ("review/src/http", "/review"),
    ] {
        let text = sources(&crates.join(folder));
        // A page: `.route("/award/notices/{application}", get(…))`, also over two lines.
        for part in text.split(".route(").skip(1) {
            let Some((path, rest)) =
                part.trim_start().strip_prefix('"').and_then(|part| part.split_once('"'))
            else {
                continue;
            };
            let method = rest.trim_start_matches(',').trim_start();
            if method.starts_with("get(") || method.starts_with("any(") {
                found.insert(path.to_owned());
            }
        }
        // The API: `.get("/notices/{application}", …)`, below `<prefix>/api`.
        for part in text.split(".get(").skip(1) {
            let path = part.trim_start().strip_prefix('"').and_then(|part| part.split_once('"'));
            if let Some((path, _)) = path.filter(|(path, _)| path.starts_with('/')) {
                found.insert(format!("{prefix}/api{path}"));
            }
        }
        found.insert(format!("{prefix}/api/openapi.json"));
    }
    found
        .into_iter()
        .flat_map(|path| match (path.find('{'), path.find('}')) {
            (Some(from), Some(to)) => {
                ids.iter().map(|id| format!("{}{id}{}", &path[..from], &path[to + 1..])).collect()
            }
            _ => vec![path],
        })
        .collect()
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            text += &sources(&entry);
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            text += &std::fs::read_to_string(&entry).expect("text");
        }
    }
    text
}

/// A fingerprint of each table that a service owns. Of the tables of the bus it has only the event log and the
/// outbox: the others change by themselves, such as the time of the last check of the broker.
async fn contents(system: &InProcess) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for service in Service::ALL {
        let db = system.database(service);
        let tables: Vec<String> = sqlx::query_scalar(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
             where schemaname = 'public' or (schemaname, tablename) in (('bus', 'event_log'), ('bus', 'outbox'))",
        )
        .fetch_all(db)
        .await
        .expect("tables");
        for table in tables {
            let rows = fingerprint(db, &table).await;
            all.insert(format!("{service}.{}", table.trim_start_matches("public.")), rows);
        }
    }
    all
}

async fn fingerprint(db: &PgPool, table: &str) -> String {
    let query = format!(
        "select count(*) || ' ' || coalesce(md5(string_agg(line, '|' order by line)), '')
         from (select t::text as line from {table} t) lines"
    );
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(db).await.expect("a fingerprint")
}
