//! A text gets the same answer whether it is typed into the form, sent by a program, or asked about while typing.

use axum::http::StatusCode;
use chassis::session::Fields;
use events::Application;
use intake::check::{self, Errors, Field, Wrong};
use intake::form::Form;
use pages::Language;
use pages::parse::ParseError;
use serde_json::{Value, json};
use testkit::amounts::{self, Reading};
use testkit::samples;

use crate::stage::{Stage, solingen};

/// The application as it is stored, or every field that is wrong.
type Answer = Result<Application, Errors>;

fn answer(form: &Form) -> Answer {
    check::form(form, &samples::call(), &samples::ags("05122000"))
}

/// The sample form as a browser sends it, with the text `typed` in the field `name`.
fn typed(name: &str, typed: &str) -> Answer {
    let sent: Fields = [(name.to_owned(), typed.to_owned())].into_iter().collect();
    let sent = Form::from(&sent);
    let mut form = Form::from(&samples::application());
    match name {
        "title" => form.title = sent.title,
        "method" => form.method = sent.method,
        "goals" => form.goals = sent.goals,
        "partner_name-0" => form.partners = sent.partners,
        "contact_name" => form.contact_name = sent.contact_name,
        "contact_email" => form.contact_email = sent.contact_email,
        "contact_phone" => form.contact_phone = sent.contact_phone,
        other => panic!("{other}"),
    }
    answer(&form)
}

/// The sample application as a program sends it, with `value` at `pointer`.
fn sent(pointer: &str, value: Value) -> Answer {
    let mut body = json!(samples::application());
    *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    let application = serde_json::from_str(&body.to_string()).unwrap();
    check::application(application, &samples::call(), &samples::ags("05122000"))
}

/// Every special character at the beginning, in the middle, at the end and alone.
fn texts() -> Vec<String> {
    let special = [
        "\r\n",
        "\r",
        "\n",
        "\u{b}",
        "\u{c}",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\t",
        "\0",
        "\u{1}",
        "\u{1f}",
        "\u{7f}",
        "\u{9f}",
        "\u{a0}",
        "\u{202f}",
        "\u{2003}",
        "\u{3000}",
        "\u{ad}",
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{200e}",
        "\u{200f}",
        "\u{202a}",
        "\u{202d}",
        "\u{202e}",
        "\u{202c}",
        "\u{2060}",
        "\u{2066}",
        "\u{2069}",
        "\u{feff}",
        "\u{fe0f}",
        "\u{e0041}",
        "\u{fffc}",
        "\u{115f}",
        "\u{1160}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{308}",
        "•",
        "\u{f0b7}\t",
        "– ",
        "- ",
        "* ",
        "1. ",
    ];
    let mut texts: Vec<String> = special
        .iter()
        .flat_map(|c| {
            [
                format!("{c}Ko{c}ln{c}"),
                format!("Sprachkurse{c}Elterncafé"),
                (*c).to_owned(),
                format!(" {c}{c} "),
            ]
        })
        .collect();
    texts.extend(
        [
            "👩\u{200d}👩\u{200d}👧",
            "می\u{200c}خواهم",
            "<b>Werkstatt</b>",
            "Zoë",
            "Zoe\u{308}",
            "a\r\n\r\n\r\nb",
            "\u{feff}• x\r• y",
        ]
        .map(str::to_owned),
    );
    // At and beyond the limits, counted in characters as people see them.
    for length in [200, 201, 500, 501, 5_000, 5_001] {
        texts.extend(["ü", "u\u{308}", "👩\u{200d}👧", "x\u{200b}"].map(|one| one.repeat(length)));
    }
    texts.push(format!("a{}", "\u{301}".repeat(10_000)));
    texts
}

#[test]
fn a_text_gets_the_same_answer_from_the_form_and_the_api() {
    let texts = texts();
    assert!(texts.len() > 200);
    for text in texts {
        for (name, pointer) in [
            ("title", "/title"),
            ("method", "/method"),
            ("contact_name", "/contact/name"),
            ("contact_email", "/contact/email"),
            ("contact_phone", "/contact/phone"),
        ] {
            assert_eq!(typed(name, &text), sent(pointer, json!(text)), "{name}: {text:?}");
        }
        assert_eq!(typed("goals", &text), sent("/goals", json!([text])), "{text:?}");
        // The form drops a row without a name; a program has said that there is one.
        if !pages::parse::is_blank(&text) {
            let partner = json!([{"name": text, "kind": "other"}]);
            assert_eq!(typed("partner_name-0", &text), sent("/partners", partner), "{text:?}");
        }
    }
}

/// The error that the form shows for this reading; `None` if it accepts it.
fn wrong(reading: Reading) -> Option<Wrong> {
    let wrong = match reading {
        Reading::Cents(_) => return None,
        Reading::Either(decimal, thousands) => ParseError::Ambiguous { decimal, thousands },
        Reading::Nothing => ParseError::Empty,
        Reading::NoAmount => ParseError::Amount,
        Reading::Unit => ParseError::Unit,
        Reading::Decimals => ParseError::Decimals,
        Reading::Negative => ParseError::Negative,
        Reading::TooLarge => ParseError::TooLarge,
    };
    Some(Wrong::Unreadable(wrong))
}

