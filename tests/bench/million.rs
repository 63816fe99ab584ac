//! Does it stay as quick with a million applications stored? Two systems, one with ten thousand and
//! one with a million, take the same journeys in turn.

use anyhow::Result;
use events::Service;
use sqlx::{AssertSqlSafe, Executor, PgPool};
use tokio::task::JoinSet;

use super::journey;
use super::options::Options;
use super::recorder::Consumed;
use super::servers::Servers;
use super::system::{System, nobody};
use super::table::{Table, median};

pub async fn measure(
    servers: &Servers,
    consumed: Consumed,
    options: &Options,
    table: &mut Table,
) -> Result<()> {
    let mut brokers = Vec::new();
    let mut systems = Vec::new();
    for (prefix, stored) in ["few_", "many_"].into_iter().zip(options.stored) {
        let nats = servers.another_broker(prefix).await?;
        let system = System::open(servers, &nats.url(), prefix, nobody()?, consumed.clone()).await?;
        println!("storing {stored} applications …");
        fill(&system, stored).await?;
        systems.push(system);
        brokers.push(nats);
    }
    servers.checkpoint().await?;
    let mut ratios = Vec::new();
    let mut rates = Vec::new();
    for round in 0..=options.rounds {
        // Whoever goes first, goes second the next time.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        let mut rate = [0.0; 2];
        for system in order {
            rate[system] = journey::run(&systems[system], options.applications / 2).await?.applications;
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
    for system in systems {
        system.close().await;
    }
    for mut broker in brokers {
        broker.stop().await?;
    }
    table.at_most(
        "4  cost of one beside 1,000,000 ÷ beside 10,000",
        format!("{:.0} applications/s", median(rates.into_iter())),
        &ratios,
        1.1,
        "",
    );
    Ok(())
}

/// Stores `count` finished applications in every table that a hop touches, with short texts: a hop
/// finds its rows by key.
async fn fill(system: &System, count: u32) -> Result<()> {
    let mut filling = JoinSet::new();
    for (service, db) in system.databases() {
        let (db, statements) = (db.clone(), statements(*service));
        let call = format!("'{}'::uuid", system.call.id().uuid());
        let rules = system.call.version.to_string();
        let service = *service;
        filling.spawn(async move {
            // The counters are no part of it; counting a million times would take the longest.
            if service == Service::Review {
                db.execute("alter table files disable trigger count_new_files").await?;
            }
            for statement in statements {
                let statement = statement.replace("$call", &call).replace("$rules", &rules);
                fill_one(&db, &statement, count).await?;
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
    let sources = Service::ALL.into_iter().filter(|source| tests::consumes(service, *source));
    let consumed = sources.map(|source| format!("'{source}'")).collect::<Vec<_>>().join(", ");
    let mut statements = vec![
        format!("insert into bus.inbox_head select s, id, 1 from a, unnest(array[{consumed}]) s"),
        format!("insert into bus.inbox select s, id, 1, id, at from a, unnest(array[{consumed}]) s"),
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
             select id, $call, 'stored-' || n, 'Solingen', '{}', '[]', $rules, at::date, at, 'eligible', at,
                 'eligible', at from a",
        ],
        Service::Review => &[
            "insert into files (application, call, file_number, title, applicant_name, parties, submitted_at,
                 submission, state, rule_version, opened_at, needed, given)
             select id, $call, 'stored-' || n, 'stored', 'Solingen', array['05122000'], at, '{}', 'completed', $rules,
                 at, 2, 2 from a",
            "insert into reviewers (application, person, name, part, since, review)
             select id, 'reviewer-1', 'reviewer-1', 'gave', at, '{}' from a",
            "insert into history (application, at, act) select id, at, 'opened' from a",
        ],
        Service::Award => &[
            "insert into cases (application, revision, call, year, applied_cents, file_number, applicant, title,
                 stage, state, expected_cents, submitted, changed_at)
             select id, 1, $call, 2027, 4800000, 'stored-' || n, 'Solingen', 'stored', 'granted', '{}', 4800000,
                 jsonb_build_object('submitted_at', at), at from a",
            "insert into history (application, number, at, what, rules, hash)
             select id, 1, at, 'announced', $rules, '\\x00' from a",
        ],
        Service::Notification => &[
            "insert into contacts (application_id, file_number, title, name, email, language, submitted_at)
             select id, 'stored-' || n, 'stored', 'Erika', 'erika@example.org', 'de', at from a",
            ", d as (insert into deliveries (event_id, recipient, application_id, template, message_id, queued_at,
                 state, moment) select id, 'erika@example.org', id, 'stored', 'stored', at, 'sent', at from a
                 returning id)
             insert into contents (delivery_id, language, recipient_name, subject, body_text, body_html)
             select id, 'de', 'Erika', 'stored', 'stored', 'stored' from d",
        ],
    };
    statements.extend(own.iter().map(|&own| own.to_owned()));
    statements
}
