//! Which characters the embedded fonts can print, and what happens to the others.
//!
//! The fonts cover the letters that German registers must be able to write (DIN 91379), Greek and Cyrillic. Anything
//! else is printed as □: a notice must not fail because of an emoji in a title.

use crate::fonts::fonts;
use crate::notice::Notice;
use serde_json::Value;
use std::collections::BTreeSet;

/// The characters of the notice that cannot be printed; for a warning before approval.
pub fn unprintable(notice: &Notice) -> BTreeSet<char> {
    let mut found = BTreeSet::new();
    let mut data = serde_json::to_value(notice).expect("a notice has only texts, numbers and lists");
    each_text(&mut data, &mut |text| {
        found.extend(text.chars().filter(|c| !is_invisible(*c) && !is_shown(*c)));
    });
    found
}

/// Makes every text printable: characters without a glyph become □, control characters are removed.
pub(crate) fn make_printable(data: &mut Value) {
    each_text(data, &mut |text| {
        let clean = |c: char| match c {
            // Some PDF readers lose the text after a no-break space.
            '\t' | '\u{a0}' | '\u{202f}' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\n' => Some('\n'),
            c if is_invisible(c) => None,
            c if is_shown(c) => Some(c),
            _ => Some('□'),
        };
        *text = text.chars().filter_map(clean).collect();
    });
}

/// Calls `with` for every text in `value`.
pub(crate) fn each_text(value: &mut Value, with: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => with(text),
        Value::Array(values) => values.iter_mut().for_each(|value| each_text(value, with)),
        Value::Object(fields) => fields.values_mut().for_each(|value| each_text(value, with)),
        _ => {}
    }
}

/// Control characters, zero-width characters, variation selectors and direction marks: invisible, and the last could
/// make a text read differently from what is stored.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_shown(c: char) -> bool {
    fonts().iter().any(|font| font.info().coverage.contains(u32::from(c)))
}
