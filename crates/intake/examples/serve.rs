use chassis::settings::Database;
use chassis::{Clock, Process, Role, ServiceSettings, Session};
use intake::demo::{self, Stage};
use intake::{Calls, Settings};

#[tokio::main]
async fn main() {
    let broker = testkit::broker("").await;
    let nats = bus::Settings::open(broker.0.url());
    let database = testkit::database("intake", &Settings::migrators()).await;
    let process = Process::for_test("intake", Clock::system());
    let settings = Settings {
        http: Default::default(),
        log: Default::default(),
        session: chassis::session::SessionKeys::for_test(),
        database: Database::at(&database.url),
        nats: nats.clone(),
        calls: Calls {
            publish: vec!["deploy/calls/komm-in-2027.toml".into(), "deploy/calls/strict.toml".into()],
        },
    };
    let clock = process.clock().clone();
    let keys = process.keys().clone();
    let url = process.url();
    let serving = tokio::spawn(intake::run(process, settings));
    let now = clock.now();
    let bus =
        bus::Bus::connect(events::Service::Intake, &nats, database.pool, move || clock.now()).await.unwrap();
    for (file, stage) in
        [("metropole-ruhr", Stage::Draft), ("paderborn", Stage::Draft), ("solingen", Stage::Submitted)]
    {
        let project =
            demo::read(&std::fs::read_to_string(format!("deploy/demo/{file}.toml")).unwrap()).unwrap();
        loop {
            if let Ok(id) = demo::load(&bus, &project, stage).await {
                println!("{file} {id}");
                break;
            }
        }
    }
    for ags in ["05113000", "05774032", "05122000"] {
        let session = Session {
            person: format!("p-{ags}"),
            name: "Serap Demir".into(),
            email: None,
            roles: vec![Role::Applicant],
            ags: Some(ags.into()),
            expires: now + chrono::TimeDelta::days(1),
        };
        println!("{ags} {}", keys.sign(&session));
    }
    println!("{url}");
    serving.await.unwrap().unwrap();
}
