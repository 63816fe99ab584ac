//! What is still on its way, by the books of the services.

use events::Service;
use sqlx::PgPool;

use crate::hears;

/// Of each pair: who says, how much, who consumes, how much of it.
pub(crate) type SaidAndHeard = Vec<(Service, i64, Service, i64)>;

/// What was said and what of it was consumed, in the databases of the services.
pub(crate) async fn said_and_heard<'a>(
    database: impl Fn(Service) -> &'a PgPool,
) -> Result<SaidAndHeard, sqlx::Error> {
    let mut pairs = Vec::new();
    for publisher in Service::ALL {
        let said: i64 = sqlx::query_scalar("select coalesce(sum(version), 0)::bigint from bus.head")
            .fetch_one(database(publisher))
            .await?;
        for consumer in Service::ALL.into_iter().filter(|consumer| hears(*consumer, publisher)) {
            let heard: i64 = sqlx::query_scalar(
                "select coalesce(sum(version), 0)::bigint from bus.inbox_head where source = $1",
            )
            .bind(publisher.name())
            .fetch_one(database(consumer))
            .await?;
            pairs.push((publisher, said, consumer, heard));
        }
    }
    Ok(pairs)
}

/// Emails that have not met their fate, in the database of notification. To be counted between two equal looks at the
/// facts: a fact that is consumed queues one, and an email that is sent says a fact.
pub(crate) async fn emails_under_way(notification: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from deliveries where state not in ('sent', 'failed', 'superseded')")
        .fetch_one(notification)
        .await
}
