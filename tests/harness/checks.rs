//! The checks after a fault: nothing is lost, nothing has happened twice. Reads the databases and the
//! mailbox, not what the services say of themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bescheid::reconciliation::Reconciliations;
use events::Service;
use sqlx::{PgPool, Row};
use testkit::until_within;
use uuid::Uuid;

use crate::{Cluster, Course, PATIENCE, Replica, hears};

/// What the books say.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// Submissions that were answered with 2xx.
    pub applications: usize,
    /// Processes of services that were killed.
    pub kills: usize,
    /// Facts that came to a consumer again.
    pub redeliveries: usize,
    /// Emails that arrived, each counted once.
    pub emails: usize,
    /// Emails that notification itself counts as perhaps sent twice.
    pub ambiguous: usize,
    /// Emails that the mail server refused for ever.
    pub failed: usize,
    /// What is missing, in words.
    pub lost: Vec<String>,
    /// What has happened more than once, in words.
    pub doubled: Vec<String>,
    /// Whatever else does not add up, in words.
    pub wrong: Vec<String>,
}

/// What may be left over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// Facts that wait, held or parked.
    pub waiting: usize,
    /// Emails that the mail server has refused.
    pub failed: usize,
    /// Processes that ended by themselves are no surprise.
    pub falls: bool,
}

type Versions = BTreeMap<Uuid, Vec<(i64, Uuid)>>;

impl Checks {
    /// Reads everything. `accepted`: the applications, and where each should have come to.
    pub async fn read(cluster: &Cluster, accepted: &BTreeMap<Uuid, Course>, allowed: Allowed) -> Self {
        let mut checks = Self {
            applications: accepted.len(),
            kills: cluster.kills(),
            redeliveries: redeliveries(cluster).await,
            ..Self::default()
        };
        if !allowed.falls {
            checks.wrong.extend(cluster.falls());
        }
        checks.applications(cluster, accepted).await;
        checks.facts(cluster, allowed).await;
        checks.decisions(cluster).await;
        checks.emails(cluster, accepted, allowed).await;
        // The services' own reconciliation, as `bescheid verify` prints them, come to the same.
        if allowed.waiting == 0 {
            let wrong = || async { Reconciliations::gather(&cluster.operator).await.wrong() };
            until_within(PATIENCE, "the services' reconciliation are even", wrong, Vec::is_empty).await;
        }
        checks
    }

    /// Nothing lost, nothing doubled, nothing wrong.
    pub fn is_sound(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.wrong.is_empty()
    }

