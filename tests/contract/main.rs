//! The code matches its documentation: which crate imports which, which service consumes what, which files lie where.

mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use events::{Kind, Service};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates that each crate may import. Services never import each other.
fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let service = ["events", "bus", "chassis", "pages", "host"];
    let everything = [
        "intake",
        "eligibility",
        "review",
        "award",
        "notification",
        "events",
        "bus",
        "chassis",
        "pages",
        "host",
        "letters",
        "local",
        "testkit",
        "bescheid",
    ];
    BTreeMap::from([
        ("intake", BTreeSet::from(service)),
        ("eligibility", BTreeSet::from(service)),
        ("review", BTreeSet::from(service)),
        ("award", BTreeSet::from(["events", "bus", "chassis", "pages", "host", "letters"])),
        ("notification", BTreeSet::from(service)),
        ("events", BTreeSet::new()),
        ("bus", BTreeSet::from(["events"])),
        ("chassis", BTreeSet::new()),
        ("pages", BTreeSet::from(["chassis"])),
        ("host", BTreeSet::from(["events", "bus", "chassis", "pages"])),
        ("letters", BTreeSet::new()),
        ("local", BTreeSet::new()),
        ("testkit", BTreeSet::from(["events", "bus", "chassis", "host", "local"])),
        ("bescheid", BTreeSet::from(everything)),
        ("tests", BTreeSet::from(everything)),
    ])
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let allowed = allowed();
    let packages = metadata["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), allowed.len(), "a crate is missing in the table");
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().expect("a name");
            let ours = dependency["path"].is_string();
            let in_tests = dependency["kind"] == "dev";
            assert!(!ours || in_tests || may.contains(other), "{name} may not import {other}");
        }
    }
}

/// The rows of the table in a service's README: the consumed fact, its publisher, and the facts published then.
fn readme_table(service: Service) -> Vec<(String, String, Vec<String>)> {
    let path = root().join(format!("crates/{service}/README.md"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines =
        text.lines().skip_while(|line| !line.replace(' ', "").starts_with("|consumes|from|publishes|owns|"));
    assert!(lines.next().is_some(), "{}: the table consumes → publishes → owns is missing", path.display());
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let plain = |cell: &str| cell.replace('`', "");
            let says = plain(cells[2]);
            let says = says.split(',').map(|one| one.trim().to_owned());
            (plain(cells[0]), plain(cells[1]), says.filter(|one| !one.is_empty() && one != "–").collect())
        })
        .collect()
}

#[test]
fn readme_tables_say_what_the_code_does() {
    for service in Service::ALL {
        let rows = readme_table(service);
        let consumed: BTreeSet<(String, String)> = rows
            .iter()
            .filter(|(fact, ..)| !fact.starts_with('('))
            .map(|(fact, from, _)| (fact.clone(), from.clone()))
            .collect();
        let code: BTreeSet<(String, String)> = tests::kinds(service)
            .iter()
            .map(|kind| (kind.name().to_owned(), kind.service().name().to_owned()))
            .collect();
        assert_eq!(consumed, code, "{service}: what it consumes");

        let published: BTreeSet<&str> =
            rows.iter().flat_map(|(.., says)| says.iter().map(String::as_str)).collect();
        let own: BTreeSet<&str> =
            Kind::ALL.iter().filter(|kind| kind.service() == service).map(|kind| kind.name()).collect();
        assert_eq!(published, own, "{service}: what it publishes");
    }
}

#[test]
fn every_fact_heard_has_a_file_in_on() {
    for service in Service::ALL {
        let files: BTreeSet<String> = fs::read_dir(root().join(format!("crates/{service}/src/on")))
            .expect("a folder on/")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .filter(|name| name != "mod.rs")
            .collect();
        let wanted: BTreeSet<String> = tests::kinds(service)
            .iter()
            .map(|kind| format!("{}.rs", kind.name().replace('-', "_")))
            .collect();
        assert_eq!(files, wanted, "{service}");
    }
}

