use axum::http::StatusCode;
use intake::calls::publish;
use intake::check;
use intake::form::Form;
use serde_json::{Value, json};
use testkit::{Answer, samples};

use crate::stage::{Stage, call, paderborn, solingen};

/// What a browser sends for the sample project, with `changes` in place of the sample's values.
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

impl Stage {
    /// Presses "begin" on the overview. Returns the address of the draft.
    async fn begin_draft(&self) -> String {
        let home = self.open(&solingen(), "/apply", "de").await;
        let fields = [("call", home.field("call")), ("key", home.field("key"))];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let begun = self.send_form(&solingen(), "/apply/drafts", &fields).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        // Pressing twice begins one draft.
        assert_eq!(self.send_form(&solingen(), "/apply/drafts", &fields).await.location, begun.location);
        begun.location
    }

    async fn post_pairs(&self, path: &str, fields: &[(&str, String)]) -> Answer {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send_form(&solingen(), path, &fields).await
    }

    async fn read(&self, path: &str) -> Answer {
        let page = self.open(&solingen(), path, "de").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        page
    }

    /// Sends the form that `page` shows.
    async fn send_draft(
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
        self.send_form(&solingen(), path, &all).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_in_checked_and_submitted_without_any_script() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let page = stage.read(&draft).await;

    // Half of the form, with one row added and one removed: everything is stored.
    let half = [("title".to_owned(), "Ein Titel".to_owned()), ("grant".to_owned(), "viel".to_owned())];
    let added = stage.send_draft(&draft, &page, "add-participant", &half).await;
    assert_eq!(added.location, format!("{draft}#f-participant_ags-0"));
    let page = stage.read(&draft).await;
    assert!(page.text().contains("participant_ags-0") && page.text().contains("value=\"Ein Titel\""));
    assert!(page.text().contains("value=\"viel\"") && !page.text().contains("id=\"errors\""));

    // Mistakes are shown beside the fields, in the reader's language, and nothing is lost.
    let wrong = filled(&[
        ("title", ""),
        ("total", "60.000,01"),
        ("project_to", "2026-12-31"),
        ("method", "<script>alert(1)</script>'; drop table drafts; --"),
    ]);
    let checked = stage.send_draft(&draft, &page, "check", &wrong).await;
    assert_eq!(checked.location, format!("{draft}/check"));
    let back = stage.open(&solingen(), &checked.location, "de").await;
    assert_eq!(back.location, format!("{draft}?check=1#errors"));
    let page = stage.read(&format!("{draft}?check=1")).await;
    for message in [
        "Bitte prüfen Sie 3 Angaben",
        "href=\"#f-title\"",
        "id=\"f-title-error\"",
        "„Titel des Projekts“ fehlt noch.",
        "id=\"f-total-error\"",
        "fehlen 0,01\u{a0}€",
        "id=\"f-project_to-error\"",
        "liegt vor dem Beginn",
        "value=\"60.000,01\"",
        "&#60;script&#62;alert(1)&#60;/script&#62;",
    ] {
        assert!(page.text().contains(message), "{message} is missing in {}", page.text());
    }
    assert!(!page.text().contains("<script>alert"));
    let english = stage.open(&solingen(), &format!("{draft}?check=1"), "en").await;
    assert!(english.text().contains("€0.01 of the total cost are missing"));

    // Once corrected, the whole application is shown, and then it gets a file number.
    let right = filled(&[("method", "<b>Werkstatt</b>")]);
    let checked = stage.send_draft(&draft, &page, "check", &right).await;
    let look = stage.read(&checked.location).await;
    assert!(
        look.text().contains("&#60;b&#62;Werkstatt&#60;/b&#62;") && look.text().contains("60.000,00\u{a0}€")
    );
    let revision = look.field("revision");
    let press = [("revision", revision.as_str())];
    let done = stage.send_form(&solingen(), &format!("{draft}/submit"), &press).await;
    let receipt = stage.read(&done.location).await;
    assert!(receipt.text().contains("36.KI-2027-0001"), "{}", receipt.text());

    // A second submit, and the old address of the draft, lead to the application.
    let application = draft.replace("drafts", "applications");
    assert_eq!(stage.send_form(&solingen(), &format!("{draft}/submit"), &press).await.location, application);
    assert_eq!(stage.open(&solingen(), &draft, "de").await.location, application);
    let id: uuid::Uuid = draft.rsplit('/').next().unwrap().parse().unwrap();
    let published = stage.published(id).await;
    assert_eq!(published.len(), 1);
    let mut expected = samples::application();
    expected.method = "<b>Werkstatt</b>".into();
    expected.products_and_results = expected.products_and_results.trim().into();
    assert_eq!(published[0].1["application"], json!(expected));
    assert_eq!(published[0].1["submitted_by"], json!({"id": "solingen-1", "name": "Serap Demir"}));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_survives_the_end_of_the_session() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let page = stage.read(&draft).await;
    let (revision, open_page) = (page.field("kept_revision"), page.field("open_page"));
    let fields = [
        ("action", "save"),
        ("kept_revision", revision.as_str()),
        ("open_page", open_page.as_str()),
        ("title", "Getippt & noch da"),
    ];
    // The session has ended in between: the page shows what was typed, to be sent again after signing in.
    let lost = stage.send_form_of(&solingen(), None, &draft, &fields).await;
    assert_eq!(lost.status, StatusCode::UNAUTHORIZED);
    assert_eq!(lost.field("title"), "Getippt &#38; noch da");
    assert_eq!((lost.field("kept_revision"), lost.field("action")), (revision.clone(), "save".to_owned()));
    // The page is bound to the person who typed: once signed in again, they press once.
    assert_eq!(lost.field("csrf"), testkit::session_keys().csrf(&solingen()));
    let again = stage.send_form(&solingen(), &draft, &fields).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert!(stage.read(&draft).await.text().contains("Getippt &#38; noch da"));
    // With the token of another person it is kept too, and not stored.
    let other = stage.send_form_of(&solingen(), &paderborn(), &draft, &fields).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(other.field("title"), "Getippt &#38; noch da");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_saves_by_itself_and_two_pages_do_not_undo_each_other() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let (mine, theirs) = (stage.read(&draft).await, stage.read(&draft).await);
    let auto = format!("{draft}/autosave");
    for (number, text) in ["A", "AB", "ABC"].into_iter().enumerate() {
        let answer = stage.send_draft(&auto, &mine, "", &title(text)).await;
        assert_eq!((answer.status, answer.json()["outcome"].as_str()), (StatusCode::OK, Some("saved")));
        assert_eq!(answer.json()["revision"], number + 1);
    }
    let told = stage.send_draft(&auto, &theirs, "", &title("X")).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.json()["outcome"], "changed");
    assert_eq!(told.json()["compare"], format!("{draft}/compare"));
    assert!(told.json()["message"].as_str().unwrap().contains("Serap Demir hat diesen Entwurf"));
    assert!(stage.read(&draft).await.text().contains("value=\"ABC\""), "what is stored stays");

