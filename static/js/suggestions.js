// `data-options-url`: the <datalist> of the field is fetched while typing.
import { whenThere } from "./ready.js";

whenThere("input[data-options-url]", (input) => {
  let asked = null;
  let waiting;
  const fill = async () => {
    const q = input.value.trim();
    if (q === asked || !input.list) return;
    asked = q;
    const url = new URL(input.dataset.optionsUrl, location.href);
    url.searchParams.set("q", q);
    const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.ok && asked === q) input.list.innerHTML = await answer.text();
  };
  input.addEventListener("focus", fill);
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(fill, 120);
  });
});
