// For comfort only; every page works without this script. Keeps what is typed, counts characters, handles shortcut
// keys.
"use strict";

const WORDS = {
  de: {
    saved: (time) => `Gespeichert um ${time} Uhr`,
    saving: "Wird gespeichert …",
    failed: "Nicht gespeichert",
    offline: "Der Server ist nicht erreichbar. Ihre Eingaben bleiben in diesem Browser erhalten und werden gespeichert, sobald er wieder antwortet.",
    signedOut: "Ihre Anmeldung ist abgelaufen. Ihre Eingaben bleiben in diesem Browser erhalten. Melden Sie sich in einem neuen Fenster an und schreiben Sie hier weiter.",
    signIn: "In neuem Fenster anmelden",
    refused: "Der Server hat die Eingaben so nicht angenommen. Sie bleiben in diesem Browser erhalten.",
    otherPerson: "Inzwischen ist jemand anderes angemeldet. Ihre Eingaben bleiben in diesem Browser erhalten, bis Sie sich wieder anmelden.",
    compare: "Beide Fassungen vergleichen und wählen",
    compareButton: "Vergleichen",
    discard: "Verwerfen",
    stored: "Gespeichert",
    here: "Hier",
    empty: "(leer)",
    take: "Auswahl übernehmen",
    signOut: "In diesem Browser liegen Eingaben, die noch nicht gespeichert sind. Beim Abmelden werden sie gelöscht. Trotzdem abmelden?",
    olderTitle: "In diesem Browser liegen Eingaben, die nicht gespeichert sind",
    olderText: (at) => `Sie sind vom ${at} Uhr. Seitdem wurde hier etwas anderes gespeichert; es steht unten.`,
    restored: "Nicht gespeicherte Eingaben aus diesem Browser wurden wieder eingesetzt.",
    left: (count) => `Noch ${number(count)} Zeichen.`,
    over: (count) => `${number(count)} Zeichen zu viel.`,
    keys: "Tasten auf dieser Seite:",
    keysOff: "Tasten ausschalten",
    keysOn: "Tasten einschalten",
  },
  en: {
    saved: (time) => `Saved at ${time}`,
    saving: "Saving …",
    failed: "Not saved",
    offline: "The server cannot be reached. What you typed is kept in this browser, and saved as soon as it answers again.",
    signedOut: "Your session has ended. What you typed is kept in this browser. Sign in in a new window, and go on writing here.",
    signIn: "Sign in in a new window",
    refused: "The server did not take what you typed. It is kept in this browser.",
    otherPerson: "Somebody else has signed in meanwhile. What you typed is kept in this browser until you sign in again.",
    compare: "Compare both versions and choose",
    compareButton: "Compare",
    discard: "Discard",
    stored: "Saved",
    here: "Here",
    empty: "(empty)",
    take: "Take what I chose",
    signOut: "This browser has something you typed that is not saved yet. Signing out deletes it. Sign out all the same?",
    olderTitle: "This browser has something you typed that is not saved",
    olderText: (at) => `It is of ${at}. Since then something else was saved here; that is shown below.`,
    restored: "What you had typed in this browser and was not saved has been put back.",
    left: (count) => `${number(count)} ${count === 1 ? "character" : "characters"} left.`,
    over: (count) => `${number(count)} ${count === 1 ? "character" : "characters"} too many.`,
    keys: "Keys on this page:",
    keysOff: "Turn keys off",
    keysOn: "Turn keys on",
  },
};
const language = document.documentElement.lang === "en" ? "en" : "de";
const words = WORDS[language];
const number = (count) => count.toLocaleString(language);

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function alertBox(kind, title, text) {
  const box = element("div", `kern-alert kern-alert--${kind}`);
  box.setAttribute("role", kind === "danger" ? "alert" : "status");
  const head = element("div", "kern-alert__header");
  const icon = element("span", `kern-icon kern-icon--${kind}`);
  icon.setAttribute("aria-hidden", "true");
  head.append(icon, element("p", "kern-title", title));
  box.append(head);
  if (text) {
    const body = element("div", "kern-alert__body");
    body.append(element("p", "kern-body", text));
    box.append(body);
  }
  return box;
}

