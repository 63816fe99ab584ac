use intake::calls::{PublishError, Published, publish};
use intake::demo::{self, LoadAs};
use intake::{FileNumbers, call_file};

use crate::stage::{Stage, call};

const PROJECTS: [&str; 3] = [
    include_str!("../../../../deploy/demo/metropole-ruhr.toml"),
    include_str!("../../../../deploy/demo/paderborn.toml"),
    include_str!("../../../../deploy/demo/solingen.toml"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_published_once_and_its_rules_never_change() {
    let stage = Stage::new().await;
    let call = call();
    assert_eq!(publish(&stage.bus().await, call.clone()).await.unwrap(), Published::Unchanged);

    let mut changed = call.clone();
    changed.maximum_score = 5;
    let refused = publish(&stage.bus().await, changed.clone()).await.unwrap_err();
    assert!(matches!(refused, PublishError::Changed { version: 2, .. }), "{refused}");
    changed.version = 3;
    assert_eq!(publish(&stage.bus().await, changed).await.unwrap(), Published::NewVersion);
    let refused = publish(&stage.bus().await, call.clone()).await.unwrap_err();
    assert!(matches!(refused, PublishError::Older { current: 3, version: 2, .. }), "{refused}");

    let mut strict = call_file::read(include_str!("../../../../deploy/calls/strict.toml")).unwrap();
    assert_eq!(publish(&stage.bus().await, strict.clone()).await.unwrap(), Published::New);
    strict.key = "another".into();
    let refused = publish(&stage.bus().await, strict).await.unwrap_err();
    assert!(matches!(refused, PublishError::Prefix { .. }), "{refused}");

    let mut renamed = call.clone();
    (renamed.version, renamed.file_number_prefix) = (4, "36.NEU-2027".into());
    let refused = publish(&stage.bus().await, renamed).await.unwrap_err();
    assert!(refused.to_string().contains(&call.file_number_prefix), "{refused}");
    assert!(matches!(refused, PublishError::PrefixChanged { .. }), "{refused}");

    let published = stage.published(call.id()).await;
    let versions: Vec<_> =
        published.iter().map(|(_, data)| data["call"]["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [2, 3]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_publish_at_once_publish_once() {
    let stage = Stage::new().await;
    let strict = call_file::read(include_str!("../../../../deploy/calls/strict.toml")).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (bus, call) = (stage.bus().await, strict.clone());
        tasks.spawn(async move { publish(&bus, call).await.unwrap() });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.iter().filter(|one| **one == Published::New).count(), 1, "{done:?}");
    assert_eq!(stage.published(strict.id()).await.len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_projects_are_loaded_once() {
    let stage = Stage::new().await;
    let numbers = FileNumbers::of(&stage.db);
    for round in 0..2 {
        let stages = [LoadAs::Submitted, LoadAs::Draft, LoadAs::Submitted];
        for (text, wanted) in PROJECTS.into_iter().zip(stages) {
            let project = demo::read(text).unwrap();
            let id = demo::load(&stage.bus().await, &numbers, &project, wanted).await.unwrap();
            let stored: (bool, bool) = sqlx::query_as(
                "select exists (select from drafts where id = $1 and ags = $2),
                        exists (select from applications where id = $1)",
            )
            .bind(id.uuid())
            .bind(project.ags.as_str())
            .fetch_one(&stage.db)
            .await
            .unwrap();
            assert_eq!(stored, (wanted == LoadAs::Draft, wanted == LoadAs::Submitted));
            assert_eq!(
                stage.published(id).await.len(),
                usize::from(wanted == LoadAs::Submitted),
                "round {round}"
            );
        }
    }
    let mut lost = demo::read(PROJECTS[0]).unwrap();
    lost.call = "no-such-call".into();
    demo::load(&stage.bus().await, &numbers, &lost, LoadAs::Draft).await.unwrap_err();
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "the service ended with an error: call file no-such-call.toml")]
async fn a_call_file_that_cannot_be_read_ends_the_start() {
    Stage::with_call_file("no-such-call.toml".into()).await.end().await;
}
