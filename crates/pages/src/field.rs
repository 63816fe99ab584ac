//! One field of a form in KERN's markup: label, hint, input, and the message beside it.

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

/// Said only when the field is drawn: a message that takes arguments is given as text instead.
#[derive(Clone, Debug)]
enum Label<'a> {
    Key(&'a str),
    Text(String),
}

/// A field; write it into a template as `{{ form.text("title", "field-title").limit(100) }}`.
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

/// It escapes what it shows.
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

    /// An explanation between label and input; a message key.
    #[must_use]
    pub fn hint(self, key: &str) -> Self {
        let hint = Some(self.form.page.t(key));
        Self { hint, ..self }
    }

    /// An explanation that is no fixed message.
    #[must_use]
    pub fn hint_text(self, text: impl Into<String>) -> Self {
        Self { hint: Some(text.into()), ..self }
    }

    /// The label as text, where it is no fixed message.
    #[must_use]
    pub fn label_text(self, text: impl Into<String>) -> Self {
        Self { label: Label::Text(text.into()), ..self }
    }

    /// May stay empty; the label says so.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// May stay empty, and the label says what that means: a message key.
    #[must_use]
    pub fn optional_as(self, key: &'a str) -> Self {
        Self { optional: true, mark: Some(key), ..self }
    }

    /// The most characters it takes; shown, and counted down while typing.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Lines of a text area (six without this).
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// What the browser may fill in, as HTML names it.
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

    /// What the label says of a field that may stay empty.
    fn mark(&self) -> Option<String> {
        self.optional.then(|| self.form.page.t(self.mark.unwrap_or("field-optional")))
    }

    fn error(&self) -> Option<&'a str> {
        self.form.error(self.name)
    }

    fn value(&self) -> &'a str {
        self.form.value(self.name)
    }

    /// The value where a date field understands it: what somebody typed as 23.11.2026 must not vanish.
    fn date_value(&self) -> String {
        crate::parse::date(self.value()).map_or_else(|_| String::new(), |date| date.to_string())
    }

    fn limit_text(&self) -> Option<String> {
        let limit = i64::try_from(self.limit?).ok()?;
        let language: Language = self.form.page.language;
        Some(self.form.page.t1("field-limit", "limit", language.number(limit)))
    }

    /// The ids of what explains this field, for `aria-describedby`.
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

/// The fields of a form, by their kind.
impl Form {
    /// One line of text; `label` is a message key, here and below.
    pub fn text<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Text("text"))
    }

    /// An email address.
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

    /// A day.
    pub fn date<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Date)
    }

    /// One of many, as a list that opens.
    pub fn select<'a>(&'a self, name: &'a str, label: &'a str, choices: &'a [Choice]) -> Field<'a> {
        Field::new(self, name, label, Kind::Select(choices))
    }

    /// One of a few, all visible.
    pub fn radios<'a>(&'a self, name: &'a str, label: &'a str, choices: &'a [Choice]) -> Field<'a> {
        Field::new(self, name, label, Kind::Group("radio", choices))
    }

    /// Any of a few; the name repeats.
    pub fn checks<'a>(&'a self, name: &'a str, label: &'a str, choices: &'a [Choice]) -> Field<'a> {
        Field::new(self, name, label, Kind::Group("checkbox", choices))
    }

    /// One check box; its value is `yes`.
    pub fn check<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label, Kind::Check)
    }
}
