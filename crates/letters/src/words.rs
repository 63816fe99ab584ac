//! Writes amounts in German words, so that a figure cannot be altered unnoticed.

/// `6_000_000` → `sechzigtausend Euro`; `150` → `ein Euro und fünfzig Cent`; `50` → `fünfzig Cent`. Any amount of
/// euro cents; a negative one starts with `minus`.
pub fn amount_in_words(cents: i64) -> String {
    let sign = if cents < 0 { "minus " } else { "" };
    let (euros, cents) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    match (euros, cents) {
        (euros, 0) => format!("{sign}{} Euro", number(euros)),
        (0, cents) => format!("{sign}{} Cent", number(cents)),
        (euros, cents) => format!("{sign}{} Euro und {} Cent", number(euros), number(cents)),
    }
}

/// From a million on, numbers are feminine nouns, written as separate words.
const NOUNS: [(u64, &str, &str); 4] = [
    (1_000_000_000_000_000, "Billiarde", "Billiarden"),
    (1_000_000_000_000, "Billion", "Billionen"),
    (1_000_000_000, "Milliarde", "Milliarden"),
    (1_000_000, "Million", "Millionen"),
];

fn number(mut n: u64) -> String {
    if n == 0 {
        return "null".into();
    }
    let mut words = Vec::new();
    for (size, one, many) in NOUNS {
        match n / size {
            0 => {}
            1 => words.push(format!("eine {one}")),
            // "einhunderteine Millionen": the counted noun is feminine.
            count => words.push(format!("{} {many}", below_thousand(count, "eine"))),
        }
        n %= size;
    }
    if n > 0 {
        let (thousands, rest) = (n / 1000, n % 1000);
        let mut word = String::new();
        if thousands > 0 {
            word = below_thousand(thousands, "ein") + "tausend";
        }
        words.push(word + &below_thousand(rest, "ein"));
    }
    words.join(" ")
}

/// 1 to 999, empty for 0; `one` is the form of a final 1, which depends on what follows.
fn below_thousand(n: u64, one: &str) -> String {
    const ONES: [&str; 20] = [
        "",
        "ein",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
    ];
    const TENS: [&str; 10] =
        ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];
    let at = |list: &[&'static str], index: u64| list[index as usize];
    let hundreds = match n / 100 {
        0 => String::new(),
        count => format!("{}hundert", at(&ONES, count)),
    };
    let rest = match n % 100 {
        1 => one.into(),
        rest @ 0..20 => at(&ONES, rest).into(),
        rest if rest % 10 == 0 => at(&TENS, rest / 10).into(),
        rest => format!("{}und{}", at(&ONES, rest % 10), at(&TENS, rest / 10)),
    };
    hundreds + &rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_as_a_german_writes_them() {
        for (cents, words) in [
            (0, "null Euro"),
            (1, "ein Cent"),
            (50, "fünfzig Cent"),
            (100, "ein Euro"),
            (101, "ein Euro und ein Cent"),
            (1_600, "sechzehn Euro"),
            (1_721, "siebzehn Euro und einundzwanzig Cent"),
            (3_000, "dreißig Euro"),
            (10_000, "einhundert Euro"),
            (10_100, "einhundertein Euro"),
            (11_200, "einhundertzwölf Euro"),
            (100_000, "eintausend Euro"),
            (100_100, "eintausendein Euro"),
            (2_100_000, "einundzwanzigtausend Euro"),
            (6_000_000, "sechzigtausend Euro"),
            (6_000_050, "sechzigtausend Euro und fünfzig Cent"),
            (10_100_000, "einhunderteintausend Euro"),
            (
                12_345_678,
                "einhundertdreiundzwanzigtausendvierhundertsechsundfünfzig Euro und achtundsiebzig Cent",
            ),
            (100_000_000, "eine Million Euro"),
            (120_000_000, "eine Million zweihunderttausend Euro"),
            (1_470_000_000, "vierzehn Millionen siebenhunderttausend Euro"),
            (2_100_000_100, "einundzwanzig Millionen ein Euro"),
            (10_100_000_000, "einhunderteine Millionen Euro"),
            (
                99_999_999_999,
                "neunhundertneunundneunzig Millionen neunhundertneunundneunzigtausendneunhundertneunundneunzig Euro und neunundneunzig Cent",
            ),
            (-250, "minus zwei Euro und fünfzig Cent"),
        ] {
            assert_eq!(amount_in_words(cents), words, "{cents}");
        }
        assert!(amount_in_words(i64::MIN).starts_with("minus zweiundneunzig Billiarden "));
    }

    proptest! {
        /// Reads the words back by code that shares nothing with the writer.
        #[test]
        fn words_say_the_amount(cents in prop_oneof![0..1_000_000i64, 0..100_000_000_000i64, 0..=i64::MAX]) {
            prop_assert_eq!(read(&amount_in_words(cents)), cents as u64);
        }
    }

    fn read(text: &str) -> u64 {
        let (euros, cents) = match text.strip_suffix(" Cent") {
            None => (text.strip_suffix(" Euro").unwrap(), "null"),
            Some(rest) => rest.split_once(" Euro und ").unwrap_or(("null", rest)),
        };
        let mut sum = 0;
        let mut count = 0;
        for word in euros.split(' ') {
            let noun = [("Milliarde", 9), ("Million", 6), ("Billiarde", 15), ("Billion", 12)]
                .into_iter()
                .find(|(noun, _)| word.starts_with(noun));
            match noun {
                Some((_, zeros)) => sum += std::mem::take(&mut count) * 10u64.pow(zeros),
                None => count = read_word(word),
            }
        }
        (sum + count) * 100 + read_word(cents)
    }

    /// `dreihunderttausendvier`: split at the largest unit, then both sides are read.
    fn read_word(word: &str) -> u64 {
        const PLAIN: [(&str, u64); 30] = [
            ("", 0),
            ("null", 0),
            ("ein", 1),
            ("eine", 1),
            ("zwei", 2),
            ("drei", 3),
            ("vier", 4),
            ("fünf", 5),
            ("sechs", 6),
            ("sieben", 7),
            ("acht", 8),
            ("neun", 9),
            ("zehn", 10),
            ("elf", 11),
            ("zwölf", 12),
            ("dreizehn", 13),
            ("vierzehn", 14),
            ("fünfzehn", 15),
            ("sechzehn", 16),
            ("siebzehn", 17),
            ("achtzehn", 18),
            ("neunzehn", 19),
            ("zwanzig", 20),
            ("dreißig", 30),
            ("vierzig", 40),
            ("fünfzig", 50),
            ("sechzig", 60),
            ("siebzig", 70),
            ("achtzig", 80),
            ("neunzig", 90),
        ];
        if let Some((_, value)) = PLAIN.iter().find(|(plain, _)| *plain == word) {
            return *value;
        }
        for (unit, size) in [("tausend", 1000), ("hundert", 100)] {
            if let Some((count, rest)) = word.split_once(unit) {
                return read_word(count) * size + read_word(rest);
            }
        }
        let (ones, tens) = word.split_once("und").unwrap_or_else(|| panic!("no number: {word}"));
        read_word(ones) + read_word(tens)
    }
}
