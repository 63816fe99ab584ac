use events::{
    Application, Cents, FundingPriority, JointProject, Language as MailLanguage, Participant, PartnerKind,
};
use pages::Language;
use pages::messages::Messages;
use pages::parse::ParseError;
use proptest::prelude::*;
use testkit::samples;

use super::hints::{Hint, hints};
use super::{Errors, Field, LINE, LIST, TEXT, Wrong};
use crate::form::{Form, ParticipantRow, PartnerRow, id_of};

fn wrong(change: impl FnOnce(&mut Form)) -> Vec<(Field, Wrong)> {
    let mut form = Form::from(&samples::application());
    change(&mut form);
    match super::form(&form, &samples::call(), &samples::ags("05122000")) {
        Ok(_) => Vec::new(),
        Err(errors) => list(errors),
    }
}

fn wrong_application(change: impl FnOnce(&mut Application)) -> Vec<(Field, Wrong)> {
    let mut application = samples::application();
    change(&mut application);
    match super::application(application, &samples::call(), &samples::ags("05122000")) {
        Ok(_) => Vec::new(),
        Err(errors) => list(errors),
    }
}

fn list(errors: Errors) -> Vec<(Field, Wrong)> {
    errors.iter().map(|(field, wrong)| (field, *wrong)).collect()
}

fn row(ags: &str, share: &str) -> ParticipantRow {
    ParticipantRow { ags: ags.into(), share: share.into() }
}

/// Makes the sample a joint project; its grant is 48,000.00 €.
fn joint(form: &mut Form) {
    form.is_joint = true;
    form.lead_share = "28.000".into();
    form.participants = vec![row("05911000", "10.000,00"), row("05913000", "10 000 €")];
}

#[test]
fn a_form_that_is_whole_becomes_the_application_it_was_made_of() {
    let call = crate::call_file::read(include_str!("../../../../deploy/calls/komm-in-2027.toml")).unwrap();
    for text in [
        include_str!("../../../../deploy/demo/solingen.toml"),
        include_str!("../../../../deploy/demo/paderborn.toml"),
        include_str!("../../../../deploy/demo/metropole-ruhr.toml"),
    ] {
        let project = crate::demo::read(text).unwrap();
        let read = super::form(&Form::from(&project.application), &call, &project.ags).unwrap();
        let mut expected = project.application;
        expected.products_and_results = expected.products_and_results.trim().to_owned();
        assert_eq!(read, expected);
        assert_eq!(hints(&read, &call, "2026-11-23T10:00:00Z".parse().unwrap()), []);
    }
}

#[test]
fn every_field_that_must_be_there_is_missed_beside_it() {
    let mut form = Form::default();
    form.drop_blank_rows();
    let errors = super::form(&form, &samples::call(), &samples::ags("05122000")).unwrap_err();
    let missing: Vec<Field> =
        errors.iter().filter(|(_, wrong)| **wrong == Wrong::MISSING).map(|(field, _)| field).collect();
    let expected = [
        Field::Title,
        Field::FieldOfAction,
        Field::ProblemStatement,
        Field::Goals,
        Field::Method,
        Field::ProductsAndResults,
        Field::FundingPriorities,
        Field::ImmigrationOfficePart,
        Field::ProjectFrom,
        Field::ProjectTo,
        Field::Grant,
        Field::Total,
        Field::ContactName,
        Field::ContactEmail,
    ];
    assert_eq!(missing, expected, "in the order of the form");
    assert_eq!(errors.iter().count(), expected.len(), "and nothing else");
}

#[test]
fn a_plan_that_is_off_by_a_cent_does_not_pass() {
    let cent = |gap| vec![(Field::Total, Wrong::PlanGap { gap: Cents(gap) })];
    assert_eq!(wrong(|form| form.total = "60.000,01".into()), cent(1));
    assert_eq!(wrong(|form| form.third_parties = "2.000,01".into()), cent(-1));
    // As long as an amount cannot be read, no sum is reported.
    let unreadable = wrong(|form| form.own_share = "viel".into());
    assert_eq!(unreadable, [(Field::OwnShare, Wrong::Unreadable(ParseError::Amount))]);
}

