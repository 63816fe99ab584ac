//! A field of a form in KERN's markup: label, hint, input, and the error message beside it.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::choice::Choice;
use crate::form::Form;
use crate::messages::Language;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<'a> {
    Text(&'static str),
    Area,
    Money,
    Number,
    Date,
    Select(&'a [Choice]),
    Group(&'static str, &'a [Choice]),
    Check,
}

/// A key is looked up when the field is drawn; a message that needs arguments is given as text.
#[derive(Clone, Debug)]
enum Label<'a> {
    Key(&'a str),
    Text(String),
}

/// A form field; templates show it by `{{ form.text("title", "field-title").limit(100) }}`.
#[derive(Template, Clone, Debug)]
#[template(path = "field.html")]
pub struct Field<'a> {
    form: &'a Form,
    name: &'a str,
    label: Label<'a>,
    kind: Kind<'a>,
    hint: Option<String>,
    optional: bool,
    mark: Option<&'a str>,
    limit: Option<usize>,
    rows: usize,
    autocomplete: Option<&'a str>,
}

/// Its template escapes what it shows.
impl HtmlSafe for Field<'_> {}

impl<'a> Field<'a> {
    pub(crate) fn new(form: &'a Form, name: &'a str, label: &'a str, kind: Kind<'a>) -> Self {
        let label = Label::Key(label);
        Self {
            form,
            name,
            label,
            kind,
            hint: None,
            optional: false,
            mark: None,
            limit: None,
            rows: 6,
            autocomplete: None,
        }
    }

    /// An explanation between label and input; `key` is a message key.
    #[must_use]
    pub fn hint(self, key: &str) -> Self {
        let hint = Some(self.form.page.t(key));
        Self { hint, ..self }
    }

    /// An explanation given as text instead of a message key.
    #[must_use]
    pub fn hint_text(self, text: impl Into<String>) -> Self {
        Self { hint: Some(text.into()), ..self }
    }

    /// A label given as text instead of a message key.
    #[must_use]
    pub fn label_text(self, text: impl Into<String>) -> Self {
        Self { label: Label::Text(text.into()), ..self }
    }

    /// Marks the field as optional; the label says so.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Marks the field as optional; `key` is the message that the label shows for it.
    #[must_use]
    pub fn optional_as(self, key: &'a str) -> Self {
        Self { optional: true, mark: Some(key), ..self }
    }

    /// The largest number of characters; shown, and counted down while a person types.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Lines of a text area; six by default.
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// The HTML `autocomplete` token.
    #[must_use]
    pub fn autocomplete(self, name: &'a str) -> Self {
        Self { autocomplete: Some(name), ..self }
    }

    fn label(&self) -> String {
        match &self.label {
            Label::Key(key) => self.form.page.t(key),
            Label::Text(text) => text.clone(),
        }
    }

    /// The addition to the label of an optional field.
    fn mark(&self) -> Option<String> {
        self.optional.then(|| self.form.page.t(self.mark.unwrap_or("field-optional")))
    }

    fn error(&self) -> Option<&'a str> {
        self.form.error(self.name)
    }

    fn value(&self) -> &'a str {
        self.form.value(self.name)
    }

    /// The value in the form that a date input accepts, so that a typed 23.11.2026 does not vanish.
    fn date_value(&self) -> String {
        crate::parse::date(self.value()).map_or_else(|_| String::new(), |date| date.to_string())
    }

    fn limit_text(&self) -> Option<String> {
        let limit = i64::try_from(self.limit?).ok()?;
        let language: Language = self.form.page.language;
        Some(self.form.page.t1("field-limit", "limit", language.number(limit)))
    }

    /// The ids of the elements that explain the field, for `aria-describedby`.
    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if self.hint.is_some() || self.limit.is_some() {
            ids.push(format!("f-{}-hint", self.name));
        }
        if self.error().is_some() {
            ids.push(format!("f-{}-error", self.name));
        }
        ids.join(" ")
    }
}

/// The kinds of field; `label` is always a message key.
impl Form {
    /// A single line of text.
    pub fn text<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Text("text"))
    }

    pub fn email<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Text("email")).autocomplete("email")
    }

    /// Several lines of text.
    pub fn area<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Area)
    }

    /// An amount in euros.
    pub fn money<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Money)
    }

    /// A whole number.
    pub fn number<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Number)
    }

    pub fn date<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Date)
    }

    /// One of many choices, as a drop-down list.
    pub fn select<'a>(&'a self, name: &'a str, label: &'a str, choices: &'a [Choice]) -> Field<'a> {
        Field::new(self, name, label, Kind::Select(choices))
    }

    /// One of a few choices, all visible.
    pub fn radios<'a>(&'a self, name: &'a str, label: &'a str, choices: &'a [Choice]) -> Field<'a> {
        Field::new(self, name, label, Kind::Group("radio", choices))
    }

    /// Any number of a few choices; the name is sent once for each.
    pub fn checks<'a>(&'a self, name: &'a str, label: &'a str, choices: &'a [Choice]) -> Field<'a> {
        Field::new(self, name, label, Kind::Group("checkbox", choices))
    }

    /// One check box; its value is `yes`.
    pub fn check<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Check)
    }
}