    // They press "save": both versions are shown at an address that can be reloaded, and nothing is chosen for them.
    let compare = stage.send_draft(&draft, &theirs, "save", &title("X")).await;
    assert_eq!(
        (compare.status, compare.location.clone()),
        (StatusCode::SEE_OTHER, format!("{draft}/compare"))
    );
    for _ in 0..2 {
        let page = stage.read(&compare.location).await;
        assert!(
            page.text().contains("choose-title")
                && page.text().contains("ABC")
                && page.text().contains(">X<")
        );
        assert!(!page.text().contains(" checked"), "both have changed it: {}", page.text());
    }
    assert!(
        stage.read(&draft).await.text().contains(&format!("{draft}/compare")),
        "the draft leads to both versions"
    );
    let page = stage.read(&compare.location).await;
    let revision = page.field("revision");
    let press = |side: &'static str| {
        [("revision", revision.clone()), ("action", "choose".into()), ("choose-title", side.into())]
    };
    let open = stage.post_pairs(&compare.location, &press("")).await;
    assert_eq!(open.location, format!("{draft}/compare?choose=1#errors"));
    assert!(stage.read(&format!("{draft}/compare?choose=1")).await.text().contains("Bitte wählen Sie"));
    let done = stage.post_pairs(&compare.location, &press("mine")).await;
    assert_eq!(done.location, format!("{draft}?saved=1"));
    assert!(stage.read(&draft).await.text().contains("value=\"X\""));
    assert_eq!(
        stage.open(&solingen(), &compare.location, "de").await.location,
        draft,
        "nothing is left to compare"
    );
    assert_eq!(stage.send_draft(&auto, &mine, "", &title("ABCD")).await.status, StatusCode::CONFLICT);

    // What is submitted is what the person has looked at.
    let page = stage.read(&draft).await;
    stage.send_draft(&draft, &page, "check", &filled(&[])).await;
    let look = stage.read(&format!("{draft}/check")).await.field("revision");
    let page = stage.read(&draft).await;
    stage.send_draft(&draft, &page, "save", &filled(&[("title", "Später geändert")])).await;
    let press = [("revision", look.as_str())];
    let answer = stage.send_form(&solingen(), &format!("{draft}/submit"), &press).await;
    assert_eq!(answer.location, format!("{draft}/check?changed=1"));
    assert!(stage.read(&answer.location).await.text().contains("Der Entwurf hat sich geändert"));
    stage.end().await;
}