#[test]
fn every_fact_but_the_last_is_heard_by_somebody() {
    for kind in Kind::ALL {
        let consumers =
            Service::ALL.into_iter().filter(|service| tests::kinds(*service).contains(kind)).count();
        assert!(consumers > 0, "{} is consumed by nobody", kind.name());
    }
}

#[test]
fn services_have_the_same_rooms() {
    for service in Service::ALL {
        let home = root().join(format!("crates/{service}"));
        for room in [
            "README.md",
            "src/main.rs",
            "src/lib.rs",
            "src/config.rs",
            "src/on/mod.rs",
            "src/http/mod.rs",
            "src/store",
            "templates",
            "messages/de.ftl",
            "messages/en.ftl",
        ] {
            assert!(home.join(room).exists(), "{service} has no {room}");
        }
        let main = fs::read_to_string(home.join("src/main.rs")).expect("main.rs");
        assert!(main.lines().count() <= 40, "{service}: main.rs is composition only");
    }
}

/// The integration tests of each crate are in one binary, except for the model of the bus, which has its own.
#[test]
fn tests_of_all_crates_lie_in_the_same_place() {
    let listed = Command::new("git").args(["ls-files", "crates/*/tests/*"]).current_dir(root()).output();
    let listed = String::from_utf8(listed.expect("git").stdout).expect("text");
    assert!(listed.contains("crates/bus/tests/all/main.rs"), "{listed}");
    for path in listed.lines() {
        let (home, file) = path.split_once("/tests/").expect("a test");
        let model = home == "crates/bus" && file.starts_with("model/");
        assert!(file.starts_with("all/") || model, "{path}");
    }
}

#[test]
fn the_top_level_holds_only_what_the_design_names() {
    let tracked = Command::new("git").args(["ls-files"]).current_dir(root()).output().expect("git");
    let names: BTreeSet<String> = String::from_utf8(tracked.stdout)
        .expect("text")
        .lines()
        .filter_map(|path| Path::new(path).components().next())
        .map(|first| first.as_os_str().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    let allowed = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "crates",
        "deploy",
        "migrations",
        // rustup looks for it only here.
        "rust-toolchain.toml",
        "tests",
    ];
    let extra: Vec<&String> = names.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "{extra:?}");
}

#[test]
fn links_of_the_readme_lead_somewhere() {
    for readme in readmes() {
        let text = fs::read_to_string(&readme).expect("a README");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().expect("a path");
            if !path.is_empty() && !path.contains("://") {
                let target = readme.parent().expect("a folder").join(path);
                assert!(target.exists(), "{}: {link}", readme.display());
            }
        }
    }
}

fn readmes() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md"), root().join("crates/README.md")];
    for entry in fs::read_dir(root().join("crates")).expect("crates") {
        let readme = entry.expect("an entry").path().join("README.md");
        if readme.exists() {
            found.push(readme);
        }
    }
    found
}