// The browser may forbid storage (private windows): then there is no second copy.
const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* as above */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
};

// Keeps what is typed into a form with data-keep. The browser stores a copy at each keystroke, under person and form,
// together with its revision. A form with an autosave address is also saved there 800 ms after the last keystroke,
// one request at a time. The copy is removed only once the server has the content. It is restored only into the
// revision it belongs to; for another revision the person is asked.
const COPIES = "bescheid:copy:";
const SENT = "bescheid:sent";
const KEPT_DAYS = 14;

// Cleans texts as the server does, so that differences which the server would remove do not count.
const plain = (text) => text.normalize("NFC").replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n").replace(/[\p{Cf}\p{Cc}]/gu, (mark) => (mark === "\n" ? mark : "")).replace(/\s+/g, " ").trim();
const byName = (fields) => {
  const named = new Map();
  for (const [name, value] of fields) if (plain(value)) named.set(name, [...(named.get(name) ?? []), plain(value)]);
  return named;
};
const differing = (one, other) => {
  const [left, right] = [byName(one), byName(other)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => JSON.stringify(left.get(name)) !== JSON.stringify(right.get(name)));
};

// Removes copies that nobody came back to.
function forgetOldCopies() {
  let names = [];
  try { names = Object.keys(localStorage).filter((name) => name.startsWith(COPIES)); } catch { return; }
  for (const name of names) {
    const copy = readCopy(name);
    if (!copy || Date.now() - copy.at > KEPT_DAYS * 86400000) store.remove(name);
  }
}

function readCopy(name) {
  try {
    const copy = JSON.parse(store.get(name));
    return copy && Array.isArray(copy.fields) ? copy : null;
  } catch { return null; }
}

// Removes the copy of a form sent from the previous page, if the server's cookie says that it was accepted or kept.
function forgetWhatWasTaken() {
  const taken = document.cookie.split("; ").find((pair) => pair.startsWith("bescheid_taken="))?.split("=")[1];
  let sent = null;
  try { sent = JSON.parse(sessionStorage.getItem(SENT)); } catch { return; }
  if (!sent || sent.page !== taken) return;
  store.remove(sent.name);
  try { sessionStorage.removeItem(SENT); } catch { /* it names what is gone */ }
}

// Signing out removes every copy, so that the next person at this computer cannot read it; if one would be lost, the
// person is asked first.
function signOut(form) {
  const mine = () => Object.keys(localStorage).filter((name) => name.startsWith(`${COPIES}${form.dataset.person}:`));
  form.addEventListener("submit", (event) => {
    try {
      if (mine().length && !confirm(words.signOut)) { event.preventDefault(); return; }
      mine().forEach((name) => localStorage.removeItem(name));
    } catch { /* no storage, no copies */ }
  });
}

const copyName = (form) => `${COPIES}${form.dataset.person}:${form.dataset.keep}`;

