use std::sync::LazyLock;

use events::{Municipality, Text, municipalities};
use pages::{Language, Page};

/// All municipalities, districts (Kreise) and the city region (Städteregion), in the order of their names.
pub fn municipalities_by_name() -> &'static [&'static Municipality] {
    static SORTED: LazyLock<Vec<&Municipality>> = LazyLock::new(|| {
        let mut all: Vec<_> = municipalities().collect();
        all.sort_by(|one, other| pages::compare_names(&one.name, &other.name));
        all
    });
    &SORTED
}

/// A text of a call in the reader's language.
pub fn localized<'t>(page: &Page, text: &'t Text) -> &'t str {
    match page.language {
        Language::De => &text.de,
        Language::En => &text.en,
    }
}
