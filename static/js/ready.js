// `whenThere(selector, use)` hands over each element once: those of the page, and those that htmx swaps in later.
const uses = [];

function hand(root) {
  for (const { selector, use, seen } of uses) {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    for (const element of found) {
      if (seen.has(element)) continue;
      seen.add(element);
      use(element);
    }
  }
}

export function whenThere(selector, use) {
  uses.push({ selector, use, seen: new WeakSet() });
  hand(document);
}

document.addEventListener("htmx:after:swap", () => hand(document));
window.addEventListener("pageshow", () => hand(document));

export function announce(text) {
  const place = document.getElementById("announcements");
  if (place) place.textContent = text;
}
