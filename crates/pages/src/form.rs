//! A form: what was typed, the errors, and its fields.

use std::collections::HashMap;

use askama::Template;
use chassis::session::Fields;
use chrono::NaiveDate;

use crate::choice::Choice;
use crate::html::Html;
use crate::page::Page;
use crate::parse::{self, ParseError};

/// A form. Build it from what is stored or from what was typed, read it with `required…`, `optional` and `need_…`
/// (which record errors), and show it again if it is not [`Form::is_valid`].
#[derive(Clone, Debug)]
pub struct Form {
    pub(crate) page: Page,
    /// Name to values, in the order in which they were sent.
    typed: HashMap<String, Vec<String>>,
    /// Field name and message, in the order in which they were found.
    errors: Vec<(String, String)>,
    /// Field name to index in `errors`.
    wrong: HashMap<String, usize>,
}

impl Form {
    pub fn new(page: &Page) -> Self {
        Self { page: page.clone(), typed: HashMap::new(), errors: Vec::new(), wrong: HashMap::new() }
    }

    /// A form as it was sent.
    pub fn typed(page: &Page, fields: &Fields) -> Self {
        fields.iter().fold(Self::new(page), |form, (name, value)| form.with(name, value))
    }

    /// Adds a value; a name may have several (check boxes).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.typed.entry(name.to_owned()).or_default().push(value.into());
        self
    }

    /// The first value of `name`, or an empty text.
    pub fn value(&self, name: &str) -> &str {
        self.values(name).next().unwrap_or_default()
    }

    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.typed.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Whether `value` is one of the values of `name`.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|typed| typed == value)
    }

    /// Records an error of the field `name`; `message` is in the reader's language.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.page.refuse();
        if self.error(name).is_none() {
            self.wrong.insert(name.to_owned(), self.errors.len());
            self.errors.push((name.to_owned(), message.into()));
        }
    }

    /// All errors: field name and message, in the order in which they were found.
    pub fn refused(&self) -> &[(String, String)] {
        &self.errors
    }

    /// The error of the field `name`.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.wrong.get(name).map(|at| self.errors[*at].1.as_str())
    }

    /// Whether no error has been recorded.
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// Reads a required text of one or more lines and at most `limit` characters. `label` is the message key of the
    /// field's label.
    pub fn required(&mut self, name: &str, label: &str, limit: usize) -> String {
        let text = self.optional(name, label, limit);
        if text.is_none() {
            self.refuse_parsed(name, label, ParseError::Empty);
        }
        text.unwrap_or_default()
    }

    /// Reads an optional text.
    pub fn optional(&mut self, name: &str, label: &str, limit: usize) -> Option<String> {
        let text = parse::lines(self.value(name));
        let length = parse::length(&text);
        if length > limit {
            let field = self.page.t(label);
            let [limit, length] = [limit, length].map(|count| self.page.count(count));
            let arguments = [("field", &*field), ("limit", &*limit), ("length", &*length)];
            let message = self.page.tn("error-too-long", &arguments);
            self.refuse(name, message);
        }
        (!text.is_empty()).then_some(text)
    }

    /// Reads a required amount in cents; 0 if there is an error.
    pub fn need_money(&mut self, name: &str, label: &str) -> i64 {
        parse::money(self.value(name)).unwrap_or_else(|error| {
            self.refuse_parsed(name, label, error);
            0
        })
    }

    /// Reads a required date; an arbitrary day if there is an error.
    pub fn need_date(&mut self, name: &str, label: &str) -> NaiveDate {
        parse::date(self.value(name)).unwrap_or_else(|error| {
            self.refuse_parsed(name, label, error);
            NaiveDate::default()
        })
    }

    /// Reads a required value that must be one of `choices`.
    pub fn required_choice(&mut self, name: &str, label: &str, choices: &[Choice]) -> String {
        let value = self.value(name).to_owned();
        if !choices.iter().any(|choice| choice.value == value) {
            let message = self.page.t1("error-choose", "field", self.page.t(label));
            self.refuse(name, message);
        }
        value
    }

    fn refuse_parsed(&mut self, name: &str, label: &str, error: ParseError) {
        let (field, [decimal, thousands]) = (self.page.t(label), error.choices(self.page.language));
        let arguments = [("field", &*field), (decimal.0, &*decimal.1), (thousands.0, &*thousands.1)];
        let message = self.page.tn(error.key(), &arguments);
        self.refuse(name, message);
    }

    /// The hidden field with the CSRF token, with which every POST form begins.
    pub fn csrf(&self) -> Html {
        Html::of(&Csrf { token: &self.page.csrf })
    }

    /// The error summary above the form, with a link to each wrong field. Empty without errors.
    pub fn errors(&self) -> Html {
        Html::of(&Errors { page: &self.page, errors: &self.errors })
    }
}

#[derive(Template)]
#[template(source = r#"<input type="hidden" name="csrf" value="{{ token }}">"#, ext = "html")]
struct Csrf<'a> {
    token: &'a str,
}

#[derive(Template)]
#[template(path = "errors.html")]
struct Errors<'a> {
    page: &'a Page,
    errors: &'a [(String, String)],
}
