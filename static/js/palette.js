// Ctrl-K: the palette. Its list comes from the server as the page of the same name does.
import { announce } from "./ready.js";

const palette = document.getElementById("palette");

if (palette) {
  const input = palette.querySelector("input");
  const results = palette.querySelector(".palette-results");
  let asked = null;
  let waiting;
  let request;

  const entries = () => [...results.querySelectorAll(".palette-entry")];
  const chosen = () => results.querySelector('[aria-selected="true"]');

  const choose = (entry) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!entry) return input.removeAttribute("aria-activedescendant");
    entry.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", entry.id);
    entry.scrollIntoView({ block: "nearest" });
  };

  const fill = async () => {
    const q = input.value.trim();
    if (q === asked) return;
    asked = q;
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`${palette.dataset.url}?${new URLSearchParams({ q })}`, {
        headers: { "HX-Request": "true" },
        signal: request.signal,
      });
      if (!answer.ok) throw new Error(answer.status);
      results.innerHTML = await answer.text();
      entries().forEach((entry, at) => {
        entry.id = `palette-entry-${at}`;
        entry.setAttribute("role", "option");
        entry.setAttribute("aria-selected", "false");
        entry.tabIndex = -1;
      });
      choose(entries()[0]);
      announce(`${entries().length} found`);
    } catch (error) {
      if (error.name === "AbortError") return;
      asked = null;
      results.innerHTML = '<p class="palette-none">The search can’t be reached just now.</p>';
    }
  };

  const show = (q) => {
    if (palette.open) return input.focus();
    input.value = q;
    asked = null;
    palette.showModal();
    fill();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    palette.open ? palette.close() : show("");
  });

  const opener = document.querySelector("[data-palette-open]");
  opener?.addEventListener("input", () => {
    const typed = opener.value;
    opener.value = "";
    show(typed);
  });
  opener?.addEventListener("click", () => show(""));

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(fill, 90);
  });

  const step = (by) => {
    const all = entries();
    if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
  };

  palette.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter" && chosen() && input.value.trim() === asked) chosen().click();
    else return;
    event.preventDefault();
  });

  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
  });
}