#[test]
fn every_amount_of_the_form_is_read_alike_and_a_program_sends_cents() {
    for (text, reading) in amounts::all() {
        let mut form = Form::from(&samples::joint("05122000", "05911000").application);
        for amount in [&mut form.grant, &mut form.own_share, &mut form.third_parties, &mut form.total] {
            *amount = text.to_owned();
        }
        form.lead_share = text.to_owned();
        form.participants[0].share = text.to_owned();
        let errors = answer(&form).expect_err("the same amount everywhere adds up to nothing");
        for field in [Field::Grant, Field::Total, Field::LeadShare, Field::ParticipantShare(0)] {
            let seen = errors.of(field).copied().filter(|wrong| matches!(wrong, Wrong::Unreadable(_)));
            assert_eq!(seen, wrong(reading), "{field:?}: {text:?}");
        }
        // Optional fields may be left out.
        for field in [Field::OwnShare, Field::ThirdParties] {
            let expected = wrong(reading).filter(|wrong| *wrong != Wrong::MISSING);
            assert_eq!(errors.of(field).copied(), expected, "{field:?}: {text:?}");
        }
        // The contract accepts no text for an amount, not even one that the form could read.
        let mut body = json!(samples::application());
        body["financing"]["grant"] = json!(text);
        assert!(serde_json::from_value::<Application>(body).is_err(), "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_gets_the_same_answer_from_the_form_the_live_sum_and_the_api() {
    let stage = Stage::new().await;
    let messages = pages::Pages::new(
        "/apply",
        include_str!("../../messages/de.ftl"),
        include_str!("../../messages/en.ftl"),
    );
    let messages = messages.unwrap();
    let page = messages.page(Language::De, None, samples::noon());
    for (amount, reading) in amounts::all() {
        let mut form = Form::from(&samples::application());
        form.grant = amount.to_owned();
        let by_form = answer(&form);

        let query = serde_html_form::to_string([("grant", amount), ("own_share", "1"), ("total", "60.001")]);
        let path = format!("/amounts?{}", query.unwrap());
        let asked = stage.get(&solingen(), &path).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
        let asked = asked.json();
        match reading {
            Reading::Cents(cents) => {
                assert_eq!(asked["cents"]["grant"], cents, "{amount:?}");
                assert_eq!(asked["gap"], 6_000_100 - 100 - cents, "{amount:?}");
                // A program that sends these cents gets the answer that the form gets.
                assert_eq!(sent("/financing/grant", json!(cents)), by_form, "{amount:?}");
            }
            // An empty field is no error while typing.
            Reading::Nothing => {
                assert_eq!(
                    (&asked["cents"]["grant"], &asked["errors"]["grant"]),
                    (&Value::Null, &Value::Null)
                );
                assert_eq!(asked["gap"], Value::Null, "{amount:?}");
            }
            refused => {
                let wrong = wrong(refused).unwrap();
                assert_eq!(asked["errors"]["grant"], wrong.say(Field::Grant, &page), "{amount:?}");
                assert_eq!((&asked["cents"]["grant"], &asked["gap"]), (&Value::Null, &Value::Null));
                assert_eq!(by_form.unwrap_err().of(Field::Grant), Some(&wrong), "{amount:?}");
            }
        }
    }
    for out_of_range in [-1, i64::MAX, 100_000_000_000] {
        let by_api = sent("/financing/grant", json!(out_of_range)).unwrap_err();
        let mut form = Form::from(&samples::application());
        form.grant = (i128::from(out_of_range) / 100).to_string();
        if out_of_range == -1 {
            form.grant = "-0,01".into();
        }
        assert_eq!(by_api.of(Field::Grant), answer(&form).unwrap_err().of(Field::Grant), "{out_of_range}");
    }
    // A half-typed plan gives no message and never fails.
    let nothing = stage.get(&solingen(), "/amounts?grant=&total=").await.json();
    assert_eq!(nothing, json!({"cents": {"own_share": 0, "third_parties": 0}, "errors": {}, "gap": null}));
    let unknown = stage.get(&solingen(), "/amounts?total=1&tota=1").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_keeps_what_the_form_would() {
    let stage = Stage::new().await;
    let mut body = json!({"call": "komm-in-2027", "application": samples::application()});
    body["application"]["method"] = json!("Sprachkurse\u{b}Elterncafé\0");
    body["application"]["title"] = json!("Netz\u{ad}werk\r\nSolingen\u{200b}");
    body["application"]["contact"]["email"] = json!("mailto:amt@solingen.de\u{200b}");
    let submit = async |key, body| stage.post_with_key(&solingen(), "/applications", key, body).await;
    let receipt = submit("k1", body.clone()).await;
    assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.text());
    let id: uuid::Uuid = receipt.json()["id"].as_str().unwrap().parse().unwrap();
    let published = &stage.published(id).await[0].1["application"];
    assert_eq!(published["method"], "Sprachkurse\nElterncafé");
    assert_eq!(published["title"], "Netzwerk Solingen");
    assert_eq!(published["contact"]["email"], "amt@solingen.de");

    body["application"]["title"] = json!("\u{200b}\u{ad}\u{2060}");
    let refused = submit("k2", body.clone()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("/application/title") && refused.text().contains("is missing"),
        "{}",
        refused.text()
    );

    // The work for one request is bounded: of as many partners as fit into it, only those up to the limit are looked
    // at.
    body["application"]["title"] = json!("Netzwerk");
    body["application"]["partners"] = vec![json!({"name": "", "kind": "other"}); 20_000].into();
    let refused = submit("k3", body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().len() < 20_000, "{}", refused.text().len());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_thousands_of_fields_is_refused() {
    let stage = Stage::new().await;
    let names: Vec<String> = (0..1_100).map(|row| format!("partner_name-{row}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let path = format!("/apply/drafts/{}", uuid::Uuid::new_v4());
    assert_eq!(stage.send_form(&solingen(), &path, &fields).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(stage.send_form(&solingen(), &path, &fields[..900]).await.status, StatusCode::NOT_FOUND);
    let long = "x".repeat(400_001);
    assert_eq!(
        stage.send_form(&solingen(), &path, &[("method", &long)]).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    stage.end().await;
}