    /// Each accepted application has come to its end, and there are no others.
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
            self.doubled.push(format!("application {id} is there, but nobody was told so"));
        }
        // The number is given in a commit of its own, which a crash must not forget before the application.
        let given_again = "select file_number from applications join file_numbers using (call_id)
             where substring(file_number from '[0-9]+$')::bigint > last";
        for number in lines(db, given_again).await {
            self.wrong.push(format!("the file number {number} would be given again"));
        }
    }

    /// Said = consumed + held + parked, for each pair of services, each fact about each application; in
    /// order, and each once.
    async fn facts(&mut self, cluster: &Cluster, allowed: Allowed) {
        for publisher in Service::ALL {
            let said = versions(
                cluster.database(publisher),
                "select key, version, event_id from bus.event_log order by key, version",
            )
            .await;
            self.without_gaps(&format!("{publisher} says"), &said);
            let heads: BTreeMap<Uuid, i64> =
                rows(cluster.database(publisher), "select key, version from bus.head").await;
            for (key, head) in &heads {
                let logged = said.get(key).map_or(0, Vec::len);
                if logged as i64 != *head {
                    self.lost
                        .push(format!("{publisher} has said {head} facts about {key}; its log has {logged}"));
                }
            }
            for consumer in Service::ALL.into_iter().filter(|consumer| hears(*consumer, publisher)) {
                self.heard(cluster, publisher, consumer, &said, allowed).await;
            }
            let outbox: i64 = scalar(cluster.database(publisher), "select count(*) from bus.outbox").await;
            if outbox > 0 {
                self.lost.push(format!("{publisher} still has {outbox} facts in its outbox"));
            }
        }
    }

    async fn heard(
        &mut self,
        cluster: &Cluster,
        publisher: Service,
        consumer: Service,
        said: &Versions,
        allowed: Allowed,
    ) {
        let db = cluster.database(consumer);
        let heard = versions(
            db,
            &format!(
                "select key, version, event_id from bus.inbox where source = '{publisher}' order by key, version"
            ),
        )
        .await;
        self.without_gaps(&format!("{consumer} hears {publisher}"), &heard);
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
        for (key, facts) in said {
            let took_effect = heard.get(key).map_or(&[][..], Vec::as_slice);
            let waits = waiting.get(key).map_or(&[][..], Vec::as_slice);
            let mut both: Vec<_> = took_effect.iter().chain(waits).copied().collect();
            both.sort_unstable();
            // Number and id: the same facts, and none of them is anything else.
            if &both != facts {
                self.lost.push(format!(
                    "{publisher} said {} facts about {key}; {consumer} heard {} and holds {}",
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
        for key in heard.keys().filter(|key| !said.contains_key(key)) {
            self.wrong
                .push(format!("{consumer} heard facts of {publisher} about {key}, which nobody has said"));
        }
    }

    /// Versions 1, 2, 3 … and no id twice.
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

    /// No decision, and no entry of a trail, is there twice.
    async fn decisions(&mut self, cluster: &Cluster) {
        for service in Service::ALL {
            // Of everything but emails an application can have one of each kind.
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
                self.doubled.push(format!("{service} said twice about {key}: {kinds}"));
            }
        }
        for (service, what, query) in TRAILS {
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

    /// One email for each (application, status), save what notification itself calls ambiguous.
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
        let mut told: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for row in stored {
            let (application, template): (Uuid, String) = (row.get(0), row.get(1));
            let (id, state, unanswered): (String, String, i32) = (row.get(2), row.get(3), row.get(4));
            let times = arrived.remove(&id).unwrap_or(0);
            let ambiguous = unanswered > 0;
            self.ambiguous += usize::from(ambiguous);
            match (&*state, times) {
                ("sent", 0) => self.lost.push(format!("email {template} about {application}")),
                ("sent", 1) => {}
                // Once for each time that nobody knew whether it had arrived.
                ("sent", times) if times <= 1 + usize::try_from(unanswered).unwrap_or(0) => {}
                ("failed", 0) => self.failed += 1,
                // It went to another address.
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
            told.entry(application).or_default().push(template);
        }
        if self.failed != allowed.failed {
            self.lost.push(format!("{} emails failed, expected {}", self.failed, allowed.failed));
        }
        for id in arrived.keys() {
            self.wrong.push(format!("email {id} belongs to no delivery"));
        }
        for (application, course) in accepted {
            let mut templates = told.remove(application).unwrap_or_default();
            templates.sort_unstable();
            let before = templates.len();
            templates.dedup();
            if templates.len() != before {
                self.doubled.push(format!("{application} was told of one status twice: {templates:?}"));
            }
            for wanted in course.emails().iter().filter(|wanted| !templates.iter().any(|is| is == *wanted)) {
                self.lost.push(format!("{application} ({course:?}) was not told: {wanted}"));
            }
        }
    }
}

/// Queries that find nothing where no decision was taken twice.
const TRAILS: &[(Service, &str, &str)] = &[
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
        "the applicant's timeline says a thing twice",
        "select application_id || ' ' || (entry->>'what') from timeline
         where entry->>'what' not like 'email%'
         group by application_id, entry->>'what' having count(*) > 1",
    ),
];

/// Facts that consumers were given beyond those that took effect: as the broker counts them, or as the
/// processes do, whichever saw more (a broker that was wiped has forgotten, a process that was killed, too).
async fn redeliveries(cluster: &Cluster) -> usize {
    let counted: usize = cluster.all.iter().map(Replica::duplicates).sum();
    let delivered: u64 = cluster.durables().await.iter().map(|info| info.delivered.consumer_sequence).sum();
    let mut heard = 0;
    for service in Service::ALL {
        heard += scalar(cluster.database(service), "select count(*) from bus.inbox").await;
    }
    let beyond = i64::try_from(delivered).unwrap_or(0) - heard;
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
