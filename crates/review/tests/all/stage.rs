//! A running review service with files.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use chassis::{Role, Session};
use chrono::TimeDelta;
use events::{AnyFact, ApplicationId, ApplicationSubmitted, Call, Cause, Kind};
use review::Settings;
use review::file::{File, Terms};
use review::store::{calls, files};
use serde_json::Value;
use testkit::{Common, ServiceUnderTest, samples, session};

pub struct Stage {
    service: ServiceUnderTest,
    files: AtomicU32,
}

impl Deref for Stage {
    type Target = ServiceUnderTest;

    fn deref(&self) -> &ServiceUnderTest {
        &self.service
    }
}

impl Stage {
    pub async fn new() -> Self {
        let settings = |Common { database, nats, session }| Settings {
            http: Default::default(),
            log: Default::default(),
            database,
            nats,
            session,
            review: Default::default(),
        };
        let service = ServiceUnderTest::start::<review::AppState>("/review", samples::noon(), settings).await;
        Self { service, files: AtomicU32::new(0) }
    }

    /// Adds an open file, submitted one minute after the previous one.
    pub async fn open_file(&self) -> ApplicationId {
        self.open_file_of(|_| {}).await
    }

    pub async fn open_file_of(&self, change: impl FnOnce(&mut ApplicationSubmitted)) -> ApplicationId {
        let n = self.files.fetch_add(1, Ordering::SeqCst);
        let id = samples::new_application();
        let call = samples::call();
        let mut submitted = ApplicationSubmitted {
            file_number: format!("36.KI-2027-{n:04}"),
            submitted_at: samples::noon() + TimeDelta::minutes(n.into()),
            ..samples::application_submitted()
        };
        change(&mut submitted);
        let bus = self.bus().await;
        let mut tx = bus.begin().await.unwrap();
        calls::save(&mut tx, call.id(), &call).await.unwrap();
        files::announce_all(&mut tx, &[(id, &submitted)]).await.unwrap();
        let file = files::lock(&mut tx, id).await.unwrap().unwrap();
        files::save(&mut tx, &file.opened(self.terms(&call)), &Cause::default()).await.unwrap();
        bus.commit(tx).await.unwrap();
        id
    }

    fn terms(&self, call: &Call) -> Terms {
        Terms {
            rule_version: call.version,
            reviews_needed: call.reviews_per_application,
            opened_at: self.clock.now(),
        }
    }

    /// The state of the service, for running its sweep.
    pub async fn own_service(&self) -> review::AppState {
        review::AppState {
            db: self.db.clone(),
            bus: self.bus().await,
            rules: Default::default(),
            clock: self.clock.clock(),
            pages: review::pages().unwrap(),
            review: Default::default(),
        }
    }

    pub async fn read(&self, id: ApplicationId) -> Option<File> {
        files::read(&mut self.db.acquire().await.unwrap(), id).await.unwrap()
    }

    /// All facts that this service has published so far, in order.
    pub async fn facts(&self) -> Vec<AnyFact> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar("select envelope from bus.event_log order by event_id")
            .fetch_all(&self.db)
            .await
            .unwrap();
        rows.iter()
            .map(|bytes| {
                let envelope: Value = serde_json::from_slice(bytes).unwrap();
                let kind = Kind::from_type(envelope["type"].as_str().unwrap()).unwrap();
                AnyFact::read(kind, envelope["data"].clone()).unwrap()
            })
            .collect()
    }

    /// Every counter equals a fresh count, and no fact is under way.
    pub async fn end(self) {
        let kept: Vec<(String, i64)> = sqlx::query_as(
            "select name, sum(value)::bigint from counters, lateral (values ('announced', announced),
                ('waiting', waiting), ('taken', taken), ('completed', completed), ('withdrawn', withdrawn))
                as v (name, value) group by name having sum(value) <> 0 order by name",
        )
        .fetch_all(&self.db)
        .await
        .unwrap();
        let counted: Vec<(String, i64)> =
            sqlx::query_as("select bucket, count(*) from files group by bucket order by bucket")
                .fetch_all(&self.db)
                .await
                .unwrap();
        assert_eq!(kept, counted, "counters");
        self.service.end().await;
    }

    /// The end of a test that leaves a fact parked.
    pub async fn stop(self) {
        self.service.stop().await;
    }
}

pub fn reviewer(person: &str) -> Session {
    session(person, &[Role::Reviewer])
}

/// With Paderborn as a participant.
pub fn with_paderborn(submitted: &mut ApplicationSubmitted) {
    samples::with_participant(submitted, "05774032");
}

pub fn sheet(points: u8, recommendation: &str) -> Value {
    serde_json::json!({
        "scores": [{"criterion": "effect", "points": points}, {"criterion": "partners", "points": points}],
        "recommendation": recommendation,
        "comment": "Klare Ziele.",
    })
}
