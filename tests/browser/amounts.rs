//! The live sum on the page of the form reads every amount as the form itself does.

use serde_json::json;
use testkit::amounts::{self, Reading};
use tests::InProcess;

use crate::kept::{begin, start};

/// A part of the message that the live sum shows for this reading.
fn says(reading: Reading) -> String {
    match reading {
        Reading::Cents(_) => "Der Finanzierungsplan geht auf.".to_owned(),
        Reading::Either(decimal, thousands) => {
            let [decimal, thousands] =
                [decimal, thousands].map(|cents| pages::Language::De.money_to_type(cents));
            format!("Meinen Sie {decimal} oder {thousands}?")
        }
        Reading::Nothing => String::new(),
        Reading::NoAmount => "ist kein Betrag".to_owned(),
        Reading::Unit => "in Euro aus".to_owned(),
        Reading::Decimals => "mehr als zwei Stellen".to_owned(),
        Reading::Negative => "nicht negativ".to_owned(),
        Reading::TooLarge => "ist zu groß".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_sum_reads_every_amount_as_the_form_does() {
    let system = InProcess::new().await;
    let browser = start(&system).await;
    begin(&browser).await;
    // The total is the expected reading of the amount: read right, the plan adds up.
    let typed: Vec<_> = amounts::all()
        .map(|(text, reading)| match reading {
            Reading::Cents(cents) => (text, format!("{},{:02}", cents / 100, cents % 100)),
            _ => (text, "1".to_owned()),
        })
        .collect();
    // Types one after the other, without the pause of 400 ms after a key; the answer replaces a placeholder (…).
    let script = "
        const [typed, done] = arguments;
        const slow = window.setTimeout;
        window.setTimeout = (act, time, ...more) => slow(act, time === 400 ? 0 : time, ...more);
        const said = document.querySelector('[data-sum]');
        const field = (name) => said.closest('form').elements.namedItem(name);
        (async () => {
          const all = [];
          for (const [text, total] of typed) {
            said.textContent = '…';
            const answered = new Promise((heard) => {
              const seen = new MutationObserver(() => { if (said.textContent !== '…') { seen.disconnect(); heard(); } });
              seen.observe(said, { childList: true });
            });
            field('total').value = total;
            field('grant').value = text;
            field('grant').dispatchEvent(new Event('input', { bubbles: true }));
            await answered;
            all.push(said.textContent);
          }
          return all;
        })().then(done, (error) => done(String(error)));";
    let heard = browser.client.execute_async(script, vec![json!(typed)]).await.expect("answers");
    let heard = heard.as_array().unwrap_or_else(|| panic!("{heard}"));
    assert_eq!(heard.len(), typed.len());
    for ((text, reading), heard) in amounts::all().zip(heard) {
        let (heard, says) = (heard.as_str().expect("text"), says(reading));
        assert!(
            heard.contains(&says) && heard.is_empty() == says.is_empty(),
            "{text:?}: {heard:?}, not {says:?}"
        );
    }
    browser.finish().await;
    system.finish().await;
}
