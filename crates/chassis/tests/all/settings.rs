//! Settings from the file and the environment, and errors that say what to do.

use std::fs;
use std::path::{Path, PathBuf};

use chassis::settings::{Database, ExposeSecret, Http, Log, LogFormat, SecretString, SessionKeys, load_from};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    http: Http,
    #[serde(default)]
    log: Log,
    database: Database,
    session: SessionKeys,
    #[serde(default)]
    calls: Vec<PathBuf>,
    note: Option<SecretString>,
}

const GOOD: &str = "
calls = ['a.toml', 'b.toml']
[database]
url = 'postgres://from-the-file'
[session]
secret = 'at least thirty-two characters long'
[http]
request_seconds = 5
";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chassis-settings-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn load(file: Option<&Path>, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_from("award", file, variables).map_err(|error| error.to_string())
}

#[test]
fn a_budget_that_nobody_could_use_is_refused() {
    let read = |rate: &str| toml::from_str::<Http>(&format!("person.requests = {rate}"));
    let good = read("{ per_second = 2, burst = 10.5 }").unwrap().person.requests;
    assert_eq!((good.per_second, good.burst), (2.0, 10.5));
    for wrong in [
        "per_second = 0.0, burst = 10.0",
        "per_second = -1.0, burst = 10.0",
        "per_second = nan, burst = 10.0",
        "per_second = inf, burst = 10.0",
        "per_second = 1.0, burst = 0.5",
    ] {
        let error = read(&format!("{{ {wrong} }}")).unwrap_err().to_string();
        assert!(error.contains("at least 1"), "{wrong}: {error}");
    }
}

#[test]
fn the_environment_goes_over_the_file_and_secrets_come_from_files() {
    let folder = Folder::new("over");
    let file = folder.file("award.toml", GOOD);
    let secret = folder.file("url", "postgres://from-a-secret\n");
    let settings = load(
        Some(&file),
        &[
            ("BESCHEID_AWARD__DATABASE__URL_FILE", secret.to_str().unwrap()),
            ("BESCHEID_AWARD__DATABASE__MAX_CONNECTIONS", "7"),
            ("BESCHEID_AWARD__LOG__FORMAT", "json"),
            ("BESCHEID_AWARD__HTTP__LISTEN", "[::1]:0"),
            ("BESCHEID_AWARD__SESSION__SECURE", "false"),
            ("BESCHEID_AWARD__CALLS", "c.toml, d.toml"),
            ("BESCHEID_AWARD__NOTE", "12345"),
            ("BESCHEID_INTAKE__NONSENSE", "somebody else's"),
            ("BESCHEID_HOME", "no setting"),
        ],
    )
    .unwrap();
    assert_eq!(settings.database.url.expose_secret(), "postgres://from-a-secret");
    assert_eq!(settings.database.max_connections, 7);
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.http.listen.to_string(), "[::1]:0");
    assert_eq!((settings.http.request_seconds, settings.http.body_limit), (5, 1024 * 1024));
    assert!(!settings.session.secure());
    assert_eq!(settings.calls, [PathBuf::from("c.toml"), PathBuf::from("d.toml")]);
    assert_eq!(settings.note.as_ref().unwrap().expose_secret(), "12345", "digits may be a text");
    assert!(!format!("{settings:?}").contains("from-a-secret"));
}

#[test]
fn everything_can_come_from_the_environment() {
    let secret = "x".repeat(32);
    let settings = load(
        None,
        &[("BESCHEID_AWARD__DATABASE__URL", "postgres://e"), ("BESCHEID_AWARD__SESSION__SECRET", &secret)],
    )
    .unwrap();
    assert_eq!(settings.database.max_connections, 16);
    assert!(settings.session.secure());
}

#[test]
fn every_mistake_names_its_place_and_what_is_expected() {
    let folder = Folder::new("mistakes");
    let path = folder.0.join("award.toml");
    let at = |place: &str| format!("{}, {place}", path.display());
    let file = |text: &str| {
        folder.file("award.toml", text);
        load(Some(&path), &[]).unwrap_err()
    };

    let error = file(&GOOD.replace("request_seconds = 5", "time_out = 5"));
    let names = "`listen`, `body_limit`, `request_seconds`, `header_seconds`, `max_connections`, `max_in_flight`, `person`, `not_ready_seconds`, `drain_seconds`";
    let expected =
        format!("line 8, column 1: http.time_out: unknown field `time_out`, expected one of {names}");
    assert_eq!(error, at(&expected));
    let error = file(&GOOD.replace("request_seconds = 5", "request_seconds = 'five'"));
    assert_eq!(
        error,
        at("line 8, column 1: http.request_seconds: invalid type: string \"five\", expected u64")
    );
    let error = file(&GOOD.replace("request_seconds = 5", "request_seconds = "));
    assert!(error.starts_with(&at("line 8, column 19")), "{error}");
    let error = file(&GOOD.replace("at least thirty-two characters long", "short"));
    assert!(
        error.starts_with(&at(
            "line 5, column 2: session: the session secret is too short: expected at least 32"
        )),
        "{error}"
    );
    let error = file(&GOOD.replace("'b.toml'", "7"));
    assert!(error.starts_with(&at("line 2, column 20: calls.1: invalid type: integer `7`")), "{error}");
    let error = file(&GOOD.replace("url =", "# url ="));
    assert_eq!(
        error,
        format!(
            "[database] url is missing: set it in {}, or as BESCHEID_AWARD__DATABASE__URL (or BESCHEID_AWARD__DATABASE__URL_FILE)",
            path.display()
        )
    );

    folder.file("award.toml", GOOD);
    let variable = |name: &str, value: &str| load(Some(&path), &[(name, value)]).unwrap_err();
    let error = variable("BESCHEID_AWARD__HTTP__REQUEST_SECONDS", "soon");
    assert_eq!(
        error,
        "environment variable BESCHEID_AWARD__HTTP__REQUEST_SECONDS: http.request_seconds: invalid value `soon`, expected a whole number, not negative"
    );
    let error = variable("BESCHEID_AWARD__DATABSE__URL", "x");
    assert!(error.starts_with("environment variable BESCHEID_AWARD__DATABSE__URL: databse: unknown field `databse`, expected one of"), "{error}");
    let error = variable("BESCHEID_AWARD__DATABASE__URL_FILE", "/nowhere/at/all");
    assert!(
        error.starts_with(
            "environment variable BESCHEID_AWARD__DATABASE__URL_FILE: file /nowhere/at/all cannot be read"
        ),
        "{error}"
    );
    let error = variable("BESCHEID_AWARD__LOG__FORMAT", "xml");
    assert!(error.contains("unknown variant `xml`, expected `people` or `json`"), "{error}");
    let both = [
        ("BESCHEID_AWARD__DATABASE__URL_FILE", path.to_str().unwrap()),
        ("BESCHEID_AWARD__DATABASE__URL", "x"),
    ];
    assert!(load(Some(&path), &both).unwrap_err().contains("keep one of the two"));
    let error = load(Some(Path::new("/nowhere.toml")), &[]).unwrap_err();
    assert!(error.starts_with("settings file /nowhere.toml cannot be read"), "{error}");
}
