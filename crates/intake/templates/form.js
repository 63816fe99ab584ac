// Comfort only: says while typing whether the financing plan adds up. The server reads the amounts itself.
"use strict";

// Cents, as the server reads them; null where it is no amount yet.
function cents(text) {
  let plain = text.replace(/[\s€'’]|EUR|Euro/g, "");
  if (plain === "") return 0;
  const decimals = plain.match(/[.,](\d{1,2})$/);
  const whole = (decimals ? plain.slice(0, decimals.index) : plain).replace(/[.,](?=\d{3}(?:\D|$))/g, "");
  if (!/^\d+$/.test(whole)) return null;
  return Number(whole) * 100 + (decimals ? Number(decimals[1].padEnd(2, "0")) : 0);
}

for (const said of document.querySelectorAll("[data-sum]")) {
  const form = said.closest("form");
  const field = (name) => form.elements.namedItem(name);
  const parts = said.dataset.sum.split(" ");
  const euros = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });
  const update = () => {
    const amounts = [...parts, said.dataset.total].map((name) => cents(field(name).value));
    const total = amounts.at(-1);
    said.textContent = "";
    if (!total || amounts.includes(null)) return;
    const gap = total - amounts.slice(0, -1).reduce((sum, one) => sum + one, 0);
    const text = gap === 0 ? said.dataset.fits : gap > 0 ? said.dataset.missing : said.dataset.over;
    said.textContent = text.replace("…", euros.format(Math.abs(gap) / 100));
  };
  for (const name of [...parts, said.dataset.total]) field(name).addEventListener("input", update);
  update();
}

// A browser may scroll to the row that the address names without focusing it.
const named = document.getElementById(location.hash.slice(1));
if (named && document.activeElement === document.body) named.focus();