function keep(form) {
  const url = form.dataset.autosave;
  const name = copyName(form), older = `${name}:older:`;
  const hidden = (field) => form.elements.namedItem(field);
  const OWN = new Set(["csrf", "key", "kept_revision", "open_page", "seen", "action", "revision", "contact_changes"]);
  const all = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const fields = () => all().filter(([field]) => !OWN.has(field));
  const status = element("p", "b-saved kern-body");
  status.setAttribute("role", "status");
  // The form's own buttons; a question about a copy has other buttons.
  const buttons = form.querySelector(".b-actions");
  (buttons ?? form).append(status);
  let timer = 0, busy = false, dirty = false, sent = false, trouble = null;

  function notice(kind, title, text, id) {
    if (trouble?.dataset.id === id) return trouble;
    trouble?.remove();
    trouble = alertBox(kind, title, text);
    trouble.dataset.id = id;
    (buttons ?? status).before(trouble);
    return trouble;
  }

  function complain(text, id) {
    status.textContent = words.failed;
    return notice("danger", words.failed, text, id);
  }

  // Shows what must be read before going on below the field with the focus, and scrolls to it.
  function stop(text, id) {
    const known = trouble?.dataset.id === id;
    const box = complain(text, id);
    const field = document.activeElement?.closest(".kern-form-input, .kern-fieldset, .kern-form-check");
    if (!known && field && form.contains(field)) field.after(box);
    if (!known) box.scrollIntoView({ block: "nearest" });
    return box.lastChild;
  }

  function link(text, href, newWindow) {
    const made = element("a", "kern-link", text);
    made.href = href;
    if (newWindow) Object.assign(made, { target: "_blank", rel: "noopener" });
    return made;
  }

  function lead(place, to) {
    if (!place.querySelector("a")) place.append(" ", to);
  }

  function later(delay) {
    clearTimeout(timer);
    timer = setTimeout(save, delay);
  }

  const write = () => store.set(name, JSON.stringify({
    at: Date.now(), revision: hidden("kept_revision").value, page: hidden("open_page").value, seen: hidden("seen").value, fields: fields(),
  }));

  const post = (pairs) => fetch(url, {
    method: "POST",
    body: new URLSearchParams(pairs),
    headers: { accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(20000),
  });

  async function save() {
    if (!url) return;
    if (busy) { dirty = true; return; }
    busy = true;
    dirty = false;
    let again = 0;
    status.textContent = words.saving;
    const slow = setTimeout(() => complain(words.offline, "offline"), 5000);
    try {
      again = await handleAnswer(await post(all()));
    } catch {
      complain(words.offline, "offline");
      again = 5000;
    }
    clearTimeout(slow);
    busy = false;
    // The form itself is being sent: no further autosave.
    if (sent) return;
    if (dirty) later(0);
    else if (again) later(again);
  }

  // Handles the answer to an autosave; returns the milliseconds until the next attempt.
  async function handleAnswer(answer) {
    if (answer.status === 401 || answer.type === "opaqueredirect") {
      lead(complain(words.signedOut, "signed-out").lastChild, link(words.signIn, "/sign-in?next=/", true));
      return 15000;
    }
    if (answer.status === 403) { complain(words.otherPerson, "other-person"); return 15000; }
    if (answer.status >= 500) { complain(words.offline, "offline"); return 5000; }
    const body = await answer.json().catch(() => ({}));
    if (body.outcome === "saved") {
      trouble?.remove();
      trouble = null;
      hidden("kept_revision").value = body.revision;
      hidden("seen").value = body.seen;
      if (dirty) write(); else store.remove(name);
      const time = new Date().toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Europe/Berlin" });
      status.textContent = words.saved(time);
    } else if (body.outcome === "changed") {
      if (body.compare) {
        // The server keeps it beside what is stored.
        if (!dirty) store.remove(name);
        lead(stop(body.message, "changed"), link(words.compare, body.compare));
      } else {
        choose(stop(body.message, "changed"), body.fields, fields(), body.revision);
      }
    } else if (body.outcome === "gone") {
      stop(body.message, "gone");
    } else {
      complain(words.refused, "refused");
    }
    return 0;
  }

  function fill(values) {
    const named = new Map();
    for (const [field, value] of values) named.set(field, [...(named.get(field) ?? []), value]);
    for (const input of form.elements) {
      if (!input.name || OWN.has(input.name) || input.type === "hidden" || input.type === "submit") continue;
      const given = named.get(input.name) ?? [];
      if (input.type === "checkbox" || input.type === "radio") input.checked = given.includes(input.value);
      else input.value = given.shift() ?? "";
    }
  }

  function label(field) {
    const input = [...form.elements].find((one) => one.name === field);
    return (input?.closest("fieldset")?.querySelector("legend") ?? input?.labels?.[0])?.textContent.trim() ?? field;
  }

  function read(field, values) {
    const texts = values.filter(([one]) => one === field).map(([, value]) => {
      const input = [...form.elements].find((one) => one.name === field && (one.type === "radio" || one.type === "checkbox") && one.value === value);
      return input?.labels?.[0]?.textContent.trim() ?? value;
    });
    return texts.join("\n") || words.empty;
  }

  // Shows both versions, field by field; nothing is saved before one is chosen for each.
  function choose(place, stored, mine, revision, done) {
    place.querySelector(".b-choose")?.remove();
    const box = element("div", "b-choose b-stack");
    const differ = differing(stored, mine);
    for (const field of differ) {
      const group = element("fieldset", "kern-fieldset");
      const choices = element("div", "kern-fieldset__body");
      group.append(element("legend", "kern-label", label(field)), choices);
      for (const [side, title, values] of [["stored", words.stored, stored], ["mine", words.here, mine]]) {
        const line = element("div", "kern-form-check");
        const input = element("input", "kern-form-check__radio");
        const id = `choose-${side}-${field}`;
        Object.assign(input, { type: "radio", name: `choose-${field}`, value: side, id });
        // Not one of the fields that are saved.
        input.setAttribute("form", "");
        const text = element("label", "kern-label b-text", `${title}: ${read(field, values)}`);
        text.htmlFor = id;
        line.append(input, text);
        choices.append(line);
      }
      box.append(group);
    }
    const take = element("button", "kern-btn kern-btn--secondary");
    take.type = "button";
    take.append(element("span", "kern-label", words.take));
    take.addEventListener("click", () => {
      const chosen = differ.map((field) => [field, box.querySelector(`input[name="${CSS.escape(`choose-${field}`)}"]:checked`)?.value]);
      const open = chosen.find(([, side]) => !side);
      if (open) { box.querySelector(`input[name="${CSS.escape(`choose-${open[0]}`)}"]`).focus(); return; }
      const of = new Set(chosen.filter(([, side]) => side === "mine").map(([field]) => field));
      fill([...stored.filter(([field]) => !of.has(field)), ...mine.filter(([field]) => of.has(field))]);
      hidden("kept_revision").value = revision;
      done?.();
      trouble?.remove();
      trouble = null;
      changed();
    });
    box.append(take);
    place.append(box);
    place.parentElement.scrollIntoView({ block: "nearest" });
  }

  function changed() {
    write();
    dirty = true;
    if (url) later(800);
  }

  // The copy is of another revision: the person compares the two, or discards the copy. Until then it is stored under
  // another name, so that it and what is typed meanwhile do not overwrite each other.
  function ask(copy) {
    const place = `${older}${copy.at}`;
    store.set(place, JSON.stringify(copy));
    const at = new Date(copy.at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short", timeZone: "Europe/Berlin" });
    const box = alertBox("warning", words.olderTitle, words.olderText(at));
    const both = element("div", "b-actions");
    const button = (text, act) => {
      const made = element("button", "kern-btn kern-btn--secondary");
      made.type = "button";
      made.append(element("span", "kern-label", text));
      made.addEventListener("click", act);
      both.append(made);
    };
    button(words.compareButton, async () => {
      const own = [["csrf", hidden("csrf").value], ["kept_revision", copy.revision], ["open_page", copy.page], ["seen", copy.seen ?? ""]];
      if (url) {
        try {
          const answer = await post([...own, ...copy.fields]);
          const body = await answer.clone().json().catch(() => ({}));
          if (body.compare) { store.remove(place); location.assign(body.compare); return; }
          if (body.outcome === "saved") { store.remove(place); location.reload(); return; }
          if (body.outcome !== "changed") { await handleAnswer(answer); return; }
        } catch { complain(words.offline, "offline"); return; }
      }
      box.querySelector(".b-actions")?.remove();
      choose(box.lastChild, fields(), copy.fields, hidden("kept_revision").value, () => { store.remove(place); box.remove(); });
    });
    button(words.discard, () => { store.remove(place); box.remove(); });
    box.lastChild.append(both);
    form.prepend(box);
  }

  function restore() {
    let left = [];
    try { left = Object.keys(localStorage).filter((one) => one.startsWith(older)); } catch { /* no copies */ }
    for (const one of left) {
      const copy = readCopy(one);
      if (copy && differing(copy.fields, fields()).length) ask(copy); else store.remove(one);
    }
    const copy = readCopy(name);
    if (!copy) return;
    if (!differing(copy.fields, fields()).length) { store.remove(name); return; }
    if (String(copy.revision) !== hidden("kept_revision").value) { ask(copy); store.remove(name); return; }
    fill(copy.fields);
    form.prepend(alertBox("info", words.restored));
    form.dispatchEvent(new Event("restored"));
    changed();
  }

  form.addEventListener("input", (event) => { if (event.target.form === form) changed(); });
  form.addEventListener("change", (event) => { if (event.target.form === form) changed(); });
  addEventListener("pageshow", () => { sent = false; });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    sent = true;
    if (!readCopy(name)) return;
    const page = hidden("open_page").value;
    const to = new URL(form.getAttribute("action"), location.href);
    to.searchParams.set("sent", page);
    form.setAttribute("action", to.pathname + to.search);
    try { sessionStorage.setItem(SENT, JSON.stringify({ name, page })); } catch { /* then the copy stays */ }
  });
  restore();
}

