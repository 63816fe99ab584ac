//! What a browser gets: style sheets, the language switch, errors as pages, and kept forms.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use axum::routing::{get, post};
use chassis::session::{COOKIE, Fields, PageForm};
use chassis::{Problem, ProblemKind, Session, TestClock};
use chrono::TimeDelta;
use pages::{Page, Pages};

use crate::rendered::{DE, EN, keep, now, somebody};

fn start() -> (SocketAddr, TestClock) {
    let clock = TestClock::at(now());
    let process = testkit::process("review", clock.clock());
    let pages = Pages::new("/review", DE, EN).unwrap();
    let routes = Router::new()
        .route(
            "/review",
            get(async |page: Page| {
                format!("{} {} {:?}", page.t("field-city"), page.path, page.session.map(|s| s.name))
            }),
        )
        .route("/review/file", post(async |form: PageForm<Fields>| form.data.get("reason").to_owned()))
        .route("/review/taken", get(async || Problem::conflict("taken").say("Frau Muster hat die Akte.")))
        .route("/review/away", get(async || Problem::new(ProblemKind::Unavailable)));
    let address = process.address();
    tokio::spawn(chassis::http::serve(process.clone(), pages.around(&process, routes)));
    (address, clock)
}

/// Returns the status line with the headers, and the body.
async fn send(to: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> (String, String) {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(to).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    })
    .await
    .unwrap()
}

const HTML: &str = "accept: text/html";
const FORM: &str = "content-type: application/x-www-form-urlencoded";
const SAME: &str = "sec-fetch-site: same-origin";

fn cookie(session: &Session) -> String {
    format!("cookie: bescheid_lang=en; {COOKIE}={}", testkit::session_keys().sign(session))
}

fn signed_in(name: &str) -> Session {
    Session {
        person: name.to_owned(),
        name: name.to_owned(),
        expires: now() + TimeDelta::hours(1),
        ..somebody()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_switched_by_a_link_and_remembered() {
    let (address, _) = start();
    let (_, german) = send(address, "GET", "/review?a=1", &[], "").await;
    assert_eq!(german, "Kommune /review?a=1 None");
    let (_, english) = send(address, "GET", "/review", &["accept-language: en-GB,de;q=0.5"], "").await;
    assert!(english.starts_with("Municipality"));
    let (head, _) = send(address, "GET", "/review?a=1&lang=en", &[], "").await;
    assert!(head.starts_with("HTTP/1.1 303"), "{head}");
    assert!(head.contains("location: /review?a=1\r\n"), "{head}");
    assert!(head.contains("set-cookie: bescheid_lang=en; Path=/; Max-Age=31536000; SameSite=Lax"), "{head}");
    let (_, remembered) = send(address, "GET", "/review", &[&cookie(&signed_in("Anna"))], "").await;
    assert_eq!(remembered, "Municipality /review Some(\"Anna\")");
    let (head, _) = send(address, "GET", "//evil.example?lang=en", &[], "").await;
    assert!(!head.contains("location: //"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_a_page_names_is_served_and_kept() {
    let (address, _) = start();
    let (_, page) = send(address, "GET", "/review/nothing", &[HTML], "").await;
    let names = page.split('"').filter(|part| part.starts_with("/review/assets/"));
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert_eq!(names.len(), 3, "{page}");
    for name in names {
        let (head, body) = send(address, "GET", &name, &[], "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{name}: {head}");
        assert!(head.contains("cache-control: public, max-age=31536000, immutable"), "{head}");
        for font in body.split("url('fira").skip(1) {
            let font = format!("/review/assets/fira{}", font.split('\'').next().unwrap());
            let (head, _) = send(address, "GET", &font, &[], "").await;
            assert!(
                head.starts_with("HTTP/1.1 200") && head.contains("content-type: font/woff2"),
                "{font}: {head}"
            );
        }
    }
    let (head, _) = send(address, "GET", "/review/assets/nothing.css", &[], "").await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_pages_in_the_readers_language() {
    let (address, _) = start();
    let (head, page) = send(address, "GET", "/review/nothing", &[HTML], "").await;
    assert!(head.starts_with("HTTP/1.1 404"));
    keep("not-found", &page);
    assert!(page.contains("Diese Seite gibt es nicht"), "{page}");
    let (_, page) = send(address, "GET", "/review/nothing", &[HTML, "accept-language: en"], "").await;
    assert!(page.contains("There is no such page"));
    let (head, page) = send(address, "GET", "/review/taken", &[HTML], "").await;
    assert!(head.starts_with("HTTP/1.1 409"));
    assert!(page.contains("Frau Muster hat die Akte.") && !page.contains('⟦'));
    let (head, page) = send(address, "GET", "/review/away", &[HTML], "").await;
    assert!(head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 2"), "{head}");
    assert!(page.contains("Im Moment nicht erreichbar"));
}

#[test]
fn every_kind_of_problem_has_words_in_both_languages() {
    let pages = Pages::new("", "", "").unwrap();
    for kind in ProblemKind::ALL {
        for language in pages::Language::ALL {
            for key in [format!("problem-{}", kind.id()), format!("problem-{}-text", kind.id())] {
                assert!(pages.messages().has(language, &key), "{key} is missing in {}", language.code());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_after_the_session_ended_is_shown_to_be_sent_again() {
    let (address, clock) = start();
    let anna = signed_in("Anna");
    let body = format!(
        "csrf={}&reason=Erste%20Zeile%0D%0A%3Cb%3Ezweite%3C%2Fb%3E&theme=a&theme=b",
        testkit::session_keys().csrf(&anna)
    );
    let old = cookie(&anna);
    clock.advance(TimeDelta::hours(2));
    let (head, page) = send(address, "POST", "/review/file", &[HTML, FORM, SAME, &old], &body).await;
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert!(page.contains("What you typed is still here"), "{page}");
    keep("lost", &page);
    assert!(page.contains("action=\"/review/file\""));
    assert!(!page.contains("lang=de"), "no link that would leave behind what was typed");
    assert!(page.contains("<input type=\"hidden\" name=\"theme\" value=\"b\">"));
    assert!(page.contains("Erste Zeile\r\n&#60;b&#62;zweite&#60;/b&#62;"), "{page}");

    // Signed in again in another window as somebody else: the page asks first, and has the token of that person.
    let berta = Session { expires: now() + TimeDelta::hours(9), ..signed_in("Berta") };
    let new = cookie(&berta);
    let (head, page) = send(address, "POST", "/review/file", &[HTML, FORM, SAME, &new], &body).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert!(page.contains("Meanwhile Berta is signed in"));
    let token = testkit::session_keys().csrf(&berta);
    assert!(page.contains(&format!("name=\"csrf\" value=\"{token}\"")));
    let (head, answer) =
        send(address, "POST", "/review/file", &[HTML, FORM, SAME, &new], &format!("csrf={token}&reason=ja"))
            .await;
    assert!(head.starts_with("HTTP/1.1 200") && answer == "ja", "{head}");
}