/// No released migration is changed: a service would not start on a database that has run the earlier form.
#[test]
fn released_migrations_are_added_never_changed() {
    let path = root().join("tests/contract/migrations.txt");
    let released = fs::read_to_string(&path).expect("the list of released migrations");
    let released: BTreeMap<&str, &str> = released.lines().filter_map(|line| line.split_once(' ')).collect();
    let mut found = BTreeMap::new();
    for service in Service::ALL {
        for migration in bescheid::service::migrators(service).iter().flat_map(|migrator| migrator.iter()) {
            let owner = if migration.version < 1_000 { "bus" } else { service.name() };
            let checksum: String =
                migration.checksum[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            found.insert(format!("{owner}/{}", migration.version), checksum);
        }
    }
    for (name, checksum) in &released {
        let now = found.get(*name).map(String::as_str);
        assert_eq!(now, Some(*checksum), "{name} was changed: restore it, and add a migration behind it");
    }
    let new: Vec<String> = found
        .iter()
        .filter(|(name, _)| !released.contains_key(name.as_str()))
        .map(|(name, checksum)| format!("{name} {checksum}"))
        .collect();
    assert!(new.is_empty(), "add to {}:\n{}", path.display(), new.join("\n"));
}

/// All shortcuts of a single key. A key may be pressed by accident or come from dictation software, so none has legal
/// effect or does what cannot be undone. Taking a file is undone by giving it back.
const KEYS: [(&str, &str, &str); 4] = [
    ("eligibility/templates/case.html", "link", "q"),
    ("review/templates/file.html", "link", "b"),
    ("review/templates/queue.html", "harmless button", "n"),
    ("review/templates/queue.html", "link", "n"),
];

#[test]
fn single_keys_do_only_what_is_harmless() {
    let mut found = BTreeSet::new();
    for path in files_of_crates(&["html", "rs"]) {
        let name = path.strip_prefix(root().join("crates")).expect("a crate").display().to_string();
        // It defines the components: their keys are arguments.
        if name == "pages/templates/components.html" {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        found.extend(keys(&text).map(|(on, key)| (name.clone(), on, key)));
    }
    let allowed: BTreeSet<(String, &str, String)> =
        KEYS.iter().map(|(name, on, key)| ((*name).to_owned(), *on, (*key).to_owned())).collect();
    assert_eq!(found, allowed);
}

#[test]
fn keys_are_found_wherever_a_template_gives_one() {
    let template = r#"<a class="x" href="/" data-key="a">A</a> <button type="submit" data-key='b'>B</button>
        {% call ui::button("primary", page.t("x"), "c") %}{% endcall %}
        {% call ui::button("primary", page.t("none"), "") %}{% endcall %}
        {% call ui::link("primary", page.t("x"), page.url("/{}").replace("{}", "y"), "d") %}{% endcall %}
        {% call ui::harmless_button("primary", page.t("x"), "e") %}{% endcall %}
        {% call ui::button("primary", page.t("x"), some_key) %}{% endcall %}"#;
    let found: BTreeSet<(&str, String)> = keys(template).collect();
    let expected = [
        ("button", "\"c\""),
        ("button", "some_key"),
        ("harmless button", "e"),
        ("link", "a"),
        ("link", "d"),
        ("something else", "b"),
    ];
    let expected = expected.map(|(on, key)| (on, key.to_owned()));
    assert_eq!(found, BTreeSet::from(expected));
}

/// The shortcuts in a template, each with its kind of element: a literal `data-key`, or a component's last argument.
fn keys(text: &str) -> impl Iterator<Item = (&'static str, String)> {
    let literal = text.match_indices("data-key=").map(|(at, sign)| {
        let tag = text[..at].rfind('<').map_or("", |start| &text[start..at]);
        let key = text[at + sign.len()..].trim_start_matches(['"', '\'']).chars().take(1).collect();
        (if tag.starts_with("<a ") && tag.contains("href=") { "link" } else { "something else" }, key)
    });
    let given =
        [("ui::button(", "button"), ("ui::link(", "link"), ("ui::harmless_button(", "harmless button")]
            .into_iter()
            .flat_map(|(call, on)| text.match_indices(call).map(move |(at, _)| (at + call.len(), on)))
            .filter_map(|(at, on)| {
                let arguments = text[at..].split("%}").next()?.trim_end().strip_suffix(')')?;
                let last = arguments.rsplit(',').next()?.trim();
                // A button that sends a form must have no key, so any argument counts as one, literal or not.
                let key = if on == "button" { last } else { last.trim_matches('"') };
                (last != "\"\"").then(|| (on, key.to_owned()))
            });
    literal.chain(given).collect::<Vec<_>>().into_iter()
}

/// The files below `crates/*/templates` and `crates/*/src` with these endings.
fn files_of_crates(endings: &[&str]) -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "crates"]).current_dir(root()).output().expect("git");
    let listed = String::from_utf8(listed.stdout).expect("text");
    let ends = |path: &&str| {
        (path.contains("/templates/") || path.contains("/src/"))
            && endings.iter().any(|ending| path.ends_with(&format!(".{ending}")))
    };
    listed.lines().filter(ends).map(|path| root().join(path)).filter(|path| path.exists()).collect()
}
