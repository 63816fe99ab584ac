//! A Postgres that keeps its promises (fsync and synchronous commits), a nats-server and a mailbox,
//! for this run only.

use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};
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
    /// `statements`: Postgres counts the time each statement takes.
    pub async fn start(statements: bool) -> Result<Self> {
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
        admin.execute("alter system set checkpoint_timeout = '1h'").await?;
        if statements {
            admin.execute("alter system set shared_preload_libraries = 'pg_stat_statements'").await?;
        }
        admin.close().await?;
        postgres.restart().await?;
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

    /// Where the time went, by database.
    pub async fn print_statements(&self) -> Result<()> {
        let mut admin = PgConnection::connect(&self.postgres.url("postgres")).await?;
        let rows: Vec<(String, i64, i64, f64, i64, f64, String)> = sqlx::query_as(
            "select d.datname::text, s.calls, s.plans, s.total_plan_time, s.rows, s.total_exec_time,
                    left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110)
             from pg_stat_statements s join pg_database d on d.oid = s.dbid
             order by s.total_plan_time + s.total_exec_time desc limit 80",
        )
        .fetch_all(&mut admin)
        .await?;
        println!(
            "\n{:<13} {:>8} {:>8} {:>9} {:>9} {:>9} {:>7}",
            "database", "calls", "planned", "ms", "rows", "ms", "µs each"
        );
        for (database, calls, plans, planning, rows, ms, query) in rows {
            println!(
                "{database:<13} {calls:>8} {plans:>8} {planning:>9.0} {rows:>9} {ms:>9.0} {:>7.0}  {query}",
                (planning + ms) * 1e3 / calls as f64
            );
        }
        let totals: Vec<(String, i64, f64, f64)> = sqlx::query_as(
            "select d.datname::text, sum(s.calls)::bigint, sum(s.total_plan_time), sum(s.total_exec_time)
             from pg_stat_statements s join pg_database d on d.oid = s.dbid group by 1 order by 4 desc",
        )
        .fetch_all(&mut admin)
        .await?;
        for (database, calls, planning, ms) in totals {
            println!("{database:<13} {calls:>8} {:>8} {planning:>9.0} {:>9} {ms:>9.0}  in all", "", "");
        }
        Ok(())
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