#[test]
fn amounts_that_are_none_are_refused() {
    for (typed, error) in [
        ("-1", ParseError::Negative),
        ("1e6", ParseError::Amount),
        ("1.000.000.000", ParseError::TooLarge),
        ("42000,0050", ParseError::Decimals),
        ("'; drop table drafts; --", ParseError::Amount),
    ] {
        assert_eq!(
            wrong(|form| form.grant = typed.into()),
            [(Field::Grant, Wrong::Unreadable(error))],
            "{typed}"
        );
    }
    assert_eq!(
        wrong(|form| (form.grant, form.total) = ("0".into(), "12000".into())),
        [(Field::Grant, Wrong::Nothing)]
    );
    let none = wrong(|form| (form.third_parties, form.total) = (String::new(), "58.000".into()));
    assert_eq!(none, []);
}

#[test]
fn shares_of_a_joint_project_add_up() {
    assert_eq!(wrong(joint), []);
    let gap = |gap| vec![(Field::LeadShare, Wrong::SharesGap { gap: Cents(gap) })];
    assert_eq!(wrong(|form| (joint(form), form.lead_share = "27.999,99".into()).1), gap(1));
    assert_eq!(wrong(|form| (joint(form), form.participants.push(row("05112000", "1"))).1), gap(-100));
    assert_eq!(
        wrong(|form| (joint(form), form.participants.clear()).1),
        [
            (Field::LeadShare, Wrong::SharesGap { gap: Cents::euros(20_000) }),
            (Field::Participants, Wrong::MISSING),
        ]
    );
    // Rows of a project that is not joint are not checked.
    assert_eq!(wrong(|form| (joint(form), form.is_joint = false, form.lead_share = "?".into()).2), []);
}

#[test]
fn participants_are_other_municipalities_each_once() {
    for (ags, expected) in [
        ("05999999", Wrong::UnknownMunicipality),
        ("Bochum", Wrong::UnknownMunicipality),
        ("", Wrong::MISSING),
        ("05122000", Wrong::IsLead),
        ("05911000", Wrong::Repeated),
    ] {
        let found = wrong(|form| (joint(form), form.participants[1].ags = ags.into()).1);
        assert_eq!(found, [(Field::ParticipantAgs(1), expected)], "{ags}");
    }
}

#[test]
fn dates_are_read_and_stand_in_order() {
    assert_eq!(wrong(|form| form.project_from = "1.3.2027".into()), []);
    assert_eq!(wrong(|form| form.project_from = "\u{202d}01.\u{a0}03.27".into()), []);
    let early = wrong_application(|one| one.project_period.from = "0027-03-01".parse().unwrap());
    assert_eq!(early, [(Field::ProjectFrom, Wrong::Unreadable(ParseError::Date))]);
    for typed in ["2027-02-30", "bald", "01.03.227", "9999-99-99"] {
        let found = wrong(|form| form.project_from = typed.into());
        assert_eq!(found, [(Field::ProjectFrom, Wrong::Unreadable(ParseError::Date))], "{typed}");
    }
    assert_eq!(
        wrong(|form| form.project_to = "2027-02-28".into()),
        [(Field::ProjectTo, Wrong::EndsBeforeStart)]
    );
}

#[test]
fn only_what_the_call_offers_can_be_chosen() {
    let mut call = samples::call();
    call.funding_priorities = vec![FundingPriority::Networking];
    let errors = super::application(samples::application(), &call, &samples::ags("05122000")).unwrap_err();
    assert_eq!(list(errors), [(Field::FundingPriorities, Wrong::NotOffered)]);
    let twice = wrong_application(|one| one.themes.push(one.themes[0]));
    assert_eq!(twice, [(Field::Themes, Wrong::Repeated)]);
    let twice = wrong_application(|one| one.declarations.push(one.declarations[0]));
    assert_eq!(twice, [(Field::Declarations, Wrong::Repeated)]);
}

#[test]
fn texts_have_an_end() {
    let long = |length| "ü".repeat(length);
    assert_eq!(wrong(|form| form.title = long(LINE)), []);
    let too_long = |length, limit| Wrong::TooLong { length, limit };
    assert_eq!(wrong(|form| form.title = long(LINE + 1)), [(Field::Title, too_long(LINE + 1, LINE))]);
    assert_eq!(wrong(|form| form.method = long(TEXT)), []);
    assert_eq!(wrong(|form| form.method = long(10_000_000)), [(Field::Method, too_long(10_000_000, TEXT))]);
    let many = vec!["Ziel"; LIST + 1].join("\n");
    assert_eq!(wrong(|form| form.goals = many), [(Field::Goals, Wrong::TooMany { limit: LIST })]);
    let partners = vec![PartnerRow { name: "Verein".into(), kind: String::new() }; LIST + 1];
    assert_eq!(wrong(|form| form.partners = partners), [(Field::Partners, Wrong::TooMany { limit: LIST })]);
}

