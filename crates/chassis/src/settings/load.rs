//! Reads the file, overrides it by the environment, and turns the tree into a service's settings.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use toml::de::{DeTable, DeValue};

use super::value::{Kind, Place, Value};

/// A setting cannot be used. The text is one sentence: where it is, what is wrong and what is expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

/// The settings of `service` from `file` and this process's environment.
///
/// # Errors
/// The file cannot be read or parsed, a key is unknown or missing, or a value has the wrong type.
pub fn load<T: DeserializeOwned>(service: &str, file: Option<&Path>) -> Result<T, SettingsError> {
    load_from(
        service,
        file,
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))),
    )
}

/// As [`load`], with the given variables instead of the environment.
pub fn load_from<T: DeserializeOwned>(
    service: &str,
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, SettingsError> {
    let prefix = format!("BESCHEID_{}__", service.to_uppercase().replace('-', "_"));
    let mut root = match file {
        Some(path) => from_file(path)?,
        None => BTreeMap::new(),
    };
    for (name, text) in variables {
        if let Some(keys) = name.strip_prefix(&prefix) {
            overlay(&mut root, keys, &name, text)?;
        }
    }
    let nowhere = Place::Variable(format!("{prefix}…"));
    let root = Value { place: nowhere, kind: Kind::Table(root) };
    serde_path_to_error::deserialize(root.clone()).map_err(|error| {
        let path: Vec<String> = error.path().iter().filter_map(segment).collect();
        explain(&prefix, file, &root, &path, &error.into_inner().to_string())
    })
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } | Segment::Enum { variant: key } => Some(key.clone()),
        Segment::Unknown => None,
    }
}

fn explain(prefix: &str, file: Option<&Path>, root: &Value, path: &[String], problem: &str) -> SettingsError {
    if let Some(key) = problem.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let variable =
            path.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join("__").to_uppercase();
        let table = if path.is_empty() { String::new() } else { format!("[{}] ", path.join(".")) };
        let file = file.map_or("a settings file (--config)".to_owned(), |file| file.display().to_string());
        return SettingsError(format!(
            "{table}{key} is missing: set it in {file}, or as {prefix}{variable} (or {prefix}{variable}_FILE)"
        ));
    }
    let mut at = root;
    for part in path {
        match &at.kind {
            Kind::Table(entries) => match entries.get(part) {
                Some(next) => at = next,
                None => break,
            },
            Kind::List(items) => match part.parse().ok().and_then(|index: usize| items.get(index)) {
                Some(next) => at = next,
                None => break,
            },
            _ => break,
        }
    }
    SettingsError(format!("{}: {}: {problem}", at.place, path.join(".")))
}

fn from_file(path: &Path) -> Result<BTreeMap<String, Value>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        SettingsError(format!("settings file {} cannot be read: {error}", path.display()))
    })?;
    let place = |offset: usize| {
        let before = text.get(..offset).unwrap_or(&text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place::File {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    };
    let table = DeTable::parse(&text).map_err(|error| {
        let place = place(error.span().map_or(0, |span| span.start));
        SettingsError(format!("{place}: {}", error.message()))
    })?;
    entries(table.into_inner(), &place)
}

fn entries(
    table: DeTable<'_>,
    place: &dyn Fn(usize) -> Place,
) -> Result<BTreeMap<String, Value>, SettingsError> {
    let entry = |(key, item): (toml::Spanned<std::borrow::Cow<'_, str>>, toml::Spanned<DeValue<'_>>)| {
        // The place of the key stands for its value, too: an unknown key is the mistake itself, and a wrong value is
        // beside its key.
        let at = place(key.span().start);
        Ok((key.into_inner().into_owned(), Value { kind: kind(item.into_inner(), &at, place)?, place: at }))
    };
    table.into_iter().map(entry).collect()
}

fn kind(value: DeValue<'_>, at: &Place, place: &dyn Fn(usize) -> Place) -> Result<Kind, SettingsError> {
    let refuse = |what: &str| SettingsError(format!("{at}: {what}"));
    Ok(match value {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(number) => Kind::Integer(
            i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| refuse("the number is too large"))?,
        ),
        DeValue::Float(number) => Kind::Float(number.as_str().parse().map_err(|_| refuse("not a number"))?),
        DeValue::Boolean(flag) => Kind::Boolean(flag),
        DeValue::Datetime(moment) => Kind::Text(moment.to_string()),
        DeValue::Array(items) => Kind::List(
            items
                .into_iter()
                .map(|item| {
                    let at = place(item.span().start);
                    Ok(Value { kind: kind(item.into_inner(), &at, place)?, place: at })
                })
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => Kind::Table(entries(table, place)?),
    })
}

fn overlay(
    root: &mut BTreeMap<String, Value>,
    keys: &str,
    name: &str,
    text: String,
) -> Result<(), SettingsError> {
    let place = Place::Variable(name.to_owned());
    let keys = keys.to_lowercase();
    let (keys, text) = match keys.strip_suffix("_file") {
        None => (keys.as_str(), text),
        Some(keys) => {
            let content = std::fs::read_to_string(&text)
                .map_err(|error| SettingsError(format!("{place}: file {text} cannot be read: {error}")))?;
            (keys, content.trim_end_matches(['\r', '\n']).to_owned())
        }
    };
    let mut parts: Vec<&str> = keys.split("__").collect();
    let last = parts.pop().unwrap_or_default();
    let mut table = root;
    for part in parts {
        let next = table
            .entry(part.to_owned())
            .or_insert_with(|| Value { place: place.clone(), kind: Kind::Table(BTreeMap::new()) });
        match &mut next.kind {
            Kind::Table(entries) => table = entries,
            _ => return Err(SettingsError(format!("{place}: `{part}` is a value, not a section"))),
        }
    }
    match table.get(last) {
        Some(Value { place: Place::Variable(other), .. }) => {
            Err(SettingsError(format!("{place}: {other} sets the same; keep one of the two")))
        }
        _ => {
            table.insert(last.to_owned(), Value { place, kind: Kind::Word(text) });
            Ok(())
        }
    }
}
