//! Message catalogues (Fluent) in German and English.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The languages of every page and email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// German, the language of the procedure.
    #[default]
    De,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::De, Self::En];

    /// `de` or `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// The name of the language in that language.
    pub fn name(self) -> &'static str {
        match self {
            Self::De => "Deutsch",
            Self::En => "English",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// English only if the browser prefers it to German (`Accept-Language`).
    pub fn preferred(accept: &str) -> Self {
        let weight = |wanted: Self| {
            let ranges = accept.split(',').filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let tag = parts.next()?;
                let language = tag.split('-').next()?;
                let weight =
                    parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
                language.eq_ignore_ascii_case(wanted.code()).then_some(weight)
            });
            ranges.fold(0.0, f32::max)
        };
        if weight(Self::En) > weight(Self::De) { Self::En } else { Self::De }
    }
}

/// A mistake in a catalogue.
#[derive(Debug, thiserror::Error)]
#[error("message catalogue ({language}): {problem}")]
pub struct CatalogueError {
    language: &'static str,
    problem: String,
}

/// The messages of one service in both languages, including those that every page needs.
pub struct Messages {
    de: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl Messages {
    /// Combines the common catalogues with these, in Fluent syntax. Fails on a syntax error or a key that exists
    /// twice.
    pub fn new(de: &str, en: &str) -> Result<Self, CatalogueError> {
        Ok(Self {
            de: bundle(Language::De, include_str!("../messages/de.ftl"), de)?,
            en: bundle(Language::En, include_str!("../messages/en.ftl"), en)?,
        })
    }

    /// The message `key`. A missing message is shown as `⟦key⟧` and logged; so is a missing argument, which also
    /// panics in development builds. Tests should find both.
    pub fn say(&self, language: Language, key: &str, arguments: &[(&str, &str)]) -> String {
        let bundle = match language {
            Language::De => &self.de,
            Language::En => &self.en,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = language.code(), "message missing");
            return format!("⟦{key}⟧");
        };
        let mut values = FluentArgs::with_capacity(arguments.len());
        for (name, value) in arguments {
            // Numbers choose plural forms, but are printed as given.
            let plain =
                !value.is_empty() && value.len() < 16 && value.bytes().all(|byte| byte.is_ascii_digit());
            let value = if plain { FluentValue::try_number(value) } else { FluentValue::from(*value) };
            values.set(*name, value);
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
        if !errors.is_empty() {
            // The text contains `{$name}`; development builds panic so that it is noticed.
            debug_assert!(false, "message {key} ({}) with wrong arguments: {errors:?}", language.code());
            tracing::error!(key, language = language.code(), ?errors, "message with wrong arguments");
        }
        text
    }

    pub fn has(&self, language: Language, key: &str) -> bool {
        match language {
            Language::De => self.de.has_message(key),
            Language::En => self.en.has_message(key),
        }
    }
}

fn bundle(
    language: Language,
    common: &str,
    own: &str,
) -> Result<FluentBundle<FluentResource>, CatalogueError> {
    let refuse = |problem: String| CatalogueError { language: language.code(), problem };
    let id: LanguageIdentifier = language.code().parse().expect("a language code");
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Isolation marks around arguments serve mixed writing directions; here they would only be copied along with the
    // text.
    bundle.set_use_isolating(false);
    for text in [common, own] {
        let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| {
            refuse(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        bundle.add_resource(resource).map_err(|errors| {
            refuse(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
    }
    Ok(bundle)
}

/// For tests: checks that both catalogues have the same keys, and each message the same arguments. Panics if not.
pub fn assert_catalogues_match(de: &str, en: &str) {
    let (german, english) = (arguments_by_key(de), arguments_by_key(en));
    let mut problems = Vec::new();
    for (key, arguments) in &german {
        match english.get(key) {
            None => problems.push(format!("{key} is missing in English")),
            Some(other) if other != arguments => {
                problems.push(format!("{key} takes {arguments:?} in German, {other:?} in English"));
            }
            Some(_) => {}
        }
    }
    problems.extend(
        english
            .keys()
            .filter(|key| !german.contains_key(*key))
            .map(|key| format!("{key} is missing in German")),
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn arguments_by_key(catalogue: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut current = "";
    for line in catalogue.lines() {
        if line.starts_with(|first: char| first.is_ascii_lowercase())
            && let Some((key, _)) = line.split_once('=')
        {
            current = key.trim();
            keys.entry(current).or_default();
        }
        for argument in line.split('$').skip(1) {
            let end = argument
                .find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))
                .unwrap_or(argument.len());
            keys.entry(current).or_default().insert(&argument[..end]);
        }
    }
    keys
}

/// For tests: checks that every message key exists and gets the arguments it needs, if a template in `folder` or the
/// code beside it (`../src`) names it in `t("…")`, `t1("…")`, `tn("…")` or a form field. Panics if not.
pub fn assert_templates_known(folder: impl AsRef<Path>, de: &str, en: &str) {
    let messages = Messages::new(de, en).expect("catalogues that can be read");
    let mut problems = Vec::new();
    let (common, own) = (include_str!("../messages/de.ftl"), de);
    let mut taken = arguments_by_key(common);
    taken.extend(arguments_by_key(own));
    let folder = folder.as_ref();
    let mut folders = vec![folder.to_owned()];
    folders.extend(folder.parent().map(|beside| beside.join("src")).filter(|src| src.is_dir()));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of templates") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a template in UTF-8");
            for (key, given) in calls(&text) {
                let wanted = taken.get(key).cloned().unwrap_or_default();
                if taken.contains_key(key) && given != wanted {
                    problems.push(format!("{}: {key} takes {wanted:?}, is given {given:?}", path.display()));
                }
            }
            let is_template = path.extension().is_none_or(|kind| kind != "rs");
            for key in keys_named(&text).filter(|_| is_template) {
                for language in Language::ALL.into_iter().filter(|language| !messages.has(*language, key)) {
                    problems.push(format!("{}: {key} is missing in {}", path.display(), language.code()));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The calls `t("key")`, `t1("key", "name", …)` and `tn("key", [("name", …), …])` with the arguments they give. Calls
/// with a computed key or arguments are left to [`Messages::say`], which panics when they happen.
fn calls(text: &str) -> Vec<(&str, BTreeSet<&str>)> {
    fn quoted(text: &str) -> Option<(&str, &str)> {
        text.trim_start().strip_prefix('"')?.split_once('"')
    }
    let after = |call: &'static str| text.split(call).skip(1);
    let plain = after(".t(").filter_map(|rest| {
        let (key, rest) = quoted(rest)?;
        rest.trim_start().starts_with(')').then(|| (key, BTreeSet::new()))
    });
    let one = after(".t1(").filter_map(|rest| {
        let (key, rest) = quoted(rest)?;
        let (name, _) = quoted(rest.trim_start().strip_prefix(',')?)?;
        Some((key, BTreeSet::from([name])))
    });
    let many = after(".tn(").filter_map(|rest| {
        let (key, rest) = quoted(rest)?;
        let list = rest.trim_start().strip_prefix(',')?.trim_start().trim_start_matches('&');
        let list = list.strip_prefix('[')?.split(']').next()?;
        let names = list.split('(').skip(1).filter_map(|pair| {
            let (name, rest) = quoted(pair)?;
            rest.trim_start().starts_with(',').then_some(name)
        });
        Some((key, names.collect()))
    });
    plain.chain(one).chain(many).collect()
}

/// The keys in `t("key"`, `t1("key"`, `tn("key"`, `.hint("key"`, and the second argument of a field.
fn keys_named(template: &str) -> impl Iterator<Item = &str> {
    const FIRST: [&str; 5] = [".t(\"", ".t1(\"", ".tn(\"", ".hint(\"", ".prefix(\""];
    const SECOND: [&str; 9] = [
        ".text(\"",
        ".area(\"",
        ".email(\"",
        ".money(\"",
        ".date(\"",
        ".select(\"",
        ".radios(\"",
        ".checks(\"",
        ".check(\"",
    ];
    let after = |call: &'static str| template.split(call).skip(1);
    let first = FIRST.into_iter().flat_map(after).filter_map(|rest| rest.split('"').next());
    let second = SECOND.into_iter().flat_map(after).filter_map(|rest| {
        let mut parts = rest.split('"').skip(1);
        (parts.next()?.trim() == ",").then(|| parts.next()).flatten()
    });
    first.chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_with_the_arguments_they_give() {
        let text = r#"{{ page.t("a") }} {{ page.t1("b", "name", x.t("c")) }} page.tn("d", &[("x", &one(2)), ("y", z)])
            {{ form.check("w", "e").label_text(page.t1("e", "name", n)) }} page.t(key) page.tn("f", &given)
            page.tn(
                "g",
                [("from", &a), ("to", &b)],
            )"#;
        let names = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        let mut found = calls(text);
        found.sort();
        let expected: Vec<(&str, BTreeSet<&str>)> = vec![
            ("a", names(&[])),
            ("b", names(&["name"])),
            ("c", names(&[])),
            ("d", names(&["x", "y"])),
            ("e", names(&["name"])),
            ("g", names(&["from", "to"])),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    #[should_panic(expected = "message a (en) with wrong arguments")]
    fn an_argument_that_is_not_given_is_a_mistake() {
        let messages = Messages::new("a = { $name }", "a = { $name }").unwrap();
        messages.say(Language::En, "a", &[("mane", "x")]);
    }

    #[test]
    #[should_panic(expected = "b takes {\"x\"}, is given {}")]
    fn a_template_that_gives_too_little_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        std::fs::write(folder.path().join("templates/page.html"), r#"{{ page.t("b") }}"#).unwrap();
        assert_templates_known(folder.path().join("templates"), "b = { $x }", "b = { $x }");
    }
}
