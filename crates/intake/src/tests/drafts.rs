use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, begin, keys, paderborn, solingen};
use crate::calls::publish;
use crate::form::Form;
use crate::{check, samples};

/// What a browser sends for the sample project, with `changes` in the place of what stands there.
fn filled(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let form = Form::from(&samples::application());
    let mut fields: Vec<(String, String)> = Vec::new();
    let Value::Object(all) = serde_json::to_value(&form).unwrap() else { panic!("a form is an object") };
    for (name, value) in all {
        match value {
            Value::String(text) => fields.push((name, text)),
            Value::Array(values) if values.iter().all(Value::is_string) => {
                fields.extend(values.iter().map(|one| (name.clone(), one.as_str().unwrap().to_owned())));
            }
            _ => {}
        }
    }
    for (row, partner) in form.partners.iter().enumerate() {
        fields.push((format!("partner_name-{row}"), partner.name.clone()));
        fields.push((format!("partner_kind-{row}"), partner.kind.clone()));
    }
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

impl<Broker> World<Broker> {
    /// Presses "begin" on the overview. Returns the draft's address.
    async fn begin_draft(&self) -> String {
        let home = self.get("/apply", Some(&solingen()), "de").await;
        let fields = [("call", home.field("call")), ("key", home.field("key"))];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let begun = self.post("/apply/drafts", &solingen(), &fields).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
        // Pressed twice is begun once.
        assert_eq!(self.post("/apply/drafts", &solingen(), &fields).await.location, begun.location);
        begun.location
    }

    async fn post_pairs(&self, path: &str, fields: &[(&str, String)]) -> Answer {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post(path, &solingen(), &fields).await
    }

    async fn open(&self, path: &str) -> Answer {
        let page = self.get(path, Some(&solingen()), "de").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page
    }

    /// Sends the form that `page` shows.
    async fn send_form(
        &self,
        path: &str,
        page: &Answer,
        action: &str,
        fields: &[(String, String)],
    ) -> Answer {
        let (revision, open_page, seen) =
            (page.field("kept_revision"), page.field("open_page"), page.field("seen"));
        let mut all = vec![
            ("action", action),
            ("kept_revision", &revision),
            ("open_page", &open_page),
            ("seen", &seen),
        ];
        all.extend(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.post(path, &solingen(), &all).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_in_checked_and_submitted_without_any_script() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let page = world.open(&draft).await;

    // Half of it, with a row that is added and one that is taken away: all of it stays.
    let half = [("title".to_owned(), "Ein Titel".to_owned()), ("grant".to_owned(), "viel".to_owned())];
    let added = world.send_form(&draft, &page, "add-participant", &half).await;
    assert_eq!(added.location, format!("{draft}#f-participant_ags-0"));
    let page = world.open(&draft).await;
    assert!(page.text.contains("participant_ags-0") && page.text.contains("value=\"Ein Titel\""));
    assert!(page.text.contains("value=\"viel\"") && !page.text.contains("id=\"errors\""));

    // Mistakes are shown beside the fields, in the reader's language, and nothing is lost.
    let wrong = filled(&[
        ("title", ""),
        ("total", "51.000,51"),
        ("project_to", "2026-12-31"),
        ("method", "<script>alert(1)</script>'; drop table drafts; --"),
    ]);
    let checked = world.send_form(&draft, &page, "check", &wrong).await;
    assert_eq!(checked.location, format!("{draft}/check"));
    let back = world.get(&checked.location, Some(&solingen()), "de").await;
    assert_eq!(back.location, format!("{draft}?check=1#errors"));
    let page = world.open(&format!("{draft}?check=1")).await;
    for message in [
        "Bitte prüfen Sie 3 Angaben",
        "href=\"#f-title\"",
        "id=\"f-title-error\"",
        "„Titel des Projekts“ fehlt noch.",
        "id=\"f-total-error\"",
        "fehlen 0,01\u{a0}€",
        "id=\"f-project_to-error\"",
        "liegt vor dem Beginn",
        "value=\"51.000,51\"",
        "&#60;script&#62;alert(1)&#60;/script&#62;",
    ] {
        assert!(page.text.contains(message), "{message} is missing in {}", page.text);
    }
    assert!(!page.text.contains("<script>alert"));
    let english = world.get(&format!("{draft}?check=1"), Some(&solingen()), "en").await;
    assert!(english.text.contains("€0.01 of the total cost are missing"));

    // Put right: everything once more, and then it has a file number.
    let right = filled(&[("method", "<b>Werkstatt</b>")]);
    let checked = world.send_form(&draft, &page, "check", &right).await;
    let look = world.open(&checked.location).await;
    assert!(look.text.contains("&#60;b&#62;Werkstatt&#60;/b&#62;") && look.text.contains("51.000,50\u{a0}€"));
    let revision = look.field("revision");
    let press = [("revision", revision.as_str())];
    let done = world.post(&format!("{draft}/submit"), &solingen(), &press).await;
    let receipt = world.open(&done.location).await;
    assert!(receipt.text.contains("36.KI-2027-0001"), "{}", receipt.text);

    // A second submit, and the old address of the draft, lead to the application.
    let application = draft.replace("drafts", "applications");
    assert_eq!(world.post(&format!("{draft}/submit"), &solingen(), &press).await.location, application);
    assert_eq!(world.get(&draft, Some(&solingen()), "de").await.location, application);
    let id: uuid::Uuid = draft.rsplit('/').next().unwrap().parse().unwrap();
    let said = world.said(id).await;
    assert_eq!(said.len(), 1);
    let mut expected = samples::application();
    expected.method = "<b>Werkstatt</b>".into();
    expected.products_and_results = expected.products_and_results.trim().into();
    assert_eq!(said[0].1["application"], json!(expected));
    assert_eq!(said[0].1["submitted_by"], json!({"id": "solingen-1", "name": "Serap Demir"}));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_survives_the_end_of_the_session() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let page = world.open(&draft).await;
    let (revision, open_page) = (page.field("kept_revision"), page.field("open_page"));
    let fields = [
        ("action", "save"),
        ("kept_revision", revision.as_str()),
        ("open_page", open_page.as_str()),
        ("title", "Getippt & noch da"),
    ];
    // The session has ended in between: what was typed comes back, to be sent again after signing in.
    let lost = world.post_as(&draft, None, &solingen(), &fields).await;
    assert_eq!(lost.status, StatusCode::UNAUTHORIZED);
    assert_eq!(lost.field("title"), "Getippt &#38; noch da");
    assert_eq!((lost.field("kept_revision"), lost.field("action")), (revision.clone(), "save".to_owned()));
    // The page sends it as the person who had typed it: signed in again, they press once.
    assert_eq!(lost.field("csrf"), keys().csrf(&solingen()));
    let again = world.post(&draft, &solingen(), &fields).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert!(world.open(&draft).await.text.contains("Getippt &#38; noch da"));
    // Somebody else's token: kept, too, and not taken.
    let other = world.post_as(&draft, Some(&paderborn()), &solingen(), &fields).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(other.field("title"), "Getippt &#38; noch da");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_saves_by_itself_and_two_pages_do_not_undo_each_other() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let (mine, theirs) = (world.open(&draft).await, world.open(&draft).await);
    let auto = format!("{draft}/autosave");
    for (number, text) in ["A", "AB", "ABC"].into_iter().enumerate() {
        let answer = world.send_form(&auto, &mine, "", &title(text)).await;
        assert_eq!((answer.status, answer.json()["outcome"].as_str()), (StatusCode::OK, Some("saved")));
        assert_eq!(answer.json()["revision"], number + 1);
    }
    let told = world.send_form(&auto, &theirs, "", &title("X")).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.json()["outcome"], "changed");
    assert_eq!(told.json()["compare"], format!("{draft}/compare"));
    assert!(told.json()["message"].as_str().unwrap().contains("Serap Demir hat diesen Entwurf"));
    assert!(world.open(&draft).await.text.contains("value=\"ABC\""), "what is stored stays");

    // They press "save": both versions, at an address that can be reloaded; nothing is chosen for them.
    let compare = world.send_form(&draft, &theirs, "save", &title("X")).await;
    assert_eq!(
        (compare.status, compare.location.clone()),
        (StatusCode::SEE_OTHER, format!("{draft}/compare"))
    );
    for _ in 0..2 {
        let page = world.open(&compare.location).await;
        assert!(page.text.contains("choose-title") && page.text.contains("ABC") && page.text.contains(">X<"));
        assert!(!page.text.contains(" checked"), "both have changed it: {}", page.text);
    }
    assert!(
        world.open(&draft).await.text.contains(&format!("{draft}/compare")),
        "the draft leads to both versions"
    );
    let page = world.open(&compare.location).await;
    let revision = page.field("revision");
    let press = |side: &'static str| {
        [("revision", revision.clone()), ("action", "choose".into()), ("choose-title", side.into())]
    };
    let open = world.post_pairs(&compare.location, &press("")).await;
    assert_eq!(open.location, format!("{draft}/compare?choose=1#errors"));
    assert!(world.open(&format!("{draft}/compare?choose=1")).await.text.contains("Bitte wählen Sie"));
    let done = world.post_pairs(&compare.location, &press("mine")).await;
    assert_eq!(done.location, format!("{draft}?saved=1"));
    assert!(world.open(&draft).await.text.contains("value=\"X\""));
    assert_eq!(
        world.get(&compare.location, Some(&solingen()), "de").await.location,
        draft,
        "nothing is left to compare"
    );
    assert_eq!(world.send_form(&auto, &mine, "", &title("ABCD")).await.status, StatusCode::CONFLICT);

    // What was looked at is what is submitted.
    let page = world.open(&draft).await;
    world.send_form(&draft, &page, "check", &filled(&[])).await;
    let look = world.open(&format!("{draft}/check")).await.field("revision");
    let page = world.open(&draft).await;
    world.send_form(&draft, &page, "save", &filled(&[("title", "Später geändert")])).await;
    let press = [("revision", look.as_str())];
    let answer = world.post(&format!("{draft}/submit"), &solingen(), &press).await;
    assert_eq!(answer.location, format!("{draft}/check?changed=1"));
    assert!(world.open(&answer.location).await.text.contains("Der Entwurf hat sich geändert"));
    world.end().await;
}

fn title(text: &str) -> Vec<(String, String)> {
    vec![("title".to_owned(), text.to_owned())]
}

/// Two colleagues: one changes the title, the other, whose page was opened before, the grant.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_one_of_two_has_changed_is_chosen_already() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let page = world.open(&draft).await;
    world.send_form(&draft, &page, "save", &filled(&[])).await;
    let (a, b) = (world.open(&draft).await, world.open(&draft).await);
    let changed_a =
        filled(&[("title", "Neuer Titel"), ("partner_name-0", "Anderer Verein"), ("themes", "transfer")]);
    assert_eq!(world.send_form(&draft, &a, "save", &changed_a).await.location, format!("{draft}?saved=1"));
    let changed_b = filled(&[("grant", "41.000,00"), ("themes", "naturalisation"), ("contact_phone", "")]);
    let compare = world.send_form(&draft, &b, "save", &changed_b).await.location;
    let page = world.open(&compare).await;
    let chosen = |part: &str| {
        let at = page
            .text
            .find(&format!("id=\"f-choose-{part}\""))
            .unwrap_or_else(|| panic!("{part}: {}", page.text));
        let rest = &page.text[at..];
        let part = &rest[..rest.find("</fieldset>").unwrap()];
        part.split("<input")
            .skip(1)
            .find(|input| input.split('>').next().unwrap().contains(" checked"))
            .map(|input| input.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned())
    };
    assert_eq!(chosen("title").as_deref(), Some("theirs"));
    assert_eq!(chosen("partners").as_deref(), Some("theirs"));
    assert_eq!(chosen("grant").as_deref(), Some("mine"));
    assert_eq!(chosen("contact_phone").as_deref(), Some("mine"));
    assert_eq!(chosen("themes"), None, "both have changed it");
    assert!(!page.text.contains("choose-method"), "nobody has changed it");

    // Somebody saves once more before they have chosen: they choose again.
    let revision = page.field("revision");
    let again = world.open(&draft).await;
    world.send_form(&draft, &again, "save", &filled(&[("title", "Dritter Titel")])).await;
    let mut press: Vec<(&str, String)> = vec![("revision", revision), ("action", "choose".into())];
    for (part, side) in [
        ("choose-title", "theirs"),
        ("choose-partners", "theirs"),
        ("choose-grant", "mine"),
        ("choose-contact_phone", "mine"),
        ("choose-themes", "mine"),
    ] {
        press.push((part, side.into()));
    }
    assert_eq!(world.post_pairs(&compare, &press).await.location, format!("{compare}?changed=1"));
    let page = world.open(&format!("{compare}?changed=1")).await;
    assert!(page.text.contains("Inzwischen wurde noch einmal gespeichert"));
    press[0].1 = page.field("revision");
    assert_eq!(world.post_pairs(&compare, &press).await.location, format!("{draft}?saved=1"));
    let page = world.open(&draft).await;
    for value in ["Dritter Titel", "41.000,00"] {
        assert!(page.text.contains(&format!("value=\"{value}\"")), "{value}: {}", page.text);
    }
    world.end().await;
}