fn title(text: &str) -> Vec<(String, String)> {
    vec![("title".to_owned(), text.to_owned())]
}

/// Two colleagues: one changes the title, the other, whose page was opened earlier, the grant.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_one_of_two_has_changed_is_chosen_already() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let page = stage.read(&draft).await;
    stage.send_draft(&draft, &page, "save", &filled(&[])).await;
    let (a, b) = (stage.read(&draft).await, stage.read(&draft).await);
    let changed_a =
        filled(&[("title", "Neuer Titel"), ("partner_name-0", "Anderer Verein"), ("themes", "transfer")]);
    assert_eq!(stage.send_draft(&draft, &a, "save", &changed_a).await.location, format!("{draft}?saved=1"));
    let changed_b = filled(&[("grant", "41.000,00"), ("themes", "naturalisation"), ("contact_phone", "")]);
    let compare = stage.send_draft(&draft, &b, "save", &changed_b).await.location;
    let page = stage.read(&compare).await;
    let chosen = |part: &str| {
        let at = page
            .text()
            .find(&format!("id=\"f-choose-{part}\""))
            .unwrap_or_else(|| panic!("{part}: {}", page.text()));
        let rest = &page.text()[at..];
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
    assert!(!page.text().contains("choose-method"), "nobody has changed it");

    // Somebody saves once more before they have chosen: they must choose again.
    let revision = page.field("revision");
    let again = stage.read(&draft).await;
    stage.send_draft(&draft, &again, "save", &filled(&[("title", "Dritter Titel")])).await;
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
    assert_eq!(stage.post_pairs(&compare, &press).await.location, format!("{compare}?changed=1"));
    let page = stage.read(&format!("{compare}?changed=1")).await;
    assert!(page.text().contains("Inzwischen wurde noch einmal gespeichert"));
    press[0].1 = page.field("revision");
    assert_eq!(stage.post_pairs(&compare, &press).await.location, format!("{draft}?saved=1"));
    let page = stage.read(&draft).await;
    for value in ["Dritter Titel", "41.000,00"] {
        assert!(page.text().contains(&format!("value=\"{value}\"")), "{value}: {}", page.text());
    }
    stage.end().await;
}

