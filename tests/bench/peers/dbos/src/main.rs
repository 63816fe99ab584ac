//! `peer-dbos DATABASE_URL APPLICATIONS IN_FLIGHT`: each application is a workflow of five durable steps, and each step
//! writes one row. Prints applications a second, and the p50 of one application in milliseconds.

use std::error::Error;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use dbos::{Config, DBOS};
use serde_json::{Value, json};
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::task::JoinSet;

/// More gain nothing on a small machine.
const CONNECTIONS: u32 = 16;
/// Applications before the measurement.
const WARM_UP: u64 = 200;
/// The first id of the warm-up.
const WARM_UP_ID: u64 = 1_000_000_000;

/// The steps are plain functions: what they need is global.
static STATE: OnceLock<(PgPool, [Value; 5])> = OnceLock::new();

const STEPS: [&str; 5] = ["intake", "eligibility", "review", "award", "notification"];

async fn write(step: usize, application: u64) -> dbos::Result<usize> {
    let (db, documents) = STATE.get().expect("set at the start");
    sqlx::query(
        "insert into states (service, application, document) values ($1, $2, $3)
         on conflict (service, application) do update set document = excluded.document, version = states.version + 1",
    )
    .bind(STEPS[step])
    .bind(application as i64)
    .bind(&documents[step])
    .execute(db)
    .await
    .expect("the row is written");
    Ok(step)
}

async fn application(id: u64) -> dbos::Result<u64> {
    for (step, name) in STEPS.into_iter().enumerate() {
        dbos::step(name, move || write(step, id)).await?;
    }
    Ok(id)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, count, in_flight] = &arguments[..] else {
        return Err("DATABASE_URL APPLICATIONS IN_FLIGHT".into());
    };
    let (count, in_flight): (u64, u64) = (count.parse()?, in_flight.parse()?);

    let db = PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?;
    for statement in [
        "drop schema if exists dbos cascade",
        "drop table if exists states",
        "create table states (service text, application bigint, version int not null default 1,
                              document jsonb not null, primary key (service, application))",
    ] {
        sqlx::query(statement).execute(&db).await?;
    }
    STATE.set((db.clone(), documents())).expect("set once");

    let engine = DBOS::new(Config {
        app_version: Some("1".into()),
        max_connections: CONNECTIONS,
        ..Config::new("peer", url)
    });
    let workflow = Arc::new(engine.register_workflow("application", application)?);
    engine.launch().await?;

    let drive = async |first: u64, count: u64| {
        let (next, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let mut clients = JoinSet::new();
        for _ in 0..in_flight {
            let (next, workflow) = (next.clone(), workflow.clone());
            clients.spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return took;
                    }
                    let begun = Instant::now();
                    workflow.run(first + number).await.expect("the workflow ends well");
                    took.push(begun.elapsed().as_secs_f64() * 1e3);
                }
            });
        }
        let mut took = clients.join_all().await.concat();
        took.sort_by(f64::total_cmp);
        (count as f64 / begun.elapsed().as_secs_f64(), took[took.len() / 2])
    };
    drive(WARM_UP_ID, WARM_UP.min(count)).await;
    let (rate, median) = drive(0, count).await;

    let rows: i64 = sqlx::query_scalar("select count(*) from states where application < $1")
        .bind(WARM_UP_ID as i64)
        .fetch_one(&db)
        .await?;
    if rows != 5 * count as i64 {
        return Err(format!("{rows} rows instead of {}", 5 * count).into());
    }
    println!("{rate} {median}");
    // The engine has no end that is waited for.
    std::process::exit(0);
}

/// The state after each step: some 4 KB after the first, little after the others.
fn documents() -> [Value; 5] {
    let items: Vec<Value> = (0..20)
        .map(|position| json!({"position": position, "label": format!("Kostenposition {position} für Honorare"), "cents": position * 13_750}))
        .collect();
    let story =
        "Die Steuerung der Integrationsarbeit ist verbesserungsbedürftig; alle Stellen arbeiten mit. "
            .repeat(28);
    [
        json!({"applicant": "Stadt Solingen", "items": items, "story": story}),
        json!({"status": "eligible", "rules": 3}),
        json!({"status": "reviewed", "reviews": [4, 5, 3]}),
        json!({"status": "granted", "cents": 4_800_000}),
        json!({"status": "told", "email": "queued"}),
    ]
}
