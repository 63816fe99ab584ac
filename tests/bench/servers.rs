//! A Postgres that keeps its promises (fsync and synchronous commits), a nats-server and a mailbox,
//! for this run only.

use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};
use events::Service;
use local::tools::{NatsProgram, Search};
use local::{Mailbox, Nats, NatsSettings, Postgres, PostgresSettings};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::cpu;

/// All of them.
pub struct Servers {
    postgres: Postgres,
    pub nats: Nats,
    pub mailbox: Mailbox,
    program: NatsProgram,
    folder: TempDir,
}

impl Servers {
    /// `statements`: Postgres counts the time each statement takes. `segments`: of the write-ahead log, to be written ahead.
    pub async fn start(statements: bool, segments: u32) -> Result<Self> {
        let tell = |text: &str| eprintln!("{text}");
        let tools = std::env::var_os("BESCHEID_TOOLS").unwrap_or_else(|| ".bescheid/tools".into());
        let search = Search::new(tools);
        // Open to others: as root, Postgres runs as another user and must get there.
        let folder = tempfile::Builder::new()
            .prefix("bescheid-bench-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .context("cannot make a folder for the servers")?;
        let program = search.nats(&tell).await?;
        let nats = Nats::start(&program, NatsSettings::new(folder.path().join("nats")), &tell).await?;
        let programs = search.postgres(None, &tell).await?;
        let settings =
            PostgresSettings { shared_buffers: 512, ..PostgresSettings::new(folder.path().join("postgres")) };
        let mut postgres = Postgres::start(&programs, settings, &tell).await?;
        let mut admin = PgConnection::connect(&postgres.url("postgres")).await?;
        // When each transaction committed is how hops are timed. Checkpoints are for another bench.
        admin.execute("alter system set track_commit_timestamp = on").await?;
        admin.execute("alter system set max_wal_size = '4GB'").await?;
        admin.execute("alter system set min_wal_size = '3GB'").await?;
        admin.execute("alter system set checkpoint_timeout = '1h'").await?;
        if statements {
            admin.execute("alter system set shared_preload_libraries = 'pg_stat_statements'").await?;
        }
        admin.close().await?;
        postgres.restart().await?;
        // A server that has run for a while uses the files of its log again; to make a new one of 16 MB stops everybody.
        let mut admin = PgConnection::connect(&postgres.url("postgres")).await?;
        for _ in 0..segments {
            admin.execute("select pg_logical_emit_message(false, '', '')").await?;
            admin.execute("select pg_switch_wal()").await?;
        }
        admin.execute("checkpoint").await?;
        admin.close().await?;
        let mailbox = Mailbox::start(&folder.path().join("mailbox"), 0).await?;
        let servers = Self { postgres, nats, mailbox, program, folder };
        if statements {
            let mut admin = PgConnection::connect(&servers.postgres.url("postgres")).await?;
            admin.execute("create extension pg_stat_statements").await?;
            admin.execute("alter system set pg_stat_statements.track_planning = on").await?;
            admin.execute("select pg_reload_conf()").await?;
            admin.close().await?;
        }
        Ok(servers)
    }

    /// A new database.
    pub async fn create(&self, name: &str) -> Result<String> {
        let mut admin = PgConnection::connect(&self.postgres.url("postgres")).await?;
        admin.execute(AssertSqlSafe(format!("create database {name}"))).await?;
        admin.close().await?;
        Ok(self.postgres.url(name))
    }

    /// A new database for whoever needs nothing of Bescheid.
    pub async fn bare(&self, name: &str, connections: u32) -> Result<PgPool> {
        let url = self.create(name).await?;
        let pool = PgPoolOptions::new().min_connections(connections).max_connections(connections);
        Ok(pool.connect(&url).await?)
    }

    /// Processor time that they and this process have used.
    pub fn cpu_seconds(&self) -> f64 {
        cpu::seconds(self.postgres.pid().unwrap_or_default(), self.nats.pid().unwrap_or_default())
    }

    /// Forgets what Postgres was asked so far.
    pub async fn forget_statements(&self) -> Result<()> {
        let mut admin = PgConnection::connect(&self.postgres.url("postgres")).await?;
        admin.execute("select pg_stat_statements_reset()").await?;
        Ok(admin.close().await?)
    }

    /// What Postgres was asked by the services, for each of so many applications, and where the time went.
    pub async fn print_statements(&self, applications: u64) -> Result<()> {
        let mut admin = PgConnection::connect(&self.postgres.url("postgres")).await?;
        let services: Vec<String> = Service::ALL.into_iter().map(|service| service.to_string()).collect();
        let rows: Vec<(String, i64, f64, f64, String)> = sqlx::query_as(
            "select d.datname::text, s.calls, s.total_plan_time, s.total_exec_time,
                    left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110)
             from pg_stat_statements s join pg_database d on d.oid = s.dbid
             where d.datname = any($1) and s.toplevel
             order by s.total_plan_time + s.total_exec_time desc",
        )
        .bind(&services)
        .fetch_all(&mut admin)
        .await?;
        let each = |figure: f64| figure / applications.max(1) as f64;
        println!("\n{:<13} {:>8} {:>9} {:>9}", "database", "calls", "µs each", "µs");
        println!("{:<13} {:>8} {:>9} {:>9}", "", "an appl.", "call", "an appl.");
        for (database, calls, planning, ms, query) in rows.iter().take(70) {
            let (calls, micros) = (*calls as f64, (planning + ms) * 1e3);
            println!(
                "{database:<13} {:>8.3} {:>9.0} {:>9.1}  {query}",
                each(calls),
                micros / calls,
                each(micros)
            );
        }
        for service in services {
            let of = || rows.iter().filter(|row| row.0 == service);
            let (calls, micros): (f64, f64) =
                (of().map(|row| row.1 as f64).sum(), of().map(|row| (row.2 + row.3) * 1e3).sum());
            println!("{service:<13} {:>8.3} {:>9} {:>9.1}  in all", each(calls), "", each(micros));
        }
        Ok(admin.close().await?)
    }

    /// A broker for another system.
    pub async fn another_broker(&self, name: &str) -> Result<Nats> {
        let tell = |text: &str| eprintln!("{text}");
        let folder = self.folder.path().join(format!("{name}nats"));
        Nats::start(&self.program, NatsSettings::new(folder), &tell).await
    }

    /// Writes everything now, not in the middle of a measurement.
    pub async fn checkpoint(&self) -> Result<()> {
        let mut admin = PgConnection::connect(&self.postgres.url("postgres")).await?;
        admin.execute("checkpoint").await?;
        Ok(admin.close().await?)
    }

    pub async fn stop(mut self) -> Result<()> {
        self.postgres.stop().await?;
        self.nats.stop().await
    }
}
