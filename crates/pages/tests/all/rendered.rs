//! Renders every component on one page; messages; errors; what a person typed is never lost.

use askama::Template;
use chassis::session::Fields;
use chassis::{Role, Session};
use chrono::{DateTime, NaiveDate, Utc};
use pages::{Choice, Form, Language, Page, Pages};

pub const DE: &str = "
sample-title = Probeseite
field-title = Titel des Vorhabens
field-title-hint = So steht er später im Bescheid.
field-problem = Ausgangslage
field-grant = Beantragte Förderung
field-weeks = Wochen
field-from = Beginn
field-city = Kommune
field-office = Ausländerbehörde
field-themes = Themen des Vorhabens
field-agree = Ich erkenne die Rahmenbedingungen an.
field-mail = E-Mail
send = Absenden
";
pub const EN: &str = "
sample-title = Sample page
field-title = Title of the project
field-title-hint = It is shown in the notice.
field-problem = Starting point
field-grant = Grant applied for
field-weeks = Weeks
field-from = Begin
field-city = Municipality
field-office = Immigration office
field-themes = Themes of the project
field-agree = I accept the framework conditions.
field-mail = Email
send = Send
";

#[derive(Template)]
#[template(path = "../tests/all/sample.html", whitespace = "suppress")]
struct Sample<'a> {
    page: &'a Page,
    form: Form,
    cities: Vec<Choice>,
    offices: Vec<Choice>,
    themes: Vec<Choice>,
    rows: Vec<(&'static str, &'static str, i64)>,
    now: DateTime<Utc>,
}

pub fn now() -> DateTime<Utc> {
    "2026-11-23T13:05:00Z".parse().unwrap()
}

pub fn somebody() -> Session {
    let roles = vec![Role::Applicant, Role::Reviewer];
    Session {
        person: "anna".into(),
        name: "Dr. Anna Muster".into(),
        email: None,
        roles,
        ags: None,
        expires: now(),
    }
}

fn sample(page: &Page, form: Form) -> String {
    let cities = vec![Choice::new("05122000", "Solingen"), Choice::new("05774032", "Paderborn")];
    let offices = vec![
        Choice::new("own", "Eigene Ausländerbehörde"),
        Choice::new("kreis", "Ausländerbehörde des Kreises").hint("Mit einer Erklärung des Kreises."),
    ];
    let themes = vec![
        Choice::new("work", "Arbeit"),
        Choice::new("language", "Sprache"),
        Choice::new("housing", "Wohnen"),
    ];
    let rows = vec![
        ("2026-00017", "Integration vor Ort: Solingen macht mit", 6_000_000),
        ("2026-00018", "Metropole Ruhr", 123_456_789),
    ];
    Sample { page, form, cities, offices, themes, rows, now: now() }.render().unwrap()
}

/// Writes the page to the folder named by SAMPLE_PAGES, to look at it in a browser.
pub fn keep(name: &str, html: &str) {
    if let Some(folder) = std::env::var_os("SAMPLE_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join(name).with_extension("html"), html).unwrap();
    }
}

