//! A running intake service that has published the call delivered with it.

use std::ops::Deref;
use std::path::PathBuf;

use axum::http::{Method, StatusCode};
use chassis::settings::Database;
use chassis::{Role, Session};
use events::{ApplicationId, Call};
use intake::{AppState, Calls, Settings, call_file};
use serde_json::json;
use testkit::{Common, RoundTrips, ServiceUnderTest, samples, session};

pub struct Stage(ServiceUnderTest);

impl Deref for Stage {
    type Target = ServiceUnderTest;

    fn deref(&self) -> &ServiceUnderTest {
        &self.0
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::new_with(|database| database).await
    }

    /// Its Postgres is behind the proxy.
    pub async fn behind(trips: &RoundTrips) -> Self {
        Self::new_with(|database| trips.setting(&database)).await
    }

    async fn new_with(database: impl FnOnce(Database) -> Database) -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/calls/komm-in-2027.toml");
        let stage = Self::start(file.into(), database).await;
        // The socket listens before the service does.
        let calls = stage.get(&solingen(), "/calls").await;
        assert_eq!(calls.json()["calls"][0]["open"], true);
        stage
    }

    pub async fn with_call_file(file: PathBuf) -> Self {
        Self::start(file, |database| database).await
    }

    async fn start(file: PathBuf, change: impl FnOnce(Database) -> Database) -> Self {
        let settings = |Common { database, nats, session }| Settings {
            http: Default::default(),
            log: Default::default(),
            database: change(database),
            nats,
            session,
            calls: Calls { publish: vec![file] },
        };
        Self(ServiceUnderTest::start::<AppState>("/apply", samples::noon(), settings).await)
    }

    /// Submits the sample through the API.
    pub async fn submit(&self, who: &Session, key: &str) -> ApplicationId {
        let body = json!({"call": "komm-in-2027", "application": samples::application()});
        let answer = self.api(who, Method::POST, "/applications", Some(key), Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["id"].as_str().unwrap().parse().unwrap()
    }

    pub async fn end(self) {
        self.0.end().await;
    }

    /// Ends a test that leaves a fact parked.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// The call that is delivered with intake.
pub fn call() -> Call {
    call_file::read(include_str!("../../../../deploy/calls/komm-in-2027.toml")).unwrap()
}

pub fn solingen() -> Session {
    of("solingen-1", "05122000")
}

pub fn paderborn() -> Session {
    of("paderborn-1", "05774032")
}

fn of(person: &str, ags: &str) -> Session {
    let name = "Serap Demir".to_owned();
    Session { name, ags: Some(ags.to_owned()), ..session(person, &[Role::Applicant]) }
}

/// A person who acts for no municipality.
pub fn staff(role: Role) -> Session {
    session("staff-1", &[role])
}
