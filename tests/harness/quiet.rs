//! What is still on its way, by the books of the services.

use bus::Stats;
use events::Service;
use sqlx::PgPool;

use crate::hears;

/// Of each pair: who says, how much, who consumes, how much of it.
type SaidAndHeard = Vec<(Service, i64, Service, i64)>;

/// What was said and what of it was consumed, in the databases of the services.
async fn said_and_heard<'a>(database: impl Fn(Service) -> &'a PgPool) -> Result<SaidAndHeard, sqlx::Error> {
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

/// What is still on its way, in words: facts in an outbox or unheard, emails that have not met their fate. `waiting`:
/// as many facts may be held or parked.
pub(crate) async fn on_its_way<'a>(database: impl Fn(Service) -> &'a PgPool, waiting: i64) -> Vec<String> {
    let mut seen = Vec::new();
    if let Err(error) = look(&database, waiting, &mut seen).await {
        seen.push(error.to_string());
    }
    seen
}

async fn look<'a>(
    database: &impl Fn(Service) -> &'a PgPool,
    waiting: i64,
    seen: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
    let mut waits = 0;
    for service in Service::ALL {
        let stats = Stats::read(database(service)).await?;
        if stats.outbox > 0 {
            seen.push(format!("{service} has {} facts in its outbox", stats.outbox));
        }
        waits += stats.waiting.held + stats.waiting.parked;
    }
    if waits != waiting {
        seen.push(format!("{waits} facts wait, expected {waiting}"));
    }
    let facts = said_and_heard(database).await?;
    // Counted between two equal looks at the facts: a fact that is consumed queues one, and one that is sent says a fact.
    let emails: i64 = sqlx::query_scalar(
        "select count(*) from deliveries where state not in ('sent', 'failed', 'superseded')",
    )
    .fetch_one(database(Service::Notification))
    .await?;
    if emails > 0 {
        seen.push(format!("{emails} emails are under way"));
    }
    let mut missing = 0;
    for (publisher, said, consumer, heard) in facts.iter().filter(|(_, said, _, heard)| said != heard) {
        missing += said - heard;
        if waiting == 0 {
            seen.push(format!("{publisher} said {said}, {consumer} heard {heard}"));
        }
    }
    if missing > 0 && missing != waiting {
        seen.push(format!("{missing} facts are said and not heard, {waiting} wait"));
    }
    if facts != said_and_heard(database).await? {
        seen.push("facts are being heard".to_owned());
    }
    Ok(())
}