fn typed() -> Fields {
    [
        ("title", ""),
        ("problem", "<script>alert('x')</script>\r\nzweite Zeile"),
        ("grant", "sechzig"),
        ("from", "23.11.2026"),
        ("city", "05774032"),
        ("themes", "work"),
        ("themes", "housing"),
        ("agree", "yes"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

fn read(mut form: Form) -> Form {
    form.required("title", "field-title", 100);
    assert_eq!(form.required("problem", "field-problem", 2000), "<script>alert('x')</script>\nzweite Zeile");
    form.need_money("grant", "field-grant");
    assert_eq!(form.need_date("from", "field-from"), NaiveDate::from_ymd_opt(2026, 11, 23).unwrap());
    form.required_choice("office", "field-office", &[Choice::new("own", "")]);
    form
}

#[test]
fn every_component_renders_in_both_languages() {
    let pages = Pages::new("/review", DE, EN).unwrap();
    for language in Language::ALL {
        let page = pages.page(language, Some(somebody()), now());
        let fresh = sample(&page, Form::new(&page));
        let refused = sample(&page, read(Form::typed(&page, &typed())));
        for html in [&fresh, &refused] {
            assert!(!html.contains('⟦'), "a message is missing: {html}");
            assert!(html.contains(&format!("lang=\"{}\"", language.code())));
            assert!(html.contains("Dr. Anna Muster"));
        }
        keep(&format!("fresh-{}", language.code()), &fresh);
        keep(&format!("refused-{}", language.code()), &refused);
    }
}

#[test]
fn the_navigation_leads_where_a_role_works_and_marks_where_one_is() {
    let with = |roles: &[Role]| Session { roles: roles.to_vec(), ..somebody() };
    let shown = |prefix, roles: &[Role]| {
        let page = Pages::new(prefix, DE, EN).unwrap().page(Language::De, Some(with(roles)), now());
        let places = page.navigation().into_iter();
        places.map(|(link, _, here)| format!("{link}{}", if here { " *" } else { "" })).collect::<Vec<_>>()
    };
    assert_eq!(shown("/review", &[Role::CaseWorker]), ["/eligibility", "/review *", "/award", "/mail"]);
    assert_eq!(shown("", &[Role::Reviewer]), ["/review"]);
    assert_eq!(shown("/ops", &[Role::Operator]), ["/mail", "/ops *"]);
    assert_eq!(shown("/awards", &[Role::Approver]), ["/award"]);
}

#[test]
fn emails_have_names_and_newer_ones_their_own() {
    let page = Pages::new("", DE, EN).unwrap().page(Language::De, None, now());
    assert_eq!(page.email("application-submitted"), "Eingangsbestätigung");
    assert_eq!(page.email("of-a-newer-release"), "of-a-newer-release");
}

#[test]
fn a_refused_form_keeps_what_was_typed_and_says_what_is_wrong_beside_the_field() {
    let pages = Pages::new("/review", DE, EN).unwrap();
    let page = pages.page(Language::De, Some(somebody()), now());
    let form = read(Form::typed(&page, &typed()));
    assert!(!form.is_valid());
    let html = sample(&page, form);
    assert!(html.contains("&#60;script&#62;alert("), "typed HTML is shown, not run");
    assert!(!html.contains("<script>alert"));
    assert!(html.contains("value=\"sechzig\""));
    assert!(html.contains("value=\"2026-11-23\""), "a date field shows a date typed the German way");
    assert!(html.contains("<option value=\"05774032\" selected>"));
    assert!(html.contains("„Beantragte Förderung“ ist kein Betrag. Erwartet wird zum Beispiel 60.000,50."));
    assert!(html.contains("Bitte prüfen Sie 3 Angaben"));
    assert!(html.contains("href=\"#f-grant\""));
    assert!(html.contains("aria-describedby=\"f-grant-error\""));
    assert!(html.contains("aria-describedby=\"f-title-hint f-title-error\" aria-invalid=\"true\""));
    assert_eq!(html.matches("checked").count(), 3);
}

#[test]
fn the_title_of_a_page_with_errors_says_so_first() {
    let pages = Pages::new("/review", DE, EN).unwrap();
    for (language, title) in [(Language::De, "Fehler: Probeseite"), (Language::En, "Error: Sample page")] {
        let page = pages.page(language, Some(somebody()), now());
        let fresh = sample(&page, Form::new(&page));
        assert!(fresh.contains(&format!("<title>{}", title.split_once(": ").unwrap().1)), "{fresh}");
        let refused = sample(&page, read(Form::typed(&page, &typed())));
        assert!(refused.contains(&format!("<title>{title}")), "{refused}");
        let other = pages.page(language, Some(somebody()), now());
        assert!(sample(&other, Form::new(&other)).contains("<title>") && !other.has_errors());
    }
}

#[test]
fn a_label_may_take_arguments_and_say_what_an_empty_field_means() {
    let pages = Pages::new(
        "",
        "whole = Alles von { $name }\nmark = nötig für später",
        "whole = x { $name }\nmark = m",
    );
    let page = pages.unwrap().page(Language::De, None, now());
    let form = Form::new(&page);
    let label = form.check("whole", "whole").label_text(page.t1("whole", "name", "Hilden"));
    assert!(label.render().unwrap().contains("Alles von Hilden"));
    let marked = form.check("a", "product").optional_as("mark").render().unwrap();
    assert!(marked.contains("- nötig für später") && !marked.contains("freiwillig"), "{marked}");
}

#[test]
fn a_text_beyond_its_limit_is_kept_and_refused() {
    let pages = Pages::new("", DE, EN).unwrap();
    let page = pages.page(Language::En, None, now());
    let mut form = Form::new(&page).with("title", "ä".repeat(101));
    assert_eq!(form.required("title", "field-title", 100).chars().count(), 101);
    assert_eq!(
        form.error("title"),
        Some("“Title of the project” has 101 characters; at most 100 are possible.")
    );
}

#[test]
fn what_nobody_can_see_is_missing_and_what_could_be_two_amounts_is_asked_about() {
    let pages = Pages::new("", DE, EN).unwrap();
    let page = pages.page(Language::De, None, now());
    let mut form = Form::new(&page)
        .with("title", "\u{3164}\u{200b}")
        .with("grant", "0,500")
        .with("from", "\u{200b}1.\u{a0}3.\u{a0}27");
    form.required("title", "field-title", 100);
    form.need_money("grant", "field-grant");
    assert_eq!(form.need_date("from", "field-from"), NaiveDate::from_ymd_opt(2027, 3, 1).unwrap());
    assert_eq!(form.error("title"), Some("„Titel des Vorhabens“ fehlt noch."));
    let asked = "„Beantragte Förderung“ lässt sich auf zwei Arten lesen. Meinen Sie 0,50 oder 500,00?";
    assert_eq!(form.error("grant"), Some(asked));
    let mut blank = Form::new(&page).with("grant", "\u{2060}");
    blank.need_money("grant", "field-grant");
    assert!(blank.error("grant").is_some_and(|error| error.contains("fehlt noch")));
}

#[test]
fn catalogues_match_and_templates_use_only_what_exists() {
    let (de, en) = (include_str!("../../messages/de.ftl"), include_str!("../../messages/en.ftl"));
    pages::messages::assert_catalogues_match(de, en);
    pages::messages::assert_catalogues_match(DE, EN);
    pages::messages::assert_templates_known("templates", "", "");
}

#[test]
#[should_panic(
    expected = "b is missing in English\nc takes {\"x\"} in German, {} in English\nd is missing in German"
)]
fn catalogues_that_differ_are_found() {
    pages::messages::assert_catalogues_match("a = 1\nb = 2\nc = { $x }", "a = 1\nc = 3\nd = 4");
}

#[test]
fn a_catalogue_with_a_mistake_is_refused() {
    assert!(Pages::new("", "broken", "").is_err());
    let twice = Pages::new("", "product = Anders", "").unwrap_err();
    assert!(twice.to_string().contains("product"), "{twice}");
}

#[test]
fn the_language_follows_the_browser_and_is_german_in_doubt() {
    for (accept, expected) in [
        ("", Language::De),
        ("fr", Language::De),
        ("en-GB,en;q=0.9", Language::En),
        ("en;q=0.8, de;q=0.9", Language::De),
        ("fr, en;q=0.5", Language::En),
        ("de, en", Language::De),
    ] {
        assert_eq!(Language::preferred(accept), expected, "{accept}");
    }
}