#[test]
fn markup_and_statements_are_plain_text() {
    let text = "<script>alert(1)</script> '; drop table drafts; -- {{ 7*7 }} \u{202e}";
    assert_eq!(wrong(|form| (form.title, form.method) = (text.into(), text.into())), []);
}

#[test]
fn texts_sent_by_a_program_are_cleaned_like_typed_ones() {
    let mut application = samples::application();
    application.title = "Titel\r\nBcc: alle@example.org".into();
    application.method = "Sprachkurse\u{b}Elterncafé\u{0}".into();
    application.goals = vec!["•\tEin Ziel\nund noch eins".into(), "\u{200b}".into()];
    application.contact.email = "amt@solingen.de\u{200b}".into();
    let read = super::application(application, &samples::call(), &samples::ags("05122000")).unwrap();
    assert_eq!(read.title, "Titel Bcc: alle@example.org");
    assert_eq!(read.method, "Sprachkurse\nElterncafé");
    assert_eq!(read.goals, ["Ein Ziel", "und noch eins"]);
    assert_eq!(read.contact.email, "amt@solingen.de");
    for invisible in ["\u{200b}\u{ad}\u{2060}", "\u{3164}", "\u{2800} \u{feff}"] {
        for found in [
            wrong_application(|one| one.title = invisible.into()),
            wrong(|form| form.title = invisible.into()),
        ] {
            assert_eq!(found, [(Field::Title, Wrong::MISSING)], "{invisible:?}");
        }
    }
    let found = wrong_application(|one| one.financing.grant = Cents(-1));
    assert_eq!(found, [(Field::Grant, Wrong::Unreadable(ParseError::Negative))]);
    let found = wrong_application(|one| one.financing.total = Cents(i64::MAX));
    assert_eq!(found, [(Field::Total, Wrong::Unreadable(ParseError::TooLarge))]);
    let all = vec![Participant { ags: "05911000".parse().unwrap(), share: Cents(i64::MAX) }; 3];
    let found = wrong_application(|one| {
        one.joint = Some(JointProject { lead_share: Cents::ZERO, participants: all })
    });
    assert!(
        found.contains(&(Field::ParticipantShare(0), Wrong::Unreadable(ParseError::TooLarge))),
        "{found:?}"
    );
}

#[test]
fn an_email_address_is_one_that_mail_servers_take() {
    for good in ["a@b.de", "integration+komm-in@stadt.nrw.de", "o'neil.x@xn--kln-sna.de"] {
        assert_eq!(wrong(|form| form.contact_email = good.into()), [], "{good}");
    }
    assert_eq!(
        wrong(|form| form.contact_email = "amt@köln.de".into()),
        [(Field::ContactEmail, Wrong::EmailLetters)]
    );
    for bad in [
        "a",
        "@b.de",
        "a@",
        "a@b",
        "a@@b.de",
        "a b@c.de",
        "a@b..de",
        ".a@b.de",
        "a..b@c.de",
        "a@-b.de",
        "a@[1.2.3.4]",
        "ä@b.de",
        "a@b.de\nBcc: c@d.de",
        "\"a b\"@c.de",
        "a@b.de; c@d.de",
    ] {
        assert_eq!(
            wrong_application(|one| one.contact.email = bad.into())[0].0,
            Field::ContactEmail,
            "{bad}"
        );
    }
}

#[test]
fn what_eligibility_decides_is_a_hint_and_no_obstacle() {
    let call = samples::call();
    let mut application = samples::application();
    application.project_period.from = "2026-10-01".parse().unwrap();
    application.project_period.to = "2028-02-01".parse().unwrap();
    application.financing.grant = Cents::euros(4_999);
    application.declarations.pop();
    let now = "2027-03-01T00:00:00Z".parse().unwrap();
    assert_eq!(
        hints(&application, &call, now),
        [
            Hint::Late { closed: call.window.end() },
            Hint::OutsideCall { from: call.project_from, to: call.project_to },
            Hint::Begun,
            Hint::BelowMinimum { minimum: Cents::euros(5_000) },
            Hint::Declarations { missing: 1 },
        ]
    );
    application.financing.grant = Cents(10_000_001);
    let above = Hint::AboveMaximum { maximum: Cents::euros(100_000) };
    assert!(hints(&application, &call, now).contains(&above));
    assert!(wrong_application(|one| one.declarations.clear()).is_empty());
}