/// "Back" in the browser to the page from which a draft was begun.
#[tokio::test(flavor = "multi_thread")]
async fn beginning_again_from_the_same_page_begins_another_draft_once_the_first_is_gone() {
    let stage = Stage::new().await;
    let home = stage.open(&solingen(), "/apply", "de").await;
    let press = [("call", home.field("call")), ("key", home.field("key"))];
    let first = stage.post_pairs("/apply/drafts", &press).await.location;
    assert_eq!(
        stage.post_pairs("/apply/drafts", &press).await.location,
        first,
        "pressed twice is begun once"
    );
    stage.send_form(&solingen(), &format!("{first}/delete"), &[]).await;
    let second = stage.post_pairs("/apply/drafts", &press).await.location;
    assert_ne!(second, first);
    assert_eq!(stage.post_pairs("/apply/drafts", &press).await.location, second);
    // The same after the draft was submitted.
    let page = stage.read(&second).await;
    stage.send_draft(&second, &page, "check", &filled(&[])).await;
    let revision = stage.read(&format!("{second}/check")).await.field("revision");
    let done = stage.post_pairs(&format!("{second}/submit"), &[("revision", revision)]).await;
    assert!(done.location.ends_with("/receipt"), "{}", done.location);
    let third = stage.post_pairs("/apply/drafts", &press).await.location;
    assert_ne!(third, second);
    stage.read(&third).await;
    // A late request from a page of the submitted draft is answered, and stores nothing.
    let late = stage.send_draft(&format!("{second}/autosave"), &page, "", &title("zu spät")).await;
    assert_eq!((late.status, late.json()["outcome"].as_str()), (StatusCode::NOT_FOUND, Some("gone")));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hundred_and_first_draft_is_refused_until_one_is_deleted() {
    let stage = Stage::new().await;
    let first = stage.begin_draft().await;
    let copies = "insert into drafts select (jsonb_populate_record(drafts, jsonb_build_object('id', gen_random_uuid()))).*
                  from drafts, generate_series(2, 100)";
    sqlx::query(copies).execute(&stage.db).await.unwrap();
    let home = stage.open(&solingen(), "/apply", "de").await;
    let press = [("call", home.field("call")), ("key", home.field("key"))];
    let refused = stage.post_pairs("/apply/drafts", &press).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("schon 100 Entwürfe"), "{}", refused.text());
    let fields: Vec<(&str, &str)> = press.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let other = stage.send_form(&paderborn(), "/apply/drafts", &fields).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER, "another municipality");

    stage.send_form(&solingen(), &format!("{first}/delete"), &[]).await;
    assert_eq!(stage.post_pairs("/apply/drafts", &press).await.status, StatusCode::SEE_OTHER);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_ten_megabytes_is_too_much() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let page = stage.read(&draft).await;
    let huge = [("method".to_owned(), "x".repeat(10_000_000))];
    let answer = stage.send_draft(&draft, &page, "save", &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("Das ist zu viel auf einmal"), "{}", answer.text());
    // What fits into a request but not into its field is kept, and refused beside the field.
    let long = "x".repeat(check::TEXT + 1);
    let answer = stage.send_draft(&draft, &page, "check", &filled(&[("method", &long)])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = stage.read(&format!("{draft}?check=1")).await;
    assert!(page.text().contains("„Methode“ hat 5.001 Zeichen") && page.text().contains(&long));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_can_be_thrown_away() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let path = format!("{draft}/delete");
    assert!(stage.read(&path).await.text().contains("Entwurf löschen?"));
    assert_eq!(stage.send_form(&paderborn(), &path, &[]).await.location, "/apply");
    stage.read(&draft).await;
    let deleted = stage.send_form(&solingen(), &path, &[]).await;
    assert_eq!(deleted.location, "/apply?deleted=1");
    let home = stage.open(&solingen(), &deleted.location, "en").await;
    assert!(home.text().contains("The draft has been deleted."), "{}", home.text());
    assert_eq!(stage.open(&solingen(), &draft, "de").await.status, StatusCode::NOT_FOUND);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_call_opens_a_draft_waits() {
    let stage = Stage::new().await;
    stage.clock.set("2026-09-15T10:00:00Z".parse().unwrap());
    let draft = stage.begin_draft().await;
    let page = stage.read(&draft).await;
    let checked = stage.send_draft(&draft, &page, "check", &filled(&[])).await;
    let look = stage.read(&checked.location).await;
    assert!(look.text().contains("Der Aufruf öffnet am 01.10.2026, 00:00 Uhr"), "{}", look.text());
    assert!(!look.text().contains(&format!("{draft}/submit")));
    let page = stage.read(&draft).await;
    let press = [("revision", page.field("kept_revision"))];
    let press = press.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = stage.send_form(&solingen(), &format!("{draft}/submit"), &press).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text().contains("Der Aufruf öffnet am"), "{}", answer.text());

    // After the end of the call it is accepted, and the person who submits is told that it is late.
    stage.clock.set("2027-03-02T10:00:00Z".parse().unwrap());
    let look = stage.read(&checked.location).await;
    assert!(look.text().contains("Die Antragsfrist endete am 28.02.2027, 24:00 Uhr"));
    let done = stage.send_form(&solingen(), &format!("{draft}/submit"), &press).await;
    assert!(stage.read(&done.location).await.text().contains("Nach Ablauf der Antragsfrist eingegangen"));
    stage.end().await;
}

