// Comfort only: every page works without this. Saves drafts while typing, counts characters, listens to keys.
"use strict";

const WORDS = {
  de: {
    saved: (time) => `Gespeichert um ${time} Uhr`,
    saving: "Wird gespeichert …",
    failed: "Nicht gespeichert",
    offline: "Der Server ist nicht erreichbar. Ihre Eingaben bleiben in diesem Browser erhalten und werden gespeichert, sobald er wieder antwortet.",
    signedOut: "Ihre Anmeldung ist abgelaufen. Ihre Eingaben bleiben in diesem Browser erhalten. Melden Sie sich in einem neuen Fenster an und schreiben Sie hier weiter.",
    signIn: "In neuem Fenster anmelden",
    refused: "Der Server hat die Eingaben so nicht angenommen. Sie bleiben in diesem Browser erhalten; senden Sie das Formular ab, um zu sehen, was fehlt.",
    restored: "Nicht gespeicherte Eingaben aus diesem Browser wurden wieder eingesetzt.",
    left: (count) => `Noch ${count} Zeichen.`,
    over: (count) => `${count} Zeichen zu viel.`,
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
    refused: "The server did not take what you typed. It is kept in this browser; send the form to see what is missing.",
    restored: "What you had typed in this browser and was not saved has been put back.",
    left: (count) => `${count} characters left.`,
    over: (count) => `${count} characters too many.`,
    keys: "Keys on this page:",
    keysOff: "Turn keys off",
    keysOn: "Turn keys on",
  },
};
const language = document.documentElement.lang === "en" ? "en" : "de";
const words = WORDS[language];

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

// The browser may forbid storage (private windows): then there is simply no second copy.
const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* as above */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
};

// A draft: saved 800 ms after the last key, at most one request at a time, with a copy here until it arrived.
function autosave(form) {
  const url = form.dataset.autosave;
  // The form token belongs to one person: nobody else gets this copy back.
  const key = `bescheid:${form.elements.csrf?.value ?? ""}:${url}`;
  const status = element("p", "b-saved kern-body");
  status.setAttribute("role", "status");
  (form.querySelector(".b-actions") ?? form).append(status);
  const fields = () => [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");
  let timer = 0, busy = false, dirty = false, trouble = null;

  function complain(text, signIn) {
    status.textContent = words.failed;
    if (trouble?.dataset.text === text) return;
    trouble?.remove();
    trouble = alertBox("danger", words.failed, text);
    trouble.dataset.text = text;
    if (signIn) {
      const link = element("a", "kern-link", words.signIn);
      Object.assign(link, { href: "/sign-in?next=/", target: "_blank", rel: "noopener" });
      trouble.lastChild.append(link);
    }
    (form.querySelector(".b-actions") ?? status).before(trouble);
  }

  function later(delay) {
    clearTimeout(timer);
    timer = setTimeout(save, delay);
  }

  async function save() {
    if (busy) { dirty = true; return; }
    busy = true;
    dirty = false;
    let again = 0;
    status.textContent = words.saving;
    try {
      const answer = await fetch(url, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "application/json" },
        redirect: "manual",
        signal: AbortSignal.timeout(20000),
      });
      if (answer.ok) {
        trouble?.remove();
        trouble = null;
        if (!dirty) store.remove(key);
        const time = new Date().toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Europe/Berlin" });
        status.textContent = words.saved(time);
      } else if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") {
        complain(words.signedOut, true);
        again = 15000;
      } else if (answer.status >= 500) {
        complain(words.offline);
        again = 5000;
      } else {
        complain(words.refused);
      }
    } catch {
      complain(words.offline);
      again = 5000;
    }
    busy = false;
    if (dirty) later(0);
    else if (again) later(again);
  }

  function changed() {
    store.set(key, JSON.stringify(fields()));
    dirty = true;
    later(800);
  }

  function restore() {
    const copy = store.get(key);
    if (!copy || copy === JSON.stringify(fields())) return;
    let kept;
    try { kept = new Map(); for (const [name, value] of JSON.parse(copy)) kept.set(name, [...(kept.get(name) ?? []), value]); } catch { return; }
    for (const input of form.elements) {
      if (!input.name || input.name === "csrf" || input.type === "hidden" || input.type === "submit") continue;
      const values = kept.get(input.name) ?? [];
      if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
      else if (values.length) input.value = values.shift();
    }
    form.prepend(alertBox("info", words.restored));
    later(0);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  // Sending the form replaces what autosave would do; a copy from a failed save must not come back afterwards.
  form.addEventListener("submit", () => { clearTimeout(timer); store.remove(key); });
  restore();
}

function count(input) {
  const limit = Number(input.dataset.limit);
  const shown = document.querySelector(`#${CSS.escape(input.id)}-hint .b-limit`);
  if (!shown) return;
  const update = () => {
    const left = limit - [...input.value].length;
    shown.textContent = left < 0 ? words.over(-left) : words.left(left);
    shown.classList.toggle("b-limit--over", left < 0);
  };
  input.addEventListener("input", update);
  if (input.value) update();
}

// Single keys, only outside of fields, and they can be turned off (WCAG 2.1.4). A key may be hit by chance, or come
// from dictation: it follows links, and presses only what is marked as harmless. Nothing with legal effect, and
// nothing that cannot be undone, ever has one.
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

document.querySelectorAll("form[data-autosave]").forEach(autosave);
document.querySelectorAll("[data-limit]").forEach(count);
keys();
