//! A harness for the whole service with a mailbox: facts in, emails out.

use std::ops::Deref;

use chassis::{Role, Session};
use events::{ApplicationId, Service};
use local::Mailbox;
use notification::Settings;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{Common, ServiceUnderTest, samples, session, until};

use crate::office::{Plan, settings};

pub struct Town {
    pub mailbox: Mailbox,
    service: ServiceUnderTest,
    _folder: TempDir,
}

impl Deref for Town {
    type Target = ServiceUnderTest;

    fn deref(&self) -> &ServiceUnderTest {
        &self.service
    }
}

impl Town {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::start(folder.path(), 0).await.unwrap();
        let settings = |Common { database, nats, session }| Settings {
            database,
            nats,
            session,
            ..settings(&mailbox, &Plan::default())
        };
        let service =
            ServiceUnderTest::start::<notification::AppState>("/mail", samples::noon(), settings).await;
        Self { mailbox, service, _folder: folder }
    }

    pub async fn until_mails(&self, address: &str, count: usize) {
        let look = || async {
            let messages = self.mailbox.messages();
            messages
                .iter()
                .filter(|mail| mail.is_to(address))
                .map(|mail| mail.subject.clone())
                .collect::<Vec<_>>()
        };
        let found = until("emails", look, |found| found.len() >= count).await;
        assert_eq!(found.len(), count, "{found:?}");
    }

    /// Waits until this many facts of `source` have been consumed.
    pub async fn until_consumed(&self, source: Service, count: i64) {
        let look = || async {
            sqlx::query_scalar::<_, i64>("select count(*) from bus.inbox where source = $1")
                .bind(source.name())
                .fetch_one(&self.db)
                .await
                .unwrap()
        };
        until("facts consumed", look, |consumed| *consumed >= count).await;
    }

    pub async fn deliveries(&self, application: ApplicationId) -> Vec<Value> {
        let path = format!("/deliveries?application={application}");
        let answer = self.get(&of(Role::CaseWorker), &path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["deliveries"].as_array().unwrap().clone()
    }

    /// Template and state of each email about an application.
    pub async fn fates(&self, application: ApplicationId) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let deliveries = self.deliveries(application).await;
        deliveries.iter().map(|one| (text(&one["template"]), text(&one["state"]))).collect()
    }

    /// The sum of a counter over all its labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let metrics = self.open(None, "/metrics", "de").await;
        let lines = metrics.text().lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// A page as a person with this role sees it.
    pub async fn page(&self, role: Role, path: &str) -> String {
        let page = self.open(&of(role), path, "de").await;
        assert_eq!(page.status, 200, "{page:?}");
        page.into_text()
    }

    pub async fn end(self) {
        self.service.end().await;
    }
}

pub fn of(role: Role) -> Session {
    session(role.id(), &[role])
}
