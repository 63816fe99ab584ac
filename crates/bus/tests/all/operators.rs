//! What operators can do with parked facts.

use bus::control::{Command, ControlError, DryRun, Operator, WaitingFact, WaitingFactDetails, Which};
use events::{ApplicationId, Service};

use crate::pair::{POISON, Pair, new_application};

/// A poisoned application with one fact held behind it.
async fn poisoned(pair: &Pair) -> (ApplicationId, Which) {
    let ill = new_application();
    pair.publish(ill, POISON).await;
    pair.publish_withdrawn(ill).await;
    pair.until_waiting("parked and held", |waiting| waiting.parked == 1 && waiting.held == 1).await;
    (ill, Which { source: Service::Intake, key: ill.uuid(), version: 1 })
}

async fn cure(pair: &Pair) {
    sqlx::query("insert into cure values (1)").execute(&pair.consumer_db).await.expect("cured");
}

async fn execute<T: serde::de::DeserializeOwned>(operator: &Operator, command: Command) -> T {
    operator.execute(Service::Eligibility, &command).await.expect("executed")
}

async fn refuse(operator: &Operator, command: Command) -> String {
    match operator.execute::<String>(Service::Eligibility, &command).await {
        Err(ControlError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn parked_facts_are_listed_and_shown() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let (_, which) = poisoned(&pair).await;
    let operator = pair.operator().await;
    let list: Vec<WaitingFact> = execute(&operator, Command::Parked).await;
    assert_eq!(list.len(), 1);
    assert_eq!(
        (list[0].which, list[0].kind.as_str(), list[0].held_behind),
        (which, "application-submitted", 1)
    );
    let shown: WaitingFactDetails = execute(&operator, Command::Show(which)).await;
    assert_eq!(shown.envelope["subject"], which.key.to_string());
    pair.drain().await;
}

#[tokio::test]
async fn a_dry_run_shows_what_would_happen_and_changes_nothing() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let (_, which) = poisoned(&pair).await;
    let operator = pair.operator().await;
    let run: DryRun = execute(&operator, Command::DryRun(which)).await;
    assert_eq!(run.error.as_deref(), Some("this title is poison"));
    cure(&pair).await;
    let run: DryRun = execute(&operator, Command::DryRun(which)).await;
    assert_eq!(run.error, None);
    assert_eq!(run.before, serde_json::Value::Null);
    assert_eq!(run.after, serde_json::json!(["submitted"]));
    assert!(pair.effects().await.is_empty(), "nothing of it has happened");
    pair.until_waiting("as before", |waiting| waiting.parked == 1 && waiting.held == 1).await;
    pair.drain().await;
}

#[tokio::test]
async fn a_redriven_fact_and_those_behind_it_take_effect_in_order() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let (ill, which) = poisoned(&pair).await;
    let operator = pair.operator().await;
    // Without a cure it is parked again, and nothing passes it.
    let reason = "Kein Rat".to_owned();
    let _: String = execute(&operator, Command::Drop { which, person: "operator-2".into(), reason }).await;
    let _: String = execute(&operator, Command::Redrive { which, person: "operator-1".into() }).await;
    pair.until_waiting("parked again", |waiting| waiting.parked == 1 && waiting.held == 1).await;
    let list: Vec<WaitingFact> = execute(&operator, Command::Parked).await;
    assert_eq!(list[0].drop_asked, None, "what was asked before it was tried again does not count");
    cure(&pair).await;
    let _: String = execute(&operator, Command::Redrive { which, person: "operator-1".into() }).await;
    let effects = pair.until_effects(2).await;
    assert_eq!(effects, [(ill.uuid(), 1), (ill.uuid(), 2)]);
    let why = refuse(&operator, Command::Redrive { which, person: "operator-1".into() }).await;
    assert!(why.contains("is not parked"), "{why}");
    pair.finish().await;
}

#[tokio::test]
async fn two_persons_give_a_fact_up_and_it_is_logged() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let (ill, which) = poisoned(&pair).await;
    let operator = pair.operator().await;
    let by =
        |person: &str, reason: &str| Command::Drop { which, person: person.into(), reason: reason.into() };
    assert!(refuse(&operator, by("operator-1", " ")).await.contains("say why"));
    assert!(refuse(&operator, by("", "Test")).await.contains("say who you are"));
    let _: String = execute(&operator, by("operator-1", "Doppelt gemeldet")).await;
    assert!(refuse(&operator, by("operator-1", "Doppelt gemeldet")).await.contains("a second person"));
    assert!(pair.effects().await.is_empty(), "one person alone changes nothing");
    let list: Vec<WaitingFact> = execute(&operator, Command::Parked).await;
    assert_eq!(list[0].drop_asked, Some(("operator-1".into(), "Doppelt gemeldet".into())));
    let unseen = refuse(&operator, by("operator-2", "Auch mein Wunsch")).await;
    assert!(unseen.contains("Doppelt gemeldet"), "a second reason is not taken for agreement: {unseen}");
    let _: String = execute(&operator, by("operator-2", "")).await;
    // What was held behind it takes effect.
    assert_eq!(pair.until_effects(1).await, [(ill.uuid(), 2)]);
    let logged: Vec<(String, String)> =
        sqlx::query_as("select person, did from bus.operator_log order by id")
            .fetch_all(&pair.consumer_db)
            .await
            .expect("the log");
    let expected = [("operator-1", "asked to give it up"), ("operator-2", "agreed to give it up")];
    assert_eq!(logged, expected.map(|(person, did)| (person.to_owned(), did.to_owned())));
    let dropped: (String, String, String) =
        sqlx::query_as("select asked_by, agreed_by, reason from bus.dropped")
            .fetch_one(&pair.consumer_db)
            .await
            .expect("what was given up");
    assert_eq!(dropped, ("operator-1".into(), "operator-2".into(), "Doppelt gemeldet".into()));
    pair.finish().await;
}
