// For comfort only: shows while a person types whether the financing plan adds up. The server reads the amounts, in
// the same way as when the form is sent; if it cannot be reached, nothing is shown.
"use strict";

for (const said of document.querySelectorAll("[data-sum]")) {
  const form = said.closest("form");
  const names = [...said.dataset.sum.split(" "), said.dataset.total];
  const field = (name) => form.elements.namedItem(name);
  const euros = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });
  let timer = 0, asked = 0;

  function sentence({ errors, gap }) {
    const wrong = names.find((name) => errors[name]);
    if (wrong) return errors[wrong];
    if (gap === null) return "";
    const text = gap === 0 ? said.dataset.fits : gap > 0 ? said.dataset.missing : said.dataset.over;
    return text.replace("…", euros.format(Math.abs(gap) / 100));
  }

  async function ask() {
    const question = ++asked;
    const typed = new URLSearchParams(names.map((name) => [name, field(name).value]));
    let text = "";
    try {
      const answer = await fetch(`/apply/api/amounts?${typed}`, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(5000) });
      if (answer.ok) text = sentence(await answer.json());
    } catch { /* the form says it when it is sent */ }
    // Ignores the answer to an earlier state of the form.
    if (question === asked) said.textContent = text;
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, 400);
  }

  for (const name of names) field(name).addEventListener("input", later);
  if (names.some((name) => field(name).value)) ask();
}

// A browser may scroll to the row that the address names without focusing it.
const named = document.getElementById(location.hash.slice(1));
if (named && document.activeElement === document.body) named.focus();
