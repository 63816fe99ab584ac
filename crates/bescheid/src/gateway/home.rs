//! Start page, about, accessibility and privacy.

use askama::Template;
use axum::response::Response;
use chassis::Problem;
use pages::Page;

use crate::demo::CONTACT;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    page: &'a Page,
}

pub async fn show(page: Page) -> Result<Response, Problem> {
    pages::show(&Home { page: &page })
}

#[derive(Template)]
#[template(path = "text.html")]
struct Text<'a> {
    page: &'a Page,
    title: &'a str,
    /// Message keys.
    paragraphs: &'a [&'a str],
}

impl Text<'_> {
    /// The text of a paragraph; the one about feedback contains the contact.
    fn say(&self, key: &str) -> String {
        match key {
            "accessibility-report" => self.page.t1(key, "contact", CONTACT),
            key => self.page.t(key),
        }
    }

    /// The words of a paragraph: each with its link, if it is an email or web address, and its trailing punctuation.
    fn words(&self, key: &str) -> Vec<(String, Option<String>, String)> {
        let word = |word: &str| {
            let address = word.trim_end_matches(['.', ',']);
            let link = match address {
                email if email.contains('@') => Some(format!("mailto:{email}")),
                site if site.starts_with("www.") => Some(format!("https://{site}")),
                _ => None,
            };
            (address.to_owned(), link, word[address.len()..].to_owned())
        };
        self.say(key).split(' ').map(word).collect()
    }
}

pub async fn about(page: Page) -> Result<Response, Problem> {
    let paragraphs = &["about-software", "about-data", "about-design", "about-demo"];
    pages::show(&Text { page: &page, title: "about-title", paragraphs })
}

/// Accessibility statement (BITVNRW).
pub async fn accessibility(page: Page) -> Result<Response, Problem> {
    let paragraphs = &[
        "accessibility-standard",
        "accessibility-checked",
        "accessibility-notices",
        "accessibility-report",
        "accessibility-ombuds",
    ];
    pages::show(&Text { page: &page, title: "accessibility-title", paragraphs })
}

pub async fn privacy(page: Page) -> Result<Response, Problem> {
    let paragraphs = &[
        "privacy-what",
        "privacy-why",
        "privacy-emails",
        "privacy-browser",
        "privacy-retention",
        "privacy-cookies",
    ];
    pages::show(&Text { page: &page, title: "privacy-title", paragraphs })
}
