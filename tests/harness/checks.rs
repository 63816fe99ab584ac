//! The checks after a fault: nothing is lost, nothing has happened twice. They read the databases and the
//! mailbox, and do not trust what the services report.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bescheid::reconciliation::Reconciliations;
use events::Service;
use sqlx::{PgPool, Row};
use testkit::until_within;
use uuid::Uuid;

use crate::{Cluster, Course, RECOVERY_DEADLINE, Replica, consumes};

/// The results of all checks.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// Number of submissions that were answered with 2xx.
    pub applications: usize,
    /// Number of kills of services and servers.
    pub kills: usize,
    /// Number of facts that were delivered to a consumer again.
    pub redeliveries: usize,
    /// Number of emails that arrived, each counted once.
    pub emails: usize,
    /// Number of emails that notification itself counts as perhaps sent twice.
    pub ambiguous: usize,
    /// Number of emails that have failed for good.
    pub failed: usize,
    /// What is missing, as sentences.
    pub lost: Vec<String>,
    /// What has happened more than once, as sentences.
    pub doubled: Vec<String>,
    /// What else does not add up, as sentences.
    pub wrong: Vec<String>,
}

/// What the checks of a test tolerate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// Number of facts that are held or parked.
    pub waiting: usize,
    /// Number of emails that have failed for good.
    pub failed: usize,
    /// Whether processes may end by themselves.
    pub crashes: bool,
}

type Versions = BTreeMap<Uuid, Vec<(i64, Uuid)>>;

impl Checks {
    /// Runs all checks. `accepted` are the submitted applications and their courses.
    pub async fn read(cluster: &Cluster, accepted: &BTreeMap<Uuid, Course>, allowed: Allowed) -> Self {
        let mut checks = Self {
            applications: accepted.len(),
            kills: cluster.kills(),
            redeliveries: redeliveries(cluster).await,
            ..Self::default()
        };
        if !allowed.crashes {
            checks.wrong.extend(cluster.crashes());
        }
        checks.applications(cluster, accepted).await;
        checks.facts(cluster, allowed).await;
        checks.decisions(cluster).await;
        checks.emails(cluster, accepted, allowed).await;
        // The services' own reconciliation, as `bescheid verify` prints it, must find the same.
        if allowed.waiting == 0 {
            let wrong = || async { Reconciliations::gather(&cluster.operator).await.wrong() };
            until_within(RECOVERY_DEADLINE, "the services' reconciliation balances", wrong, Vec::is_empty)
                .await;
        }
        checks
    }

    pub fn is_sound(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.wrong.is_empty()
    }

    /// Each accepted application has the status in which its course ends, and there are no other applications.
    async fn applications(&mut self, cluster: &Cluster, accepted: &BTreeMap<Uuid, Course>) {
        let db = cluster.database(Service::Intake);
        let stored: BTreeMap<Uuid, String> = rows(db, "select id, status from applications").await;
        for (id, course) in accepted {
            match stored.get(id) {
                None => self.lost.push(format!("application {id} was accepted and is not there")),
                Some(status) if status != course.end() => {
                    self.lost.push(format!("application {id} is {status}, expected {}", course.end()));
                }
                Some(_) => {}
            }
        }
        for id in stored.keys().filter(|id| !accepted.contains_key(id)) {
            self.doubled.push(format!("application {id} is there, but its submission was never answered"));
        }
        // A file number is counted in a transaction of its own: a crash must not undo it and keep the application.
        let given_again = "select file_number from applications join file_numbers using (call_id)
             where substring(file_number from '[0-9]+$')::bigint > last";
        for number in lines(db, given_again).await {
            self.wrong.push(format!("the file number {number} would be given again"));
        }
    }

    /// Logged = consumed + held + parked, for each pair of services and each fact; in order, and each once.
    async fn facts(&mut self, cluster: &Cluster, allowed: Allowed) {
        for publisher in Service::ALL {
            let logged = versions(
                cluster.database(publisher),
                "select key, version, event_id from bus.event_log order by key, version",
            )
            .await;
            self.without_gaps(&format!("{publisher} publishes"), &logged);
            let heads: BTreeMap<Uuid, i64> =
                rows(cluster.database(publisher), "select key, version from bus.head").await;
            for (key, head) in &heads {
                let count = logged.get(key).map_or(0, Vec::len);
                if count as i64 != *head {
                    self.lost.push(format!(
                        "{publisher} has published {head} facts about {key}; its log has {count}"
                    ));
                }
            }
            for consumer in Service::ALL.into_iter().filter(|consumer| consumes(*consumer, publisher)) {
                self.consumed(cluster, publisher, consumer, &logged, allowed).await;
            }
            let outbox: i64 = scalar(cluster.database(publisher), "select count(*) from bus.outbox").await;
            if outbox > 0 {
                self.lost.push(format!("{publisher} still has {outbox} facts in its outbox"));
            }
        }
    }

