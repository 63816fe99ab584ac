//! What the same Postgres and the same broker do when nothing of Bescheid is in the way.

use std::time::{Duration, Instant};

use anyhow::Result;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use async_nats::jetstream::{self, Context};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};
use sqlx::{Executor, PgPool};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::servers::Servers;

/// Clients of the bare SQL; more gain nothing on a small machine.
const CLIENTS: u32 = 8;
/// Size of a fact in the ceilings.
const FACT: usize = 1_024;

/// (a) One hop as one statement: inbox, state, outbox.
pub struct Sql(PgPool);

impl Sql {
    pub async fn prepare(servers: &Servers) -> Result<Self> {
        let pool = servers.bare("ceiling", CLIENTS).await?;
        pool.execute(
            "create table inbox (event uuid primary key, heard_at timestamptz not null);
             create table state (id uuid primary key, version bigint not null, text text not null);
             create table outbox (id bigint generated always as identity primary key, key uuid not null,
                                  fact bytea not null)",
        )
        .await?;
        Ok(Self(pool))
    }

    /// Hops a second, one in each transaction; and how many there were.
    pub async fn measure(&self, seconds: u64) -> Result<(f64, f64)> {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(seconds);
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let pool = self.0.clone();
            clients.spawn(async move {
                let mut connection = pool.acquire().await?;
                let (fact, text) = (vec![7_u8; FACT], "x".repeat(100));
                let mut hops = 0_u32;
                while Instant::now() < end {
                    sqlx::query(
                        "with consumed as (
                             insert into inbox (event, heard_at) values ($1, now())
                             on conflict do nothing returning event
                         ), kept as (
                             insert into state as s (id, version, text) select $2, 1, $3 from consumed
                             on conflict (id) do update set version = s.version + 1, text = excluded.text
                         )
                         insert into outbox (key, fact) select $2, $4 from consumed",
                    )
                    .bind(Uuid::now_v7())
                    .bind(Uuid::now_v7())
                    .bind(&text)
                    .bind(&fact)
                    .execute(&mut *connection)
                    .await?;
                    hops += 1;
                }
                Ok::<_, sqlx::Error>(hops)
            });
        }
        let mut hops = 0;
        while let Some(client) = clients.join_next().await {
            hops += client??;
        }
        Ok((f64::from(hops) / begun.elapsed().as_secs_f64(), f64::from(hops)))
    }
}

/// (b) The broker with the same kind of stream.
pub struct Stream {
    jetstream: Context,
    consumer: PullConsumer,
}

impl Stream {
    pub async fn prepare(servers: &Servers) -> Result<Self> {
        let jetstream = jetstream::new(async_nats::connect(servers.nats.url()).await?);
        let stream = jetstream
            .create_stream(Config {
                name: "CEILING".to_owned(),
                subjects: vec!["ceiling".to_owned()],
                storage: StorageType::File,
                ..Default::default()
            })
            .await?;
        let config = pull::Config {
            durable_name: Some("ceiling".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ..Default::default()
        };
        let consumer = stream.create_consumer(config).await?;
        Ok(Self { jetstream, consumer })
    }

    /// Published a second with 100 in flight; pulled and acknowledged a second.
    pub async fn measure(&self, count: usize) -> Result<(f64, f64)> {
        let begun = Instant::now();
        let fact = vec![7_u8; FACT];
        for _ in 0..count / 100 {
            let mut pending = Vec::with_capacity(100);
            for _ in 0..100 {
                let message = PublishMessage::build()
                    .message_id(Uuid::now_v7().to_string())
                    .payload(fact.clone().into());
                pending.push(self.jetstream.send_publish("ceiling", message).await?.into_future());
            }
            try_join_all(pending).await?;
        }
        let published = count as f64 / begun.elapsed().as_secs_f64();

        let begun = Instant::now();
        let messages = self.consumer.stream().max_messages_per_batch(500).messages().await?;
        let mut messages = messages.take(count);
        while let Some(message) = messages.try_next().await? {
            message.ack().await.map_err(|error| anyhow::anyhow!(error))?;
        }
        Ok((published, count as f64 / begun.elapsed().as_secs_f64()))
    }
}