/// The page from which a draft was begun, come back to by the browser's Back.
#[tokio::test(flavor = "multi_thread")]
async fn beginning_again_from_the_same_page_begins_another_draft_once_the_first_is_gone() {
    let world = begin().await;
    let home = world.get("/apply", Some(&solingen()), "de").await;
    let press = [("call", home.field("call")), ("key", home.field("key"))];
    let first = world.post_pairs("/apply/drafts", &press).await.location;
    assert_eq!(
        world.post_pairs("/apply/drafts", &press).await.location,
        first,
        "pressed twice is begun once"
    );
    world.post(&format!("{first}/delete"), &solingen(), &[]).await;
    let second = world.post_pairs("/apply/drafts", &press).await.location;
    assert_ne!(second, first);
    assert_eq!(world.post_pairs("/apply/drafts", &press).await.location, second);
    // The same after it was submitted.
    let page = world.open(&second).await;
    world.send_form(&second, &page, "check", &filled(&[])).await;
    let revision = world.open(&format!("{second}/check")).await.field("revision");
    let done = world.post_pairs(&format!("{second}/submit"), &[("revision", revision)]).await;
    assert!(done.location.ends_with("/receipt"), "{}", done.location);
    let third = world.post_pairs("/apply/drafts", &press).await.location;
    assert_ne!(third, second);
    world.open(&third).await;
    // What a page of the submitted draft still sends is answered, not stored.
    let late = world.send_form(&format!("{second}/autosave"), &page, "", &title("zu spät")).await;
    assert_eq!((late.status, late.json()["outcome"].as_str()), (StatusCode::NOT_FOUND, Some("gone")));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_ten_megabytes_is_too_much() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let page = world.open(&draft).await;
    let huge = [("method".to_owned(), "x".repeat(10_000_000))];
    let answer = world.send_form(&draft, &page, "save", &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text.contains("Das ist zu viel auf einmal"), "{}", answer.text);
    // What fits into a request and not into its field is kept, and refused beside it.
    let long = "x".repeat(check::TEXT + 1);
    let answer = world.send_form(&draft, &page, "check", &filled(&[("method", &long)])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = world.open(&format!("{draft}?check=1")).await;
    assert!(page.text.contains("„Methode“ hat 5.001 Zeichen") && page.text.contains(&long));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_can_be_thrown_away() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let path = format!("{draft}/delete");
    assert!(world.open(&path).await.text.contains("Entwurf löschen?"));
    assert_eq!(world.post(&path, &paderborn(), &[]).await.location, "/apply");
    world.open(&draft).await;
    let deleted = world.post(&path, &solingen(), &[]).await;
    assert_eq!(deleted.location, "/apply?deleted=1");
    let home = world.get(&deleted.location, Some(&solingen()), "en").await;
    assert!(home.text.contains("The draft has been deleted."), "{}", home.text);
    assert_eq!(world.get(&draft, Some(&solingen()), "de").await.status, StatusCode::NOT_FOUND);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_call_opens_a_draft_waits() {
    let world = begin().await;
    world.clock.set("2026-09-15T10:00:00Z".parse().unwrap());
    let draft = world.begin_draft().await;
    let page = world.open(&draft).await;
    let checked = world.send_form(&draft, &page, "check", &filled(&[])).await;
    let look = world.open(&checked.location).await;
    assert!(look.text.contains("Der Aufruf öffnet am 01.10.2026, 00:00 Uhr"), "{}", look.text);
    assert!(!look.text.contains(&format!("{draft}/submit")));
    let page = world.open(&draft).await;
    let press = [("revision", page.field("kept_revision"))];
    let press = press.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = world.post(&format!("{draft}/submit"), &solingen(), &press).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("Der Aufruf öffnet am"), "{}", answer.text);

    // After the end it is taken in, and whoever submits knows.
    world.clock.set("2027-03-02T10:00:00Z".parse().unwrap());
    let look = world.open(&checked.location).await;
    assert!(look.text.contains("Die Antragsfrist endete am 28.02.2027, 24:00 Uhr"));
    let done = world.post(&format!("{draft}/submit"), &solingen(), &press).await;
    assert!(world.open(&done.location).await.text.contains("Nach Ablauf der Antragsfrist eingegangen"));
    world.end().await;
}

/// The last day ends at 24:00, in winter and in summer, for people and for programs.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_the_last_second_of_the_last_day_is_in_time() {
    let world = begin().await;
    let summer = |closes: &str, version| {
        let mut call = samples::call();
        (call.version, call.window.closes) = (version, closes.parse().unwrap());
        call
    };
    for (number, (call, last, late, said)) in [
        (samples::call(), "2027-02-28T22:59:59.400Z", "2027-02-28T23:00:00Z", "28.02.2027"),
        (summer("2027-06-30T21:59:59Z", 3), "2027-06-30T21:59:59.999Z", "2027-06-30T22:00:00Z", "30.06.2027"),
        (summer("2027-07-31T22:00:00Z", 4), "2027-07-31T21:59:59.999Z", "2027-07-31T22:00:00Z", "31.07.2027"),
    ]
    .into_iter()
    .enumerate()
    {
        publish(&world.bus, call).await.unwrap();
        let (in_time, over) =
            (format!("Antragsfrist: {said}, 24:00 Uhr"), format!("endete am {said}, 24:00 Uhr"));
        for (moment, is_late) in [(last, false), (late, true)] {
            world.clock.set(moment.parse().unwrap());
            let open = world.api(Method::GET, "/calls", &solingen(), None, None).await;
            assert_eq!(open.json()["calls"][0]["open"], !is_late, "{moment}");
            assert!(
                late.starts_with(
                    open.json()["calls"][0]["late_from"].as_str().unwrap().trim_end_matches('Z')
                )
            );
            let home = world.open("/apply").await;
            assert!(home.text.contains(if is_late { &over } else { &in_time }), "{moment}: {}", home.text);

            let body = json!({ "call": "komm-in-2027", "application": samples::application() });
            let key = format!("{number}-{is_late}");
            let sent = world.api(Method::POST, "/applications", &solingen(), Some(&key), Some(body)).await;
            assert_eq!(
                (sent.status, &sent.json()["late"]),
                (StatusCode::CREATED, &json!(is_late)),
                "{moment}"
            );

            let draft = world.begin_draft().await;
            let page = world.open(&draft).await;
            let checked = world.send_form(&draft, &page, "check", &filled(&[])).await;
            assert_eq!(world.open(&checked.location).await.text.contains(&over), is_late, "{moment}");
            let revision = world.open(&draft).await.field("kept_revision");
            let done = world.post(&format!("{draft}/submit"), &solingen(), &[("revision", &revision)]).await;
            let receipt = world.open(&done.location).await;
            assert_eq!(
                receipt.text.contains("Nach Ablauf der Antragsfrist eingegangen"),
                is_late,
                "{moment}"
            );
        }
    }
    world.end().await;
}

