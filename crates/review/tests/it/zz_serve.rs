use crate::stage::{Stage, sheet, with_paderborn};
use axum::http::Method;
use chassis::{Role, session::SessionKeys};

#[tokio::test]
#[ignore = "temporary: serves the pages"]
async fn serve() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(stage.open_file_of(|s| { if n % 2 == 1 { with_paderborn(s) }; if n % 3 == 2 { s.late = true; s.application.title = "Metropole Ruhr: Interkulturelle Öffnung der Verwaltungen und Personalmanagement in sechs Städten des Ruhrgebiets".into(); }; s.application.partners = vec![events::Partner { name: "Türkischer Elternverein e. V.".into(), kind: events::PartnerKind::MigrantOrganisation }]; s.application.goals = vec!["Bessere Steuerung".into(), "Mehr Transparenz".into()]; s.application.problem_statement = "Die Steuerung der Integrationsarbeit in Solingen ist verbesserungsbedürftig. ".repeat(12); }).await);
    }
    stage.clock.advance(chrono::TimeDelta::days(30));
    let (anna, bela) = (stage.reviewer("anna"), stage.reviewer("bela"));
    for (n, (who, advice)) in
        [(&anna, "fund"), (&bela, "decline"), (&anna, "fund"), (&anna, "fund")].into_iter().enumerate()
    {
        let id = stage.api(who, Method::POST, "/next", None).await.json()["id"].as_str().unwrap().to_owned();
        stage
            .api(
                who,
                Method::POST,
                &format!("/files/{id}/review"),
                Some(sheet(3 + u8::try_from(n % 3).unwrap(), advice)),
            )
            .await;
        stage.clock.advance(chrono::TimeDelta::minutes(5));
    }
    let id = stage.api(&anna, Method::POST, "/next", None).await.json()["id"].as_str().unwrap().to_owned();
    stage.api(&anna, Method::POST, &format!("/files/{id}/return"), None).await;
    let held = stage.api(&anna, Method::POST, "/next", None).await.json()["id"].as_str().unwrap().to_owned();
    let clerk = stage.session("clerk", &[Role::CaseWorker]);
    let keys = SessionKeys::for_test();
    stage
        .send_form(
            &anna,
            "/review/ties",
            &[("ags", "05111000"), ("reason", "Bis 2024 dort beschäftigt"), ("key", "t")],
        )
        .await;
    let cem = stage.reviewer("cem");
    let out = serde_json::json!({"url": stage.url(), "first": ids[0].to_string(), "held": held, "returned": id, "anna": keys.sign(&anna), "cem": keys.sign(&cem), "clerk": keys.sign(&clerk)});
    std::fs::write("/tmp/review_serve.json", out.to_string()).unwrap();
    tokio::task::spawn_blocking(|| {
        while !std::path::Path::new("/tmp/review_stop").exists() {
            std::thread::sleep(std::time::Duration::from_millis(500))
        }
    })
    .await
    .unwrap();
}
