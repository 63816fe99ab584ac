//! Tests of the tables with a real Postgres.

use chassis::ServiceSettings;
use chrono::{DateTime, Utc};
use events::{ApplicationId, Call, Cents, OfficeRule, Person};
use sqlx::{Connection, PgPool};
use testkit::samples::{self, submitted_by as submitted};
use uuid::Uuid;

use super::calls::{self, CallVersion};
use super::cases;
use crate::Settings;
use crate::case::{Case, Verdict};
use crate::register::Register;
use crate::rules::assess;

fn call(office_rule: OfficeRule) -> Call {
    Call { office_rule, ..samples::call() }
}

async fn database() -> PgPool {
    testkit::database("eligibility", &Settings::migrators()).await.pool
}

fn now() -> DateTime<Utc> {
    "2027-01-15T10:00:00Z".parse().unwrap()
}

fn version(version: u32) -> Call {
    Call { version, maximum_grant: Cents::euros(i64::from(version) * 1_000), ..call(OfficeRule::OwnOffice) }
}

#[tokio::test]
async fn the_version_that_is_named_applies_whatever_has_come_since() {
    let db = database().await;
    let mut db = db.acquire().await.unwrap();
    for number in [1, 2, 4] {
        calls::save(&mut db, &version(number)).await.unwrap();
    }
    // The state that an earlier release has left, which kept only the newest version.
    sqlx::query("delete from call_versions where version = 1").execute(&mut *db).await.unwrap();
    let id = call(OfficeRule::OwnOffice).id();
    for (named, applies) in
        [(Some(2), Some(2)), (Some(4), Some(4)), (None, Some(4)), (Some(1), Some(4)), (Some(5), None)]
    {
        let wanted: CallVersion = (id, named);
        let found = calls::find(&mut db, &[wanted].into()).await.unwrap();
        assert_eq!(found.get(&wanted), applies.map(version).as_ref(), "{named:?}");
    }
    let several = [(id, None), (id, Some(2))];
    assert_eq!(calls::find(&mut db, &several.into()).await.unwrap().len(), 2);
}

fn referred() -> Case {
    let submitted = submitted("05158016");
    let assessment = assess(&call(OfficeRule::OwnOffice), &submitted, Register::nrw());
    Case::open(ApplicationId(Uuid::now_v7()), submitted, assessment, now()).0
}

/// One transaction refers a case and then locks another, while a person decides that other one.
#[tokio::test]
async fn who_refers_and_who_decides_never_wait_for_each_other_in_a_circle() {
    let db = database().await;
    let (first, second) = (referred(), referred());
    let mut batch = db.acquire().await.unwrap();
    calls::save(&mut batch, &call(OfficeRule::OwnOffice)).await.unwrap();
    cases::insert(&mut batch, &[&first]).await.unwrap();

    let mut batch = batch.begin().await.unwrap();
    let mut person = db.begin().await.unwrap();
    for connection in [&mut batch, &mut person] {
        sqlx::query("set local lock_timeout = '5s'").execute(&mut **connection).await.unwrap();
    }
    cases::insert(&mut batch, &[&second]).await.unwrap();
    let case = cases::lock(&mut person, first.id).await.unwrap().unwrap();
    let by = Person { id: "c-1".to_owned(), name: "Jana Kurz".to_owned() };
    let (case, _) = case.decide(Verdict::Eligible, by, "Der Kreis wirkt mit.", now()).unwrap();
    let decide = async {
        cases::save(&mut person, &case).await.expect("nobody is waited for");
        person.commit().await.unwrap();
    };
    let withdraw = async {
        let case = cases::lock(&mut batch, first.id).await.unwrap().unwrap();
        cases::save(&mut batch, &case.withdraw(now())).await.unwrap();
        batch.commit().await.unwrap();
    };
    tokio::join!(decide, withdraw);
    let mut db = db.acquire().await.unwrap();
    assert_eq!(cases::count_referred(&mut db, 9).await.unwrap(), 1, "the second");
    for _ in 0..3 {
        cases::insert(&mut db, &[&referred()]).await.unwrap();
    }
    assert_eq!(cases::count_referred(&mut db, 3).await.unwrap(), 3, "counted up to the limit");
}
