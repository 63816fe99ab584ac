//! A real browser: Chromium, driven by ChromeDriver.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use local::{Process, Signal};
use serde_json::{Value, json};
use testkit::{environment, until_some};
use tokio::process::Command;

/// The script of axe, the accessibility checker, as npm has installed it.
fn axe() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run the tests with `tests/run`", path.display()))
}

/// Width and height of a phone and of a desktop, in CSS pixels.
pub const PHONE: (u32, u32) = (360, 780);
pub const DESK: (u32, u32) = (1280, 900);
/// A large screen, on which axe does not run.
const LARGE: (u32, u32) = (1920, 1080);
/// A4 without margins, at 96 dpi.
const PAPER: (u32, u32) = (794, 1123);

pub struct Browser {
    pub client: Client,
    base: String,
    driver: Process,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub async fn start(base: &str) -> Self {
        let port = local::free_port().expect("a free port");
        let mut command = Command::new(environment::get("BESCHEID_TEST_CHROMEDRIVER"));
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver =
            Process::spawn("chromedriver", command, Signal::TERM).await.expect("chromedriver starts");
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let user_data = format!("--user-data-dir={}", profile.path().display());
        let options = json!({
            "binary": environment::get("BESCHEID_TEST_BROWSER"),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--force-color-profile=srgb", user_data],
            "prefs": { "plugins.always_open_pdf_externally": false },
        });
        let capabilities = json!({ "goog:chromeOptions": options }).as_object().expect("an object").clone();
        let client = until_some("chromedriver answers", || async {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
                .ok()
        })
        .await;
        Self { client, base: base.to_owned(), driver, _profile: profile }
    }