#[test]
fn rows_and_choices_are_read() {
    let mut form = Form::from(&samples::application());
    form.partners.insert(0, PartnerRow::default());
    form.contact_language = "en".into();
    form.drop_blank_rows();
    let read = super::form(&form, &samples::call(), &samples::ags("05122000")).unwrap();
    assert_eq!(read.partners.len(), 1);
    assert_eq!(read.partners[0].kind, PartnerKind::MigrantOrganisation);
    assert_eq!(read.contact.language, MailLanguage::En);
    assert_eq!(id_of(PartnerKind::MigrantOrganisation), "migrant_organisation");
}

#[test]
fn every_mistake_has_words_in_both_languages() {
    let (de, en) = (include_str!("../../messages/de.ftl"), include_str!("../../messages/en.ftl"));
    pages::messages::assert_catalogues_match(de, en);
    let messages = Messages::new(de, en).unwrap();
    let pages = pages::Pages::new("/apply", de, en).unwrap();
    let cent = Cents(1);
    let mistakes = [
        Wrong::MISSING,
        Wrong::Unreadable(ParseError::Amount),
        Wrong::Unreadable(ParseError::Decimals),
        Wrong::Unreadable(ParseError::Negative),
        Wrong::Unreadable(ParseError::TooLarge),
        Wrong::Unreadable(ParseError::Date),
        Wrong::TooLong { length: 2, limit: 1 },
        Wrong::TooMany { limit: 1 },
        Wrong::Nothing,
        Wrong::EndsBeforeStart,
        Wrong::PlanGap { gap: cent },
        Wrong::PlanGap { gap: Cents(-1) },
        Wrong::SharesGap { gap: cent },
        Wrong::SharesGap { gap: Cents(-1) },
        Wrong::UnknownMunicipality,
        Wrong::IsLead,
        Wrong::Repeated,
        Wrong::NotOffered,
        Wrong::Email,
        Wrong::EmailLetters,
        Wrong::Unreadable(ParseError::Unit),
        Wrong::Unreadable(ParseError::Ambiguous { decimal: 50, thousands: 50_000 }),
    ];
    for language in Language::ALL {
        let page = pages.page(language, None, "2026-11-23T10:00:00Z".parse().unwrap());
        for wrong in mistakes {
            let text = wrong.say(Field::ParticipantAgs(0), &page);
            assert!(!text.contains(['⟦', '{', '$']), "{text}");
        }
    }
    let gap = Wrong::PlanGap { gap: cent }.say_in_english(Field::Total, &messages);
    assert!(gap.contains("€0.01 of the total cost are missing"), "{gap}");
}

proptest! {
    /// Any typed text gives either an application or an error beside its field, and never a panic.
    #[test]
    fn anything_can_be_typed(texts in proptest::collection::vec("\\PC{0,40}|[0-9.,€ -]{0,12}|2027-[0-9]{2}-[0-9]{2}", 12)) {
        let form = Form {
            title: texts[0].clone(),
            goals: texts[1].clone(),
            is_joint: true,
            lead_share: texts[2].clone(),
            participants: vec![row(&texts[3], &texts[4])],
            project_from: texts[5].clone(),
            project_to: texts[6].clone(),
            grant: texts[7].clone(),
            own_share: texts[8].clone(),
            third_parties: texts[9].clone(),
            total: texts[10].clone(),
            contact_email: texts[11].clone(),
            ..Form::from(&samples::application())
        };
        if let Ok(read) = super::form(&form, &samples::call(), &samples::ags("05122000")) {
            prop_assert_eq!(read.financing.gap(), Cents::ZERO);
            let again = super::application(read.clone(), &samples::call(), &samples::ags("05122000"));
            prop_assert_eq!(again, Ok(read));
        }
    }

    /// Exact to the cent, for every split of every amount.
    #[test]
    fn plans_add_up_or_do_not_pass(grant in 1..9_000_000_000_i64, own in 0..1_000_000_i64, third in 0..1_000_000_i64, off in -2..=2_i64) {
        let found = wrong_application(|one| {
            one.financing.grant = Cents(grant);
            one.financing.own_share = Cents(own);
            one.financing.third_parties = Cents(third);
            one.financing.total = Cents(grant + own + third + off);
        });
        prop_assert_eq!(found.is_empty(), off == 0, "{:?}", found);
    }
}
