//! The browser counts characters in the same way as the server.

use std::process::Command;

use pages::parse::{length, lines};

#[test]
fn the_script_counts_as_the_server_does() {
    let texts = [
        String::new(),
        "Köln".into(),
        "Ko\u{308}ln".into(),
        "👩\u{200d}👩\u{200d}👧🇩🇪 1\u{fe0f}\u{20e3}".into(),
        "a\nb\r\nc\rd\u{b}e\u{85}f".into(),
        "  Sprach\u{ad}kurse\u{200b} \0 und\u{a0}Elterncafé \u{feff}".into(),
        "\u{200b}\u{2060}".into(),
        "می\u{200c}خواهم क्षि".into(),
        format!("a{}", "\u{301}".repeat(9_999)),
        "👩\u{200d}👧".repeat(300),
    ];
    let script = include_str!("../../assets/bescheid.js");
    let from = script.find("const clusters =").unwrap();
    let to = script.find("function count(input)").unwrap();
    let literals: Vec<String> = texts.iter().map(|text| format!("\"{}\"", text.escape_unicode())).collect();
    let program = format!(
        "const language = \"de\";\n{}\nconsole.log([{}].map(length).join(\" \"));",
        &script[from..to],
        literals.join(",")
    );
    let ran =
        Command::new("node").arg("-e").arg(program).output().expect("node, which builds the pages, runs");
    let counted = String::from_utf8(ran.stdout).unwrap();
    let expected: Vec<String> = texts.iter().map(|text| length(&lines(text)).to_string()).collect();
    assert_eq!(
        counted.split_whitespace().collect::<Vec<_>>(),
        expected,
        "{:?}",
        String::from_utf8(ran.stderr)
    );
}