/// One submits the draft while another has a version of their own beside it; one throws a draft away.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_draft_was_submitted_without_stays_readable() {
    let world = begin().await;
    let draft = world.begin_draft().await;
    let page = world.open(&draft).await;
    world.send_form(&draft, &page, "save", &filled(&[])).await;
    let (a, b) = (world.open(&draft).await, world.open(&draft).await);
    world.send_form(&draft, &a, "save", &filled(&[("title", "Neuer Titel")])).await;
    let compare = world.send_form(&draft, &b, "save", &filled(&[("title", "Mein Titel")])).await.location;
    assert_eq!(compare, format!("{draft}/compare"));
    // A colleague sends it off, whose own versions are none of the other's.
    let mut colleague = solingen();
    colleague.person = "solingen-2".to_owned();
    let check = world.get(&format!("{draft}/check"), Some(&colleague), "de").await;
    let revision = check.field("revision");
    let done = world.post(&format!("{draft}/submit"), &colleague, &[("revision", &revision)]).await;
    let status = done.location.strip_suffix("/receipt").expect("submitted").to_owned();
    let page = world.open(&status).await;
    assert!(page.text.contains("ohne Ihre letzten Eingaben") && page.text.contains("Mein Titel"));
    let theirs = world.get(&status, Some(&colleague), "de").await;
    assert!(!theirs.text.contains("Mein Titel"), "nobody else's business");
    let discarded = world.post(&compare, &solingen(), &[("action", "discard")]).await;
    assert_eq!(world.get(&discarded.location, Some(&solingen()), "de").await.location, status);
    assert!(!world.open(&status).await.text.contains("Mein Titel"));

    let draft = world.begin_draft().await;
    let (a, b) = (world.open(&draft).await, world.open(&draft).await);
    world.send_form(&draft, &a, "save", &filled(&[("title", "Eins")])).await;
    world.send_form(&draft, &b, "save", &filled(&[("title", "Zwei")])).await;
    world.post(&format!("{draft}/delete"), &solingen(), &[]).await;
    let left: i64 =
        sqlx::query_scalar("select count(*) from bus.kept_forms").fetch_one(&world.db).await.unwrap();
    assert_eq!(left, 0, "nothing is left of a draft that was thrown away");
    world.end().await;
}
