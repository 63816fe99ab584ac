//! Does it stay as quick with a million applications stored? Two houses, one with ten thousand and
//! one with a million, take the same journeys in turn.

use anyhow::Result;
use events::Service;
use sqlx::{AssertSqlSafe, Executor, PgPool};
use tokio::task::JoinSet;

use crate::house::House;
use crate::journey;
use crate::options::Options;
use crate::recorder::Heard;
use crate::servers::Servers;
use crate::table::{Table, median};

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;

pub async fn measure(servers: &Servers, heard: Heard, options: &Options, table: &mut Table) -> Result<()> {
    let mut brokers = Vec::new();
    let mut houses = Vec::new();
    for (prefix, stored) in [("few_", FEW), ("many_", MANY)] {
        let nats = servers.another_broker(prefix).await?;
        let house = House::open(servers, &nats.url(), prefix, heard.clone()).await?;
        println!("storing {stored} applications …");
        fill(&house, stored).await?;
        houses.push(house);
        brokers.push(nats);
    }
    servers.checkpoint().await?;
    let mut ratios = Vec::new();
    let mut rates = Vec::new();
    for round in 0..=options.rounds {
        // Whoever goes first, goes second the next time.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        let mut rate = [0.0; 2];
        for house in order {
            rate[house] = journey::run(&houses[house], options.applications / 2).await?.applications;
        }
        let [few, many] = rate;
        if round > 0 {
            println!(
                "round {round}: {few:.0} applications/s beside few, {many:.0} beside many: {:.2}",
                few / many
            );
            rates.push(many);
            ratios.push(few / many);
        }
    }
    for house in houses {
        house.close().await;
    }
    for mut broker in brokers {
        broker.stop().await?;
    }
    table.below(
        "4  cost of one beside 1,000,000 ÷ beside 10,000",
        format!("{:.0} applications/s", median(rates.into_iter())),
        median(ratios.into_iter()),
        1.1,
        "",
    );
    Ok(())
}

/// Stores `count` finished applications in every table that a hop touches, with short texts: a hop
/// finds its rows by key.
async fn fill(house: &House, count: u32) -> Result<()> {
    let mut filling = JoinSet::new();
    for (service, db) in &house.databases {
        let (db, call, statements) = (db.clone(), house.call.id().uuid(), statements(*service));
        let service = *service;
        filling.spawn(async move {
            // The counters are no part of it; counting a million times would take the longest.
            if service == Service::Review {
                db.execute("alter table files disable trigger count_new_files").await?;
            }
            for statement in statements {
                fill_one(&db, &statement.replace("$call", &format!("'{call}'::uuid")), count).await?;
            }
            if service == Service::Review {
                db.execute("alter table files enable trigger count_new_files").await?;
            }
            db.execute("vacuum analyze").await?;
            Ok::<_, sqlx::Error>(())
        });
    }
    while let Some(filled) = filling.join_next().await {
        filled??;
    }
    Ok(())
}

async fn fill_one(db: &PgPool, statement: &str, count: u32) -> Result<(), sqlx::Error> {
    let mut connection = db.acquire().await?;
    connection.execute("set statement_timeout = 0").await?;
    let mut from = 1;
    while from <= count {
        let to = (from + 99_999).min(count);
        let statement = format!(
            "with a as materialized (
                 select n, ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id,
                        now() - interval '1 day' as at
                 from generate_series({from}, {to}) n
             ) {statement}"
        );
        connection.execute(AssertSqlSafe(statement)).await?;
        from = to + 1;
    }
    connection.execute("reset statement_timeout").await.map(drop)
}

/// What the bus keeps of one application, then what the service does.
fn statements(service: Service) -> Vec<String> {
    let heard: &[Service] = match service {
        Service::Intake => &[Service::Eligibility, Service::Review, Service::Award],
        Service::Eligibility => &[Service::Intake],
        Service::Review => &[Service::Intake, Service::Eligibility],
        Service::Award => &[Service::Intake, Service::Review],
        Service::Notification => &[Service::Intake, Service::Eligibility, Service::Review, Service::Award],
    };
    let heard = heard.iter().map(|source| format!("'{source}'")).collect::<Vec<_>>().join(", ");
    let mut statements = vec![
        format!("insert into bus.inbox_head select s, id, 1 from a, unnest(array[{heard}]) s"),
        format!("insert into bus.inbox select s, id, 1, id, at from a, unnest(array[{heard}]) s"),
    ];
    if service != Service::Notification {
        statements.push("insert into bus.head select id, 1 from a".to_owned());
        statements.push(
            "insert into bus.event_log select id, 1, id, 'stored', decode(repeat('7b', 200), 'hex'), at from a"
                .to_owned(),
        );
    }
    let own: &[&str] = match service {
        Service::Intake => &[
            "insert into applications (id, call_id, ags, file_number, status, submitted, submitted_at)
             select id, $call, '05122000', 'stored-' || n, 'decided', '{}', at from a",
            "insert into timeline (application_id, event_id, happened_at, entry) select id, id, at, '{}' from a",
        ],
        Service::Eligibility => &[
            "insert into cases (id, call, file_number, applicant_name, submitted, findings, rule_version,
                 register_day, opened_at, state, changed_at, verdict, decided_at)
             select id, $call, 'stored-' || n, 'Solingen', '{}', '[]', 1, at::date, at, 'eligible', at,
                 'eligible', at from a",
        ],
        Service::Review => &[
            "insert into files (application, call, file_number, title, applicant_name, parties, submitted_at,
                 submission, state, rule_version, opened_at, needed, given)
             select id, $call, 'stored-' || n, 'stored', 'Solingen', array['05122000'], at, '{}', 'completed', 1,
                 at, 2, 2 from a",
            "insert into reviewers (application, person, name, part, since, review)
             select id, 'reviewer-1', 'reviewer-1', 'gave', at, '{}' from a",
            "insert into history (application, at, act) select id, at, 'opened' from a",
        ],
        Service::Award => &[
            "insert into cases (application, revision, call, year, applied_cents, file_number, applicant, title,
                 stage, state, expected_cents, submitted, changed_at)
             select id, 1, $call, 2027, 4800000, 'stored-' || n, 'Solingen', 'stored', 'granted', '{}', 4800000,
                 '{}', at from a",
            "insert into history (application, number, at, what, rules, hash)
             select id, 1, at, 'announced', 1, '\\x00' from a",
        ],
        Service::Notification => &[
            "insert into contacts (application_id, file_number, title, name, email, language, submitted_at)
             select id, 'stored-' || n, 'stored', 'Erika', 'erika@example.org', 'de', at from a",
            "insert into deliveries (event_id, recipient, application_id, template, message_id, queued_at, state,
                 moment) select id, 'erika@example.org', id, 'stored', 'stored', at, 'sent', at from a",
            "insert into contents (delivery_id, language, recipient_name, subject, body_text, body_html)
             select d.id, 'de', 'Erika', 'stored', 'stored', '' from deliveries d join a on a.id = d.event_id",
        ],
    };
    statements.extend(own.iter().map(|&own| own.to_owned()));
    statements
}
