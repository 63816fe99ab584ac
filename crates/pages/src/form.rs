//! A form as it is shown and read: what was typed, what is wrong with it, and its fields.

use std::collections::HashMap;

use askama::Template;
use chassis::session::Fields;
use chrono::NaiveDate;

use crate::choice::Choice;
use crate::html::Html;
use crate::page::Page;
use crate::parse::{self, ParseError};

/// A form. Make it from what is stored or from what was typed, read it with `need_…` and `take_…` (which note
/// what is wrong), show it again if it is not [`Form::is_valid`].
#[derive(Clone, Debug)]
pub struct Form {
    pub(crate) page: Page,
    /// The values of each name, in their order.
    typed: HashMap<String, Vec<String>>,
    /// Names and messages, in the order they were found.
    errors: Vec<(String, String)>,
    /// Where in `errors` each name stands.
    wrong: HashMap<String, usize>,
}

impl Form {
    /// An empty form.
    pub fn new(page: &Page) -> Self {
        Self { page: page.clone(), typed: HashMap::new(), errors: Vec::new(), wrong: HashMap::new() }
    }

    /// A form as it was sent.
    pub fn typed(page: &Page, fields: &Fields) -> Self {
        fields.iter().fold(Self::new(page), |form, (name, value)| form.with(name, value))
    }

    /// The same with one more value (a name may repeat: check boxes).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.typed.entry(name.to_owned()).or_default().push(value.into());
        self
    }

    /// The value of `name`, or an empty text.
    pub fn value(&self, name: &str) -> &str {
        self.values(name).next().unwrap_or_default()
    }

    /// All values of `name`.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.typed.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Is `value` among the values of `name`?
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|typed| typed == value)
    }

    /// Notes that `name` is wrong; `message` is in the reader's language.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.page.refuse();
        if self.error(name).is_none() {
            self.wrong.insert(name.to_owned(), self.errors.len());
            self.errors.push((name.to_owned(), message.into()));
        }
    }

    /// Everything that is wrong: names and messages, in the order they were found.
    pub fn refused(&self) -> &[(String, String)] {
        &self.errors
    }

    /// What is wrong with `name`.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.wrong.get(name).map(|at| self.errors[*at].1.as_str())
    }

    /// Is nothing wrong so far?
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// The text of `name`, of one or more lines, which must be there and have at most `limit` characters. `label` is
    /// the message key of the field's label.
    pub fn required(&mut self, name: &str, label: &str, limit: usize) -> String {
        let text = self.optional(name, label, limit);
        if text.is_none() {
            self.refuse_parsed(name, label, ParseError::Empty);
        }
        text.unwrap_or_default()
    }

    /// The text of `name`, which may be missing.
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

    /// The amount of `name` in cents, which must be there (zero where it is wrong).
    pub fn need_money(&mut self, name: &str, label: &str) -> i64 {
        parse::money(self.value(name)).unwrap_or_else(|error| {
            self.refuse_parsed(name, label, error);
            0
        })
    }

    /// The date of `name`, which must be there (any day where it is wrong).
    pub fn need_date(&mut self, name: &str, label: &str) -> NaiveDate {
        parse::date(self.value(name)).unwrap_or_else(|error| {
            self.refuse_parsed(name, label, error);
            NaiveDate::default()
        })
    }

    /// The value of `name`, which must be one of `choices`.
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

    /// The hidden field every POST form begins with.
    pub fn csrf(&self) -> Html {
        Html::of(&Csrf { token: &self.page.csrf })
    }

    /// The summary above the form: a link to each wrong field. Empty while nothing is wrong.
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