/// The last day ends at 24:00, in winter and in summer, for people and for programs.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_the_last_second_of_the_last_day_is_in_time() {
    let stage = Stage::new().await;
    let summer = |closes: &str, version| {
        let mut call = call();
        (call.version, call.window.closes) = (version, closes.parse().unwrap());
        call
    };
    for (number, (call, last, late, said)) in [
        (call(), "2027-02-28T22:59:59.400Z", "2027-02-28T23:00:00Z", "28.02.2027"),
        (summer("2027-06-30T21:59:59Z", 3), "2027-06-30T21:59:59.999Z", "2027-06-30T22:00:00Z", "30.06.2027"),
        (summer("2027-07-31T22:00:00Z", 4), "2027-07-31T21:59:59.999Z", "2027-07-31T22:00:00Z", "31.07.2027"),
    ]
    .into_iter()
    .enumerate()
    {
        publish(&stage.bus().await, call).await.unwrap();
        let (in_time, over) =
            (format!("Antragsfrist: {said}, 24:00 Uhr"), format!("endete am {said}, 24:00 Uhr"));
        for (moment, is_late) in [(last, false), (late, true)] {
            stage.clock.set(moment.parse().unwrap());
            let open = stage.get(&solingen(), "/calls").await;
            assert_eq!(open.json()["calls"][0]["open"], !is_late, "{moment}");
            assert!(
                late.starts_with(
                    open.json()["calls"][0]["late_from"].as_str().unwrap().trim_end_matches('Z')
                )
            );
            let home = stage.read("/apply").await;
            assert!(
                home.text().contains(if is_late { &over } else { &in_time }),
                "{moment}: {}",
                home.text()
            );

            let body = json!({ "call": "komm-in-2027", "application": samples::application() });
            let key = format!("{number}-{is_late}");
            let sent = stage.post_with_key(&solingen(), "/applications", &key, body).await;
            assert_eq!(
                (sent.status, &sent.json()["late"]),
                (StatusCode::CREATED, &json!(is_late)),
                "{moment}"
            );

            let draft = stage.begin_draft().await;
            let page = stage.read(&draft).await;
            let checked = stage.send_draft(&draft, &page, "check", &filled(&[])).await;
            assert_eq!(stage.read(&checked.location).await.text().contains(&over), is_late, "{moment}");
            let revision = stage.read(&draft).await.field("kept_revision");
            let done =
                stage.send_form(&solingen(), &format!("{draft}/submit"), &[("revision", &revision)]).await;
            let receipt = stage.read(&done.location).await;
            assert_eq!(
                receipt.text().contains("Nach Ablauf der Antragsfrist eingegangen"),
                is_late,
                "{moment}"
            );
        }
    }
    stage.end().await;
}

/// One person submits the draft while another has a version of their own beside it; one discards a draft.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_draft_was_submitted_without_stays_readable() {
    let stage = Stage::new().await;
    let draft = stage.begin_draft().await;
    let page = stage.read(&draft).await;
    stage.send_draft(&draft, &page, "save", &filled(&[])).await;
    let (a, b) = (stage.read(&draft).await, stage.read(&draft).await);
    stage.send_draft(&draft, &a, "save", &filled(&[("title", "Neuer Titel")])).await;
    let compare = stage.send_draft(&draft, &b, "save", &filled(&[("title", "Mein Titel")])).await.location;
    assert_eq!(compare, format!("{draft}/compare"));
    // A colleague submits it, whose own versions are not those of the other.
    let mut colleague = solingen();
    colleague.person = "solingen-2".to_owned();
    let check = stage.open(&colleague, &format!("{draft}/check"), "de").await;
    let revision = check.field("revision");
    let done = stage.send_form(&colleague, &format!("{draft}/submit"), &[("revision", &revision)]).await;
    let status = done.location.strip_suffix("/receipt").expect("submitted").to_owned();
    let page = stage.read(&status).await;
    assert!(page.text().contains("ohne Ihre letzten Eingaben") && page.text().contains("Mein Titel"));
    let theirs = stage.open(&colleague, &status, "de").await;
    assert!(!theirs.text().contains("Mein Titel"), "nobody else's business");
    let discarded = stage.send_form(&solingen(), &compare, &[("action", "discard")]).await;
    assert_eq!(stage.open(&solingen(), &discarded.location, "de").await.location, status);
    assert!(!stage.read(&status).await.text().contains("Mein Titel"));

    let draft = stage.begin_draft().await;
    let (a, b) = (stage.read(&draft).await, stage.read(&draft).await);
    stage.send_draft(&draft, &a, "save", &filled(&[("title", "Eins")])).await;
    stage.send_draft(&draft, &b, "save", &filled(&[("title", "Zwei")])).await;
    stage.send_form(&solingen(), &format!("{draft}/delete"), &[]).await;
    let left: i64 =
        sqlx::query_scalar("select count(*) from bus.kept_forms").fetch_one(&stage.db).await.unwrap();
    assert_eq!(left, 0, "nothing is left of a draft that was thrown away");
    stage.end().await;
}