    async fn consumed(
        &mut self,
        cluster: &Cluster,
        publisher: Service,
        consumer: Service,
        logged: &Versions,
        allowed: Allowed,
    ) {
        let db = cluster.database(consumer);
        let consumed = versions(
            db,
            &format!(
                "select key, version, event_id from bus.inbox where source = '{publisher}' order by key, version"
            ),
        )
        .await;
        self.without_gaps(&format!("{consumer} consumes {publisher}"), &consumed);
        let heads: BTreeMap<Uuid, i64> =
            rows(db, &format!("select key, version from bus.inbox_head where source = '{publisher}'")).await;
        let waiting = versions(
            db,
            &format!("select key, version, event_id from bus.waiting where source = '{publisher}' order by key, version"),
        )
        .await;
        let count: usize = waiting.values().map(Vec::len).sum();
        if count > allowed.waiting {
            self.lost.push(format!("{count} facts of {publisher} wait in {consumer}"));
        }
        for (key, facts) in logged {
            let took_effect = consumed.get(key).map_or(&[][..], Vec::as_slice);
            let waits = waiting.get(key).map_or(&[][..], Vec::as_slice);
            let mut both: Vec<_> = took_effect.iter().chain(waits).copied().collect();
            both.sort_unstable();
            // By version and id: exactly the same facts.
            if &both != facts {
                self.lost.push(format!(
                    "{publisher} has published {} facts about {key}; {consumer} has consumed {} and holds {}",
                    facts.len(),
                    took_effect.len(),
                    waits.len()
                ));
            }
            let head = heads.get(key).copied().unwrap_or(0);
            if head != took_effect.len() as i64 {
                self.wrong.push(format!(
                    "{consumer}'s gate for {publisher} and {key} is at {head}, but {} facts took effect",
                    took_effect.len()
                ));
            }
        }
        for key in consumed.keys().filter(|key| !logged.contains_key(key)) {
            self.wrong.push(format!(
                "{consumer} has consumed facts of {publisher} about {key}, which were never published"
            ));
        }
    }

    /// The versions of each key are 1, 2, 3 …, and no id occurs twice.
    fn without_gaps(&mut self, who: &str, facts: &Versions) {
        let mut seen = BTreeSet::new();
        for (key, numbers) in facts {
            for (expected, (version, id)) in (1..).zip(numbers) {
                if *version != expected {
                    self.lost.push(format!("{who}: number {expected} about {key} is missing"));
                    break;
                }
                if !seen.insert(*id) {
                    self.doubled.push(format!("{who}: fact {id} twice"));
                }
            }
        }
    }

