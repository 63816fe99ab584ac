//! Email addresses as people paste them.

use super::text::{is_invisible, line};

/// Extracts the address: removes invisible characters, the name and angle brackets of an address book, `mailto:`, and
/// punctuation after it. Does not check whether the result is an address.
pub fn email(text: &str) -> String {
    let text: String = line(text).chars().filter(|c| !is_invisible(*c)).collect();
    let mut rest = text.as_str();
    loop {
        let before = rest;
        rest = rest.trim().trim_end_matches([';', ',', '.']);
        if let Some((_, address)) = rest.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            rest = address;
        }
        if let Some(scheme) = rest.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")) {
            rest = &rest[scheme.len()..];
        }
        if rest == before {
            return rest.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_taken_out_of_what_was_pasted() {
        for text in [
            "amt@solingen.de\u{200b}",
            "\u{202a}amt@solingen.de\u{202c}",
            "amt\u{ad}@solin\u{2060}gen.de",
            " <amt@solingen.de>",
            "mailto:amt@solingen.de",
            "MAILTO:<amt@solingen.de>;",
            "Amt, Integration <amt@solingen.de>, ",
            "amt@solingen.de.",
            "amt@\r\nsolingen.de".replace("\r\n", "").as_str(),
        ] {
            assert_eq!(email(text), "amt@solingen.de", "{text:?}");
        }
        assert_eq!(email("a@b.de; c@d.de"), "a@b.de; c@d.de", "nobody chooses one of two");
        assert_eq!(email("amt @solingen.de"), "amt @solingen.de");
        assert_eq!(email("\u{200b}"), "");
    }
}
