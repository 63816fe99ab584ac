use crate::calls::{PublishError, Published, publish};
use crate::demo::{self, Stage};
use crate::store::{applications, drafts};
use crate::{FileNumbers, call_file, samples};

use super::world::begin;

const PROJECTS: [&str; 3] = [
    include_str!("../../../../deploy/demo/metropole-ruhr.toml"),
    include_str!("../../../../deploy/demo/paderborn.toml"),
    include_str!("../../../../deploy/demo/solingen.toml"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_published_once_and_its_rules_never_change() {
    let world = begin().await;
    let call = samples::call();
    assert_eq!(publish(&world.bus, call.clone()).await.unwrap(), Published::Unchanged);

    let mut changed = call.clone();
    changed.maximum_score = 5;
    let refused = publish(&world.bus, changed.clone()).await.unwrap_err();
    assert!(matches!(refused, PublishError::Changed { version: 2, .. }), "{refused}");
    changed.version = 3;
    assert_eq!(publish(&world.bus, changed).await.unwrap(), Published::NewVersion);
    let refused = publish(&world.bus, call.clone()).await.unwrap_err();
    assert!(matches!(refused, PublishError::Older { current: 3, version: 2, .. }), "{refused}");

    let mut strict = call_file::read(include_str!("../../../../deploy/calls/strict.toml")).unwrap();
    assert_eq!(publish(&world.bus, strict.clone()).await.unwrap(), Published::New);
    strict.key = "another".into();
    let refused = publish(&world.bus, strict).await.unwrap_err();
    assert!(matches!(refused, PublishError::Prefix { .. }), "{refused}");

    let said = world.said(call.id()).await;
    let versions: Vec<_> = said.iter().map(|(_, data)| data["call"]["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [2, 3]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_publish_at_once_publish_once() {
    let world = begin().await;
    let strict = call_file::read(include_str!("../../../../deploy/calls/strict.toml")).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (bus, call) = (world.bus.clone(), strict.clone());
        tasks.spawn(async move { publish(&bus, call).await.unwrap() });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.iter().filter(|one| **one == Published::New).count(), 1, "{done:?}");
    assert_eq!(world.said(strict.id()).await.len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_projects_are_loaded_once() {
    let world = begin().await;
    let numbers = FileNumbers::of(&world.db);
    for round in 0..2 {
        for (text, stage) in PROJECTS.into_iter().zip([Stage::Submitted, Stage::Draft, Stage::Submitted]) {
            let project = demo::read(text).unwrap();
            let id = demo::load(&world.bus, &numbers, &project, stage).await.unwrap();
            let mut connection = world.db.acquire().await.unwrap();
            let draft = drafts::find(&mut connection, id, &project.ags).await.unwrap();
            let submitted = applications::find(&mut connection, id).await.unwrap();
            assert_eq!(
                (draft.is_some(), submitted.is_some()),
                (stage == Stage::Draft, stage == Stage::Submitted)
            );
            assert_eq!(world.said(id).await.len(), usize::from(stage == Stage::Submitted), "round {round}");
        }
    }
    let mut lost = demo::read(PROJECTS[0]).unwrap();
    lost.call = "no-such-call".into();
    demo::load(&world.bus, &numbers, &lost, Stage::Draft).await.unwrap_err();
    world.end().await;
}