    pub async fn go(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.base))
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The path of the page that is shown.
    pub async fn path(&self) -> String {
        self.client.current_url().await.expect("an address").path().to_owned()
    }

    /// Presses Enter on the button, link or summary with this text.
    pub async fn press(&self, text: &str) {
        let xpath = format!(
            "//button[normalize-space(.)={text:?}] | //a[normalize-space(.)={text:?}] | //summary[normalize-space(.)={text:?}]"
        );
        let element =
            self.client.wait().at_most(Duration::from_secs(20)).for_element(Locator::XPath(&xpath)).await;
        let element = match element {
            Ok(element) => element,
            Err(error) => {
                panic!("no button or link {text:?} on {}: {error}\n{}", self.path().await, self.text().await)
            }
        };
        // Enter, as a keyboard user presses it: unlike a click it works wherever the element is on the page.
        element.send_keys("\u{E007}").await.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }

    /// The field of the form with this name.
    pub async fn field(&self, name: &str) -> fantoccini::elements::Element {
        let css = format!("[name={name:?}]");
        self.client.find(Locator::Css(&css)).await.unwrap_or_else(|error| panic!("field {name:?}: {error}"))
    }

    pub async fn fill(&self, name: &str, value: &str) {
        let field = self.field(name).await;
        field.clear().await.expect("an empty field");
        field.send_keys(value).await.expect("typed");
    }

    /// Ticks the box or radio button of this name and value.
    pub async fn tick(&self, name: &str, value: &str) {
        let css = format!("[name={name:?}][value={value:?}]");
        let element =
            self.client.find(Locator::Css(&css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        if !element.is_selected().await.expect("a box") {
            self.client
                .execute("arguments[0].click()", vec![serde_json::to_value(&element).expect("an element")])
                .await
                .expect("ticked");
        }
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        let script = "return document.body ? document.body.innerText : ''";
        let text = self.client.execute(script, vec![]).await.expect("a page");
        text.as_str().expect("text").to_owned()
    }

    /// Waits until the path contains this part.
    pub async fn until_path(&self, part: &str) {
        testkit::until(&format!("a page at {part:?}"), || self.path(), |path| path.contains(part)).await;
    }

    /// Waits until the path is another one.
    pub async fn until_not_path(&self, path: &str) {
        testkit::until(&format!("a page other than {path:?}"), || self.path(), |seen| seen != path).await;
    }

    /// Whether the page has an element that matches this selector.
    pub async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits until no button has this text.
    pub async fn until_gone(&self, text: &str) {
        let xpath = format!("//button[normalize-space(.)={text:?}]");
        let seen = || async { self.client.find(Locator::XPath(&xpath)).await.is_ok() };
        testkit::until(&format!("{text:?} is gone"), seen, |seen| !seen).await;
    }

    /// The names of the fields that begin with `start`.
    pub async fn names_beginning(&self, start: &str) -> Vec<String> {
        let script = "return [...new Set([...document.querySelectorAll(`[name^='${arguments[0]}']`)].map(one => one.name))]";
        let names = self.client.execute(script, vec![start.into()]).await.expect("names");
        let names =
            names.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned());
        names.collect()
    }

    /// Chooses the value in a list, or types it into any other field.
    pub async fn choose(&self, name: &str, value: &str) {
        let field = self.field(name).await;
        if field.select_by_value(value).await.is_err() {
            self.fill(name, value).await;
        }
    }

    /// Shows a page without its Content-Security-Policy: axe cannot run where scripts are forbidden.
    pub async fn show(&self, path: &str) {
        self.go(path).await;
        let html = self.client.source().await.expect("a page");
        let html = base64::engine::general_purpose::STANDARD.encode(html);
        let url = format!("data:text/html;charset=utf-8;base64,{html}");
        self.client.goto(&url).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The first 20 characters of a file, fetched by the browser with its cookies.
    pub async fn fetch(&self, path: &str) -> String {
        let script = "const done = arguments[1]; fetch(arguments[0]).then(answer => answer.text())\
            .then(text => done(text.slice(0, 20)), error => done(String(error)))";
        let text = self.client.execute_async(script, vec![path.into()]).await.expect("an answer");
        text.as_str().expect("text").to_owned()
    }

    /// Reloads the page until it contains `text`.
    pub async fn until_text(&self, text: &str) {
        testkit::until(
            &format!("the page says {text:?}"),
            || async {
                let seen = self.text().await;
                if !seen.contains(text) {
                    self.client.refresh().await.expect("loaded again");
                }
                seen
            },
            |seen| seen.contains(text),
        )
        .await;
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let command = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(Cdp(command)).await.expect("an answer of the browser")
    }

    pub async fn size(&self, (width, height): (u32, u32)) {
        // Windows of headless Chromium have a minimum width, so this sets the viewport instead.
        let metrics = json!({ "cmd": "Emulation.setDeviceMetricsOverride",
            "params": { "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 } });
        self.client.issue_cmd(Cdp(metrics)).await.expect("another size");
    }

    /// Checks that nothing is wider than the viewport at each size, and that axe finds nothing on a phone and on a
    /// desktop. Keeps pictures for people to look at.
    pub async fn check(&self, name: &str) {
        for (size, label) in [(LARGE, "large"), (PHONE, "phone"), (DESK, "desk")] {
            self.size(size).await;
            let wide = self
                .client
                .execute("return document.documentElement.scrollWidth", vec![])
                .await
                .expect("a width");
            assert!(
                wide.as_u64().expect("a number") <= u64::from(size.0),
                "{name}: {wide} px wide on a {label}"
            );
            self.picture(&format!("{name}-{label}")).await;
            if size != LARGE {
                self.axe(&format!("{name} on a {label}")).await;
            }
        }
    }

    /// The result of a script on the page.
    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Shows the page as printed, or as on a screen again.
    pub async fn on_paper(&self, paper: bool) {
        let media = json!({ "cmd": "Emulation.setEmulatedMedia",
            "params": { "media": if paper { "print" } else { "" } } });
        self.client.issue_cmd(Cdp(media)).await.expect("another medium");
    }

    /// Keeps a picture of the page as printed on A4.
    pub async fn print(&self, name: &str) {
        self.on_paper(true).await;
        self.size(PAPER).await;
        self.picture(&format!("{name}-print")).await;
        self.on_paper(false).await;
        self.size(DESK).await;
    }

    async fn picture(&self, name: &str) {
        let folder = pictures();
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let whole = json!({ "cmd": "Page.captureScreenshot",
            "params": { "format": "png", "captureBeyondViewport": true } });
        let answer = self.client.issue_cmd(Cdp(whole)).await.expect("a picture");
        let picture = answer["data"].as_str().expect("base64");
        std::fs::write(folder.join(format!("{name}.png")), base64_decode(picture)).expect("a file");
    }

    async fn axe(&self, name: &str) {
        self.client.execute(&axe(), vec![]).await.expect("axe loads");
        let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] })\
            .then(result => done(result.violations.map(one => ({ id: one.id, help: one.help,\
            nodes: one.nodes.map(node => node.html).slice(0, 3) }))), error => done([{ id: String(error) }]));";
        let violations = self.client.execute_async(script, vec![]).await.expect("axe runs");
        let none = violations.as_array().is_some_and(Vec::is_empty);
        assert!(none, "axe on {name} ({}): {violations:#}", self.path().await);
    }

    pub async fn finish(mut self) {
        self.client.close().await.expect("the browser ends");
        self.driver.stop(Duration::from_secs(10)).await.expect("chromedriver ends");
    }
}

fn pictures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pictures")
}

fn base64_decode(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// A command of the Chrome DevTools Protocol, through ChromeDriver.
#[derive(Debug)]
struct Cdp(Value);

impl fantoccini::wd::WebDriverCompatibleCommand for Cdp {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.expect("a session")))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}
