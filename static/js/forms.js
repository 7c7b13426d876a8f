// Forms: sent once, guarded while unsaved, errors shown first, `/` to the search.
import { announce, whenThere } from "./ready.js";

// A second click on a form that is on its way does nothing. htmx forms look after themselves.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.hasAttribute("data-many")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  const byHtmx = [...form.attributes].some(({ name }) => /^hx-(get|post|put|patch|delete)$/.test(name));
  if (form.method === "get" || byHtmx) return;
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  announce("Sending …");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// `data-guard`: leaving with changes that are not saved asks first.
const changed = new Set();

whenThere("form[data-guard]", (form) => {
  const content = () => new URLSearchParams(new FormData(form)).toString();
  const before = form.hasAttribute("data-unsaved") ? null : content();
  form.addEventListener("input", () => (content() === before ? changed.delete(form) : changed.add(form)));
  form.addEventListener("submit", () => changed.delete(form));
  if (before === null) changed.add(form);
});

window.addEventListener("beforeunload", (event) => {
  for (const form of changed) if (form.isConnected) event.preventDefault();
});

// After a form came back with errors, the reader begins with what is wrong.
whenThere("[data-error-summary]", (summary) => summary.focus());

// So it does with a question that comes up while the page is open, unless something else has the focus.
whenThere("[data-question]", (question) => {
  if (document.activeElement === document.body) question.focus();
});

const CONTROL = "input:not([type='hidden']), select, textarea, button, a[href], [tabindex]";

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a[href^='#']");
  const place = link && document.getElementById(link.hash.slice(1));
  if (!place) return;
  event.preventDefault();
  // What has the error may be a group, which can't be focused itself.
  const field = place.matches(CONTROL) ? place : place.querySelector(CONTROL) || place;
  field.focus();
  place.scrollIntoView({ block: "center" });
});

whenThere("[data-show-password]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.showPassword);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
});

const typing = (element) => element.closest?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const search = document.querySelector("[data-search]") || document.querySelector("main input[type='search']") || document.querySelector("[data-palette-open]");
  if (!search || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  search.focus();
  search.select?.();
});