    /// No decision and no entry of a history is there twice.
    async fn decisions(&mut self, cluster: &Cluster) {
        for service in Service::ALL {
            // Except for emails, an application can have only one fact of each kind.
            let repeated: BTreeMap<Uuid, String> = rows(
                cluster.database(service),
                "select key, string_agg(kind, ' ') from (
                     select key, kind from bus.event_log
                     where kind not in ('call-published', 'email-sent', 'email-bounced')
                     group by key, kind having count(*) > 1) k
                 group by key",
            )
            .await;
            for (key, kinds) in repeated {
                self.doubled.push(format!("{service} has published twice about {key}: {kinds}"));
            }
        }
        for (service, what, query) in HISTORIES {
            for line in lines(cluster.database(*service), query).await {
                self.doubled.push(format!("{what}: {line}"));
            }
        }
        let money: i64 = scalar(
            cluster.database(Service::Award),
            "select coalesce(sum(committed_cents), 0)::bigint - (
                 select coalesce(sum(amount_cents), 0)::bigint from commitments where released_at is null)
             from budgets",
        )
        .await;
        if money != 0 {
            self.wrong.push(format!("budget and commitments differ by {money} cents"));
        }
    }

    /// One email for each application and status, except those that notification itself counts as ambiguous.
    async fn emails(&mut self, cluster: &Cluster, accepted: &BTreeMap<Uuid, Course>, allowed: Allowed) {
        let mut arrived: HashMap<String, usize> = HashMap::new();
        for message in cluster.mailbox.messages() {
            *arrived.entry(message.message_id.clone()).or_default() += 1;
        }
        self.emails = arrived.len();
        let stored = sqlx::query(
            "select application_id, template, message_id, state, unanswered, last_error from deliveries",
        )
        .fetch_all(cluster.database(Service::Notification))
        .await
        .expect("the deliveries");
        let mut sent: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for row in stored {
            let (application, template): (Uuid, String) = (row.get(0), row.get(1));
            let (id, state, unanswered): (String, String, i32) = (row.get(2), row.get(3), row.get(4));
            let times = arrived.remove(&id).unwrap_or(0);
            let ambiguous = unanswered > 0;
            self.ambiguous += usize::from(ambiguous);
            match (&*state, times) {
                ("sent", 0) => self.lost.push(format!("email {template} about {application}")),
                ("sent", 1) => {}
                // One more for each time that it was not known whether the email had arrived.
                ("sent", times) if times <= 1 + usize::try_from(unanswered).unwrap_or(0) => {}
                ("failed", 0) => self.failed += 1,
                // The address was corrected, and another email went there.
                ("superseded", 0) => continue,
                (state, times) if times > 1 => {
                    self.doubled
                        .push(format!("email {template} about {application}: {times} times, {state}"));
                }
                (state, times) => {
                    let error: Option<String> = row.get(5);
                    self.wrong.push(format!("email {template}: {state}, arrived {times} times; {error:?}"));
                }
            }
            sent.entry(application).or_default().push(template);
        }
        if self.failed != allowed.failed {
            self.lost.push(format!("{} emails failed, expected {}", self.failed, allowed.failed));
        }
        for id in arrived.keys() {
            self.wrong.push(format!("email {id} belongs to no delivery"));
        }
        for (application, course) in accepted {
            let mut templates = sent.remove(application).unwrap_or_default();
            templates.sort_unstable();
            let before = templates.len();
            templates.dedup();
            if templates.len() != before {
                self.doubled.push(format!("{application} got two emails about one status: {templates:?}"));
            }
            for wanted in course.emails().iter().filter(|wanted| !templates.iter().any(|is| is == *wanted)) {
                self.lost.push(format!("{application} ({course:?}) got no email {wanted}"));
            }
        }
    }
}

/// Queries that must find nothing: each finds entries of a history that are there twice.
const HISTORIES: &[(Service, &str, &str)] = &[
    (
        Service::Review,
        "a review was noted twice",
        "select application || ' ' || act || ' ' || coalesce(person, '') from history
         where act in ('opened', 'reviewed', 'completed', 'withdrawn')
         group by application, act, person having count(*) > 1",
    ),
    (
        Service::Award,
        "a step of a case was noted twice",
        "select application || ' ' || what from history group by application, what having count(*) > 1",
    ),
    (
        Service::Intake,
        "the applicant's timeline has an entry twice",
        "select application_id || ' ' || (entry->>'what') from timeline
         where entry->>'what' not like 'email%'
         group by application_id, entry->>'what' having count(*) > 1",
    ),
];

/// Number of deliveries beyond the facts that took effect, by the broker's count or by that of the processes,
/// whichever is higher: a broker that was wiped has lost its count, and so has a process that was killed.
async fn redeliveries(cluster: &Cluster) -> usize {
    let counted: usize = cluster.all.iter().map(Replica::duplicates).sum();
    let delivered: u64 = cluster.durables().await.iter().map(|info| info.delivered.consumer_sequence).sum();
    let mut consumed = 0;
    for service in Service::ALL {
        consumed += scalar(cluster.database(service), "select count(*) from bus.inbox").await;
    }
    let beyond = i64::try_from(delivered).unwrap_or(0) - consumed;
    counted.max(usize::try_from(beyond).unwrap_or(0))
}

async fn versions(db: &PgPool, query: &str) -> Versions {
    let mut found = Versions::new();
    for row in all(db, query).await {
        found.entry(row.get(0)).or_default().push((row.get(1), row.get(2)));
    }
    found
}

async fn rows<T>(db: &PgPool, query: &str) -> BTreeMap<Uuid, T>
where
    T: for<'a> sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    all(db, query).await.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn lines(db: &PgPool, query: &str) -> Vec<String> {
    all(db, query).await.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
}

async fn scalar(db: &PgPool, query: &str) -> i64 {
    all(db, query).await[0].get(0)
}

async fn all(db: &PgPool, query: &str) -> Vec<sqlx::postgres::PgRow> {
    let fetched = sqlx::query(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(db).await;
    fetched.unwrap_or_else(|error| panic!("{query}: {error}"))
}
