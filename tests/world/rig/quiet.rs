//! Is anything still on its way?

use axum::http::Method;
use bus::Stats;
use chassis::Role;
use events::Service;
use testkit::until_within;
use uuid::Uuid;

use super::{PATIENCE, Rig};
use crate::looks::{emails_under_way, said_and_heard};

/// What is still on its way, in words; empty: nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unquiet(pub Vec<String>);

impl Rig {
    /// Waits until nothing is on its way: every outbox is empty, every said fact is consumed and
    /// acknowledged, every email has met its fate. Facts that are parked or held on purpose are named
    /// by `waiting`: as many as that may stay.
    pub async fn until_quiet(&self, waiting: usize) {
        let quiet = |seen: &Unquiet| seen.0.is_empty();
        until_within(PATIENCE, "nothing is on its way", || self.unquiet(waiting), quiet).await;
    }

    /// Sends again, as a person can, the emails that were in doubt twice: nobody else does, and they may have
    /// arrived or not. Returns how many there were.
    pub async fn send_doubted_again(&self) -> usize {
        let doubted = sqlx::query_scalar::<_, i64>(
            "select id from deliveries where state = 'failed' and unanswered > 1",
        );
        let doubted = doubted.fetch_all(self.database(Service::Notification)).await.expect("deliveries");
        let operator = self.api.token("operator-1", Role::Operator, None);
        for id in &doubted {
            let path = format!("/mail/api/deliveries/{id}/again");
            let key = Uuid::new_v4().to_string();
            let answered = self.api.call(Method::POST, &path, &operator, Some(&key), None).await;
            let (status, answer) = answered.expect("an answer");
            assert!(status.is_success(), "POST {path}: {status} {answer}");
        }
        doubted.len()
    }

    /// What is still on its way.
    pub async fn unquiet(&self, waiting: usize) -> Unquiet {
        let mut seen = Vec::new();
        let mut waits = 0;
        for service in Service::ALL {
            match Stats::read(self.database(service)).await {
                Ok(stats) => {
                    if stats.outbox > 0 {
                        seen.push(format!("{service} has {} facts in its outbox", stats.outbox));
                    }
                    waits += stats.waiting.held + stats.waiting.parked;
                }
                Err(error) => seen.push(format!("{service}: {error}")),
            }
        }
        if waits != waiting as i64 {
            seen.push(format!("{waits} facts wait, expected {waiting}"));
        }
        if !seen.is_empty() {
            return Unquiet(seen);
        }
        if let Err(error) = self.unheard(&mut seen, waiting).await {
            seen.push(error.to_string());
        }
        if seen.is_empty() {
            self.unacknowledged(&mut seen).await;
        }
        Unquiet(seen)
    }

    async fn unheard(&self, seen: &mut Vec<String>, waiting: usize) -> Result<(), sqlx::Error> {
        let facts = said_and_heard(|service| self.database(service)).await?;
        let under_way = emails_under_way(self.database(Service::Notification)).await?;
        if under_way > 0 {
            seen.push(format!("{under_way} emails are under way"));
        }
        let mut missing = 0;
        for (publisher, said, consumer, heard) in &facts {
            if said != heard {
                missing += said - heard;
                if waiting == 0 {
                    seen.push(format!("{publisher} said {said}, {consumer} heard {heard}"));
                }
            }
        }
        if missing > 0 && missing != waiting as i64 {
            seen.push(format!("{missing} facts are said and not heard, {waiting} wait"));
        }
        if facts != said_and_heard(|service| self.database(service)).await? {
            seen.push("facts are being heard".to_owned());
        }
        Ok(())
    }

    /// Nothing is delivered and not acknowledged: no handler is stuck.
    async fn unacknowledged(&self, seen: &mut Vec<String>) {
        for info in self.durables().await {
            if info.num_pending > 0 || info.num_ack_pending > 0 {
                seen.push(format!(
                    "{}: {} to deliver, {} not acknowledged",
                    info.name, info.num_pending, info.num_ack_pending
                ));
            }
        }
    }

    /// The durables of the newest epoch, one for each service.
    pub async fn durables(&self) -> Vec<async_nats::jetstream::consumer::Info> {
        use futures_util::TryStreamExt;
        let jetstream = self.jetstream().await;
        let Ok(stream) = jetstream.get_stream(events::STREAM).await else { return Vec::new() };
        let all: Vec<_> = stream.consumers().try_collect().await.unwrap_or_default();
        let epoch = |name: &str| name.rsplit_once("-e").and_then(|(_, epoch)| epoch.parse::<u64>().ok());
        let newest = all.iter().filter_map(|info| epoch(&info.name)).max();
        all.into_iter().filter(|info| epoch(&info.name).is_some() && epoch(&info.name) == newest).collect()
    }
}