// The number of characters as people and the server (pages::parse::length) count them: a letter with its marks, an
// emoji or a line end is one, and invisible characters count nothing. Piled-up marks use up the length.
const clusters = typeof Intl.Segmenter === "function" ? new Intl.Segmenter(language, { granularity: "grapheme" }) : null;
function length(text) {
  const seen = text
    .replace(/\r\n?/g, "\n")
    .replace(/[\p{Cc}\u{fff9}-\u{fffc}]/gu, (c) => (/[\n\t]/.test(c) ? c : /[\v\f\u{85}]/u.test(c) ? "\n" : ""))
    .replace(/(?![\u{200c}\u{200d}\u{fe00}-\u{fe0f}\u{e0020}-\u{e007f}\u{e0100}-\u{e01ef}\u{115f}\u{1160}\u{3164}\u{ffa0}])\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFC")
    .trim();
  if (!clusters) return [...seen].length;
  let sum = 0;
  for (const { segment } of clusters.segment(seen)) sum += Math.ceil([...segment].length / 16);
  return sum;
}

function count(input) {
  const limit = Number(input.dataset.limit);
  const shown = document.querySelector(`#${CSS.escape(input.id)}-hint .b-limit`);
  if (!shown) return;
  const update = () => {
    const left = limit - length(input.value);
    shown.textContent = left < 0 ? words.over(-left) : words.left(left);
    shown.classList.toggle("b-limit--over", left < 0);
  };
  input.addEventListener("input", update);
  if (input.value) update();
}

// Single shortcut keys, active only outside of fields; they can be turned off (WCAG 2.1.4). A key may be pressed by
// accident or come from dictation, so it follows links, and presses only buttons marked as harmless: never one with
// legal effect or one that cannot be undone.
function keys() {
  const targets = [...document.querySelectorAll("a[href][data-key], button[data-harmless][data-key]")];
  if (targets.length === 0) return;
  const off = () => store.get("bescheid:keys") === "off";
  const line = element("p", "kern-body kern-body--small");
  const list = element("span", "", "");
  const toggle = element("button", "kern-link kern-link--small");
  toggle.type = "button";
  const draw = () => {
    const named = targets.map((target) => `${target.dataset.key} – ${target.textContent.trim()}`);
    list.textContent = off() ? "" : `${words.keys} ${named.join(", ")}. `;
    toggle.textContent = off() ? words.keysOn : words.keysOff;
  };
  toggle.addEventListener("click", () => { store.set("bescheid:keys", off() ? "on" : "off"); draw(); });
  line.append(list, toggle);
  document.querySelector(".b-footer .kern-container")?.prepend(line);
  draw();
  document.addEventListener("keydown", (event) => {
    if (off() || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const target = targets.find((one) => one.dataset.key === event.key);
    if (target) { event.preventDefault(); target.click(); }
  });
}

forgetOldCopies();
forgetWhatWasTaken();
document.querySelectorAll('form[action="/sign-out"]').forEach(signOut);
// Unfolds details for printing, because nothing can be opened on paper.
matchMedia("print").addEventListener("change", (print) => {
  for (const folded of document.querySelectorAll(".b-details:not(:has(form))")) {
    if (print.matches && !folded.open) {
      folded.open = true;
      folded.dataset.printed = "";
    } else if (!print.matches && "printed" in folded.dataset) {
      folded.open = false;
      delete folded.dataset.printed;
    }
  }
});
document.querySelectorAll("form[data-keep]").forEach(keep);
document.querySelectorAll("[data-limit]").forEach(count);
keys();
