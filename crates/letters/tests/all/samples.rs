//! Notices as the product writes them; authority and court are for demonstration.

use chrono::NaiveDate;
use letters::*;

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

pub fn all() -> [(&'static str, Notice); 3] {
    [
        ("award", Notice::Award(award())),
        ("joint-award", Notice::Award(joint_award())),
        ("rejection", Notice::Rejection(rejection())),
    ]
}

pub fn letter() -> Letter {
    Letter {
        file_number: "KOMM-IN-2027-0042".into(),
        date: Some(day(2027, 4, 15)),
        authority: Authority {
            name: "Bewilligungsbehörde Musterland".into(),
            unit: "Dezernat Integration".into(),
            address: vec!["Musterstraße 1".into(), "12345 Musterstadt".into()],
            contact: Contact {
                name: "Jana Muster".into(),
                phone: "01234 567-0".into(),
                email: "integration@bewilligungsbehoerde-musterland.example".into(),
            },
        },
        recipient: Recipient {
            name: "Stadt Solingen".into(),
            attention: Some("Ayşe Demir".into()),
            address: vec!["Walter-Scheel-Platz 1".into(), "42651 Solingen".into()],
        },
        programme: "KOMM-IN NRW".into(),
        call: "Förderaufruf 2027".into(),
        legal_basis: "§§ 23 und 44 der Landeshaushaltsordnung Nordrhein-Westfalen mit den \
                      Verwaltungsvorschriften für Zuwendungen an Gemeinden und das Förderkonzept \
                      KOMM-IN NRW"
            .into(),
        project_title: "Interkulturelle Personalentwicklung in der Stadtverwaltung".into(),
        applied_on: Some(day(2027, 1, 12)),
        applied_cents: 6_000_000,
        remedy: Court {
            name: "Verwaltungsgericht Düsseldorf".into(),
            address: "Bastionstraße 39, 40213 Düsseldorf".into(),
        },
        signed_by: Signatory { name: "Dr. Maria Beispiel".into(), on_behalf: "Im Auftrag".into() },
        label: Some(
            "Demonstration: Behörde und Angaben sind Beispiele, dieser Bescheid hat keine Wirkung.".into(),
        ),
    }
}

pub fn award() -> AwardNotice {
    AwardNotice {
        letter: letter(),
        purpose: "Die Stadt richtet ihre Personalarbeit so ein, dass mehr Menschen mit \
                  Einwanderungsgeschichte sich bewerben, eingestellt werden und bleiben. Dazu \
                  entwickelt sie ein Auswahlverfahren, schult Führungskräfte und wertet die \
                  Ergebnisse aus."
            .into(),
        amount_cents: 5_200_000,
        reasons_for_less: Some(
            "Die Sachausgaben für Veranstaltungen sind nur in Höhe von 4.000 Euro notwendig und \
             angemessen, denn städtische Räume stehen unentgeltlich zur Verfügung."
                .into(),
        ),
        financing_type: Some(FinancingType::Share { basis_points: 8_000 }),
        eligible_costs_cents: 6_500_000,
        eligible_costs_basis: "Die zuwendungsfähigen Ausgaben ergeben sich aus dem \
                               Finanzierungsplan Ihres Antrags, gekürzt um die nicht notwendigen \
                               Ausgaben."
            .into(),
        cost_items: vec![
            CostItem { name: "Personalausgaben".into(), cents: 4_850_000 },
            CostItem { name: "Honorare".into(), cents: 1_250_000 },
            CostItem { name: "Sachausgaben".into(), cents: 400_000 },
        ],
        own_share_cents: 1_000_000,
        third_party_cents: 300_000,
        grant_period: Some(Period { from: day(2027, 5, 1), to: day(2028, 1, 31) }),
        project_period: Some(Period { from: day(2027, 5, 10), to: day(2028, 1, 31) }),
        budget_years: vec![
            BudgetYear { year: 2027, cents: 4_600_000 },
            BudgetYear { year: 2028, cents: 600_000 },
        ],
        partners: vec![],
        payout: "Rufen Sie die Mittel im Portal ab. Abrufen dürfen Sie, was Sie innerhalb der \
                 nächsten zwei Monate für fällige Zahlungen brauchen."
            .into(),
        proof_due_on: Some(day(2028, 4, 30)),
        ancillary_conditions: "Allgemeine Nebenbestimmungen für Zuwendungen zur Projektförderung \
                               an Gemeinden (ANBest-G), Fassung vom 6. Juni 2022"
            .into(),
        not_applicable: None,
        conditions: vec![
            "Eine Migrantenselbstorganisation ist an Planung und Auswertung beteiligt; im \
             Sachbericht beschreiben Sie, wie."
                .into(),
            "Die Ausländerbehörde arbeitet am Projekt mit.".into(),
        ],
        earmarked_until: None,
        acknowledgement: Some(
            "Nennen Sie in Veröffentlichungen zum Projekt das Land Nordrhein-Westfalen als \
             Förderer."
                .into(),
        ),
    }
}

pub fn joint_award() -> AwardNotice {
    let mut award = award();
    award.letter.file_number = "KOMM-IN-2027-0007".into();
    award.letter.project_title = "Metropole Ruhr: gemeinsame Wege in die Einbürgerung".into();
    award.letter.recipient = Recipient {
        name: "Stadt Essen".into(),
        attention: None,
        address: vec!["Porscheplatz 1".into(), "45127 Essen".into()],
    };
    award.letter.remedy = Court {
        name: "Verwaltungsgericht Gelsenkirchen".into(),
        address: "Bahnhofsvorplatz 3, 45879 Gelsenkirchen".into(),
    };
    award.purpose = "Sechs Städte des Ruhrgebiets stimmen ihre Beratung zur Einbürgerung \
                     aufeinander ab und erproben sie gemeinsam."
        .into();
    award.amount_cents = 6_000_000;
    award.reasons_for_less = None;
    award.financing_type = Some(FinancingType::FixedSum);
    award.cost_items = vec![];
    award.eligible_costs_cents = 7_500_000;
    award.own_share_cents = 1_500_000;
    award.third_party_cents = 0;
    award.grant_period = Some(Period { from: day(2027, 5, 1), to: day(2027, 12, 31) });
    award.project_period = award.grant_period;
    award.budget_years = vec![];
    award.partners = ["Essen", "Bochum", "Dortmund", "Duisburg", "Mülheim an der Ruhr", "Oberhausen"]
        .map(|name| PartnerShare { name: format!("Stadt {name}"), share_cents: 1_000_000 })
        .into();
    award.conditions = vec![];
    award
}

pub fn rejection() -> RejectionNotice {
    RejectionNotice {
        letter: Letter { file_number: "KOMM-IN-2027-0051".into(), ..letter() },
        reasons: vec![
            "Das Projekt hat am 1. März 2027 begonnen. Gefördert werden nur Projekte, die beim \
             Erlass des Bescheids noch nicht begonnen haben; eine Zustimmung zum vorzeitigen \
             Beginn liegt nicht vor."
                .into(),
            "Die Gesamtfinanzierung ist nicht gesichert: Dem Finanzierungsplan fehlen 12.000 Euro.".into(),
        ],
    }
}
