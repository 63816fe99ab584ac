//! What the reader gets: the PDF, read back by poppler (package `poppler-utils`).

use crate::samples::*;
use letters::*;
use std::io::Write;
use std::process::{Command, Stdio};

fn pdf(notice: Notice) -> Pdf {
    render(&notice).expect("a sample is complete")
}

fn poppler(program: &str, arguments: &[&str], pdf: &Pdf) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} of poppler-utils is needed here: {error}"));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(&pdf.bytes).expect("poppler reads all of it");
    drop(stdin);
    let output = child.wait_with_output().expect("poppler ends");
    assert!(output.status.success(), "{program} could not read the file");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The words in the order of the file, separated by single spaces, wherever lines end.
fn words(pdf: &Pdf) -> String {
    let text = poppler("pdftotext", &["-raw", "-", "-"], pdf);
    // A hyphen at the end of a line is a soft hyphen in the file.
    text.replace("\u{ad}\n", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_says(text: &str, phrases: &[&str]) {
    for phrase in phrases {
        assert!(text.contains(phrase), "»{phrase}« is not in:\n{text}");
    }
}

#[test]
fn an_award_says_all_that_is_required() {
    let text = words(&pdf(Notice::Award(award())));
    assert_says(
        &text,
        &[
            "Bewilligungsbehörde Musterland",
            "Stadt Solingen z. Hd. Ayşe Demir Walter-Scheel-Platz 1 42651 Solingen",
            "KOMM-IN-2027-0042",
            "15. April 2027",
            "Ihr Antrag vom 12. Januar 2027",
            "KOMM-IN NRW, Förderaufruf 2027",
            "eine Zuwendung von höchstens 52.000,00 Euro in Worten: zweiundfünfzigtausend Euro",
            "also um 8.000,00 Euro, lehnen wir ihn ab",
            "Landeshaushaltsordnung",
            "Auswahlverfahren",
            "10. Mai 2027 bis 31. Januar 2028",
            "1. Mai 2027 bis 31. Januar 2028",
            "Anteil von 80 Prozent",
            "Ausgaben von 65.000,00 Euro",
            "Personalausgaben 48.500,00",
            "Eigenanteil 10.000,00",
            "Mittel Dritter 3.000,00",
            "2028 6.000,00",
            "der nächsten zwei Monate",
            "bis zum 30. April 2028",
            "(ANBest-G), Fassung vom 6. Juni 2022",
            "Migrantenselbstorganisation",
            "städtische Räume stehen unentgeltlich",
            "Die Frist beträgt einen Monat",
            "Verwaltungsgericht Düsseldorf, Bastionstraße 39, 40213 Düsseldorf",
            "Im Auftrag Dr. Maria Beispiel",
            "Anlage 2: Verzicht auf eine Klage",
        ],
    );
}

#[test]
fn a_full_award_of_a_joint_project_lists_the_shares_and_rejects_nothing() {
    let text = words(&pdf(Notice::Award(joint_award())));
    assert_says(
        &text,
        &["Festbetrag", "Stadt Mülheim an der Ruhr 10.000,00", "Zuwendung 60.000,00", "sechzigtausend Euro"],
    );
    for absent in ["lehnen wir ihn ab", "Der Grund", "höchstens", "Haushaltsjahr ", "Außerdem gilt"] {
        assert!(!text.contains(absent), "»{absent}« is in:\n{text}");
    }
}

#[test]
fn every_financing_type_has_its_words() {
    let kinds = [
        (FinancingType::Deficit, "Fehlbedarfsfinanzierung"),
        (FinancingType::Full { reason: "Es besteht ein Landesinteresse.".into() }, "ein Landesinteresse"),
        (FinancingType::Share { basis_points: 8_005 }, "80,05 Prozent"),
    ];
    for (kind, words_of_it) in kinds {
        let notice = AwardNotice { financing_type: Some(kind), ..award() };
        assert_says(&words(&pdf(Notice::Award(notice))), &[words_of_it]);
    }
}

#[test]
fn a_rejection_gives_its_reasons_and_the_remedy() {
    let pdf = pdf(Notice::Rejection(rejection()));
    assert_says(
        &words(&pdf),
        &[
            "Ablehnungsbescheid",
            "auf eine Zuwendung von 60.000,00 Euro",
            "lehnen wir ab",
            "1. Das Projekt hat am 1. März 2027 begonnen.",
            "2. Die Gesamtfinanzierung ist nicht gesichert",
            "Verwaltungsgericht Düsseldorf",
            "Dr. Maria Beispiel",
        ],
    );
    assert_eq!(pdf.pages, 1);
}

#[test]
fn the_label_is_on_every_page() {
    let pdf = pdf(Notice::Award(award()));
    for page in 1..=pdf.pages {
        let page = page.to_string();
        let text = poppler("pdftotext", &["-f", &page, "-l", &page, "-", "-"], &pdf);
        assert_says(&text, &["Demonstration: Behörde und Angaben sind Beispiele"]);
    }
    let mut real = award();
    real.letter.label = None;
    assert!(!words(&self::pdf(Notice::Award(real))).contains("Demonstration"));
}

#[test]
fn the_same_notice_gives_the_same_file() {
    let first = pdf(Notice::Award(award()));
    pdf(Notice::Rejection(rejection()));
    let others = std::thread::scope(|scope| {
        let renders: Vec<_> = (0..3).map(|_| scope.spawn(|| pdf(Notice::Award(award())))).collect();
        renders.into_iter().map(|render| render.join().unwrap()).collect::<Vec<_>>()
    });
    for other in others {
        assert!(other == first);
    }
    let mut later = award();
    later.letter.date = Some(day(2027, 4, 16));
    assert_ne!(pdf(Notice::Award(later)).sha256, first.sha256);
}

#[test]
fn markup_in_texts_stays_text() {
    let evil =
        r#"#import "x" #panic() $a^2$ *fett* _kursiv_ `code` @ref <label> // weg \ \u{41} </script> = H"#;
    let mut notice = award();
    notice.letter.project_title = evil.into();
    notice.letter.recipient.name = evil.into();
    notice.purpose = evil.into();
    notice.conditions = vec![format!("- {evil}")];
    notice.partners = vec![PartnerShare { name: evil.into(), share_cents: notice.amount_cents }];
    let text = words(&pdf(Notice::Award(notice)));
    // Address, subject, sentence, purpose, condition, partner, title and name of the form; without spaces, because
    // lines may end in them.
    let dense = |text: &str| text.replace(' ', "");
    assert_eq!(dense(&text).matches(&dense(evil)).count(), 6, "{text}");
    // Two of them are within quotation marks, where the marks inside become single.
    let quoted = dense(&format!("„{}“", evil.replace(r#""x""#, "‚x‘")));
    assert_eq!(dense(&text).matches(&quoted).count(), 2, "{text}");
}

#[test]
fn names_that_registers_must_be_able_to_write_are_printed() {
    // DIN 91379: Latin letters with any mark in use, even those that exist only as sequences.
    let names = "ÅÄÖÜẞ åäöüß Ǆ Ə ə Ḏ ḏ Ẕ ẕ Ḥ ḥ Ữ ữ Ǖ ǖ Ǻ ǻ Ș ș Ț ț Ẁ ẁ Ỳ ỳ ʹ ʺ ʾ ʿ \
                 C̆ c̆ D̂ d̂ K͟h M̂ m̂ N̆ ṉ̇ P̄ p̄ R̥̄ r̥̄ S̱ s̱ Z̀ z̀ Ĺ ŀ Ŀ";
    let mut notice = rejection();
    notice.letter.recipient.attention = Some(names.into());
    notice.reasons = vec!["Ελλάδα, Україна".into()];
    let notice = Notice::Rejection(notice);
    assert_eq!(unprintable(&notice), Default::default());
    assert_says(&words(&pdf(notice)), &["Ẕ", "Ữ", "Ș", "Ελλάδα, Україна"]);
}

#[test]
fn what_has_no_glyph_becomes_a_box_and_is_told() {
    let mut notice = rejection();
    notice.letter.project_title = "Haus 🏡 العربية\u{202e}\u{7}\u{200b} Ende\u{a0}hier".into();
    let notice = Notice::Rejection(notice);
    assert!(unprintable(&notice).contains(&'🏡'));
    assert!(!unprintable(&notice).contains(&'\u{202e}'));
    assert_says(&words(&pdf(notice)), &["Haus □ □□□□□□□ Ende hier"]);
}

#[test]
fn it_can_be_read_aloud_and_archived() {
    let pdf = pdf(Notice::Award(award()));
    let info = poppler("pdfinfo", &["-"], &pdf);
    assert_says(&info, &["Zuwendungsbescheid KOMM-IN-2027-0042: Interkulturelle", "Musterland"]);
    assert_says(&info.split_whitespace().collect::<Vec<_>>().join(" "), &["Tagged: yes", "Apr 15"]);
    let metadata = poppler("pdfinfo", &["-meta", "-"], &pdf);
    assert_says(&metadata, &["<pdfuaid:part>1", "<pdfaid:part>2", "<pdfaid:conformance>A", "<rdf:li>de<"]);
    let structure = poppler("pdfinfo", &["-struct-text", "-"], &pdf);
    assert_says(
        &structure,
        &[
            "H1 \"Zuwendungsbescheid\"",
            "H2 \"Bewilligung\"",
            "Table",
            "TH ",
            "LBody",
            "Link",
            "\"15. April 2027\"",
        ],
    );
    let catalog = String::from_utf8_lossy(&pdf.bytes);
    assert_says(&catalog, &["/Lang(de)", "/DisplayDocTitle true", "/Marked true"]);
}

#[test]
fn long_matters_still_fit() {
    let mut notice = award();
    notice.letter.project_title = "Donaudampfschifffahrtsgesellschaftskapitänsmütze ".repeat(8);
    notice.letter.recipient.name = "Zweckverband interkommunale Zusammenarbeit ".repeat(4);
    notice.letter.authority.contact = Contact::default();
    notice.conditions = vec!["Eine Bedingung, die man lesen muss. ".repeat(6); 60];
    notice.reasons_for_less = Some("Erstens.\n\nZweitens.".into());
    let pdf = pdf(Notice::Award(notice));
    assert!(pdf.pages > 6);
    assert_says(&words(&pdf), &["60. Eine Bedingung", "Erstens. Zweitens."]);
}

/// The position of a word on a page, in points (1/72 inch) from the upper left corner.
#[derive(Debug)]
struct Placed {
    page: usize,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    word: String,
}

const MM: f64 = 72.0 / 25.4;

/// All words with their positions.
fn placed(pdf: &Pdf) -> Vec<Placed> {
    let mut page = 0;
    let mut found = Vec::new();
    for line in poppler("pdftotext", &["-bbox", "-", "-"], pdf).lines() {
        let line = line.trim();
        page += usize::from(line.starts_with("<page "));
        let Some((place, word)) = line.strip_prefix("<word ").and_then(|word| word.split_once('>')) else {
            continue;
        };
        let number = |name: &str| -> f64 {
            let (_, value) = place.split_once(&format!("{name}=\"")).expect("a box has four sides");
            value.split('"').next().and_then(|value| value.parse().ok()).expect("a number")
        };
        let word = word.trim_end_matches("</word>").to_owned();
        let [left, right] = [number("xMin"), number("xMax")];
        found.push(Placed { page, left, right, top: number("yMin"), bottom: number("yMax"), word });
    }
    assert!(!found.is_empty());
    found
}

/// Asserts that every word is within the margins, and that on the first page the address stays left of the reference
/// block and nothing overlaps the address.
fn assert_in_its_box(pdf: &Pdf) {
    let words = placed(pdf);
    let slack = 0.5;
    for word in &words {
        assert!(word.left >= 25.0 * MM - slack && word.right <= 190.0 * MM + slack, "{word:?}");
        assert!(word.top >= 5.0 * MM && word.bottom <= 295.0 * MM, "{word:?}");
    }
    let first = |text: &str| words.iter().find(|word| word.page == 1 && word.word == text);
    let file_number = first("Aktenzeichen").expect("the reference block");
    let heading = first("Zuwendungsbescheid").or(first("Ablehnungsbescheid")).expect("a heading");
    assert!(file_number.left >= 110.0 * MM - slack, "{file_number:?}");
    for word in words.iter().filter(|word| word.page == 1) {
        if word.top >= file_number.top - slack && word.bottom < heading.top {
            assert!(word.right <= 105.0 * MM + slack || word.left >= 110.0 * MM - slack, "{word:?}");
        }
    }
    // No two words overlap.
    for (at, one) in words.iter().enumerate() {
        for other in &words[at + 1..] {
            let across = one.right.min(other.right) - one.left.max(other.left);
            let down = one.bottom.min(other.bottom) - one.top.max(other.top);
            let height = (one.bottom - one.top).min(other.bottom - other.top);
            assert!(
                one.page != other.page || across < 1.0 || down < height * 0.5,
                "{one:?} stands on {other:?}"
            );
        }
    }
}

/// A notice in which every text that comes from outside is `word`.
fn filled(word: &str) -> AwardNotice {
    let mut notice = joint_award();
    let letter = &mut notice.letter;
    for text in [
        &mut letter.authority.name,
        &mut letter.authority.unit,
        &mut letter.authority.contact.name,
        &mut letter.authority.contact.phone,
        &mut letter.authority.contact.email,
        &mut letter.recipient.name,
        &mut letter.programme,
        &mut letter.call,
        &mut letter.legal_basis,
        &mut letter.project_title,
        &mut letter.remedy.name,
        &mut letter.remedy.address,
        &mut letter.signed_by.name,
        &mut letter.signed_by.on_behalf,
        &mut notice.purpose,
        &mut notice.payout,
        &mut notice.eligible_costs_basis,
        &mut notice.ancillary_conditions,
    ] {
        *text = word.to_owned();
    }
    let file_number: String = word.chars().take(40).collect();
    letter.file_number = format!("{file_number}-2027-0001");
    // The footer has room for five lines.
    letter.authority.address = vec![word.chars().take(30).collect(); 2];
    letter.recipient.address = vec![word.to_owned()];
    letter.recipient.attention = Some(word.to_owned());
    letter.label = Some(word.to_owned());
    notice.partners.iter_mut().for_each(|partner| partner.name = word.to_owned());
    notice.cost_items.iter_mut().for_each(|item| item.name = word.to_owned());
    notice.conditions = vec![word.to_owned(), format!("Wort {word} und {word}.")];
    notice.acknowledgement = Some(word.to_owned());
    notice.not_applicable = Some(word.to_owned());
    notice
}

#[test]
fn long_words_stay_in_their_box() {
    let parts = ["Asylbewerber", "leistungs", "angelegenheiten", "sachbearbeitungs", "stelle"];
    let one_word: String = parts.iter().cycle().take(12).copied().collect();
    for word in [
        "Asylbewerberleistungsangelegenheitensachbearbeitungsstelle",
        &one_word.chars().take(120).collect::<String>(),
        &"W".repeat(120),
        &"x".repeat(90),
        "integration.und.vielfalt@bewilligungsbehoerdefuerintegrationsfoerderung.musterland.example",
        "Finanzierungsplan_Kostenaufstellung_2027_final_überarbeitet_v17_(Kopie)_endgültig.xlsx",
        "https://www.beispiel.example/foerderung/integration/2027?antrag=0190c3a4b5d67e8f9a0b1c2d3e4f",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        "Мультикультурнаяадминистративнаяинтеграционнаякоординационнаяслужба",
        "kurz",
    ] {
        let pdf = pdf(Notice::Award(filled(word)));
        assert_in_its_box(&pdf);
        // Copied text has the word unchanged: no character was inserted to break it.
        let dense = |text: &str| text.replace(char::is_whitespace, "").replace('\u{ad}', "");
        let raw = poppler("pdftotext", &["-raw", "-", "-"], &pdf);
        assert!(!raw.contains('\u{200b}'));
        assert!(dense(&raw).contains(&dense(&format!("z. Hd. {word}"))), "{word}: {raw}");
        let info = poppler("pdfinfo", &["-"], &pdf);
        assert!(info.contains(word) && !info.contains('\u{200b}'), "{info}");
        let mut rejection = rejection();
        rejection.letter = filled(word).letter;
        rejection.reasons = vec![word.to_owned(); 3];
        assert_in_its_box(&self::pdf(Notice::Rejection(rejection)));
    }
}

#[test]
fn ordinary_letters_are_in_their_boxes_too() {
    for (_, notice) in all() {
        assert_in_its_box(&pdf(notice));
    }
}

#[test]
fn quotation_marks_in_a_title_are_single_ones() {
    let mut notice = award();
    notice.letter.project_title = "Lotsen „Ankommen“ im \"Quartier\"".into();
    let text = words(&pdf(Notice::Award(notice)));
    assert_eq!(text.matches("„Lotsen ‚Ankommen‘ im ‚Quartier‘“").count(), 2, "{text}");
    // Where the template adds no quotation marks, the title is as it was typed.
    assert_says(&text, &["Projekt Lotsen „Ankommen“ im \"Quartier\""]);
}
