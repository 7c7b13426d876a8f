// Rows of a table: tick all, tick a range with Shift, count. The rows are checkboxes, and work without this.
const boxes = (form) => [...form.querySelectorAll("[data-select-row]")];
let last = null;

function count(form) {
  const all = boxes(form);
  const ticked = all.filter((box) => box.checked).length;
  for (const place of form.querySelectorAll("[data-selected-count]")) place.textContent = ticked.toLocaleString("en");
  for (const every of form.querySelectorAll("[data-select-all]")) {
    every.checked = ticked > 0 && ticked === all.length;
    every.indeterminate = ticked > 0 && ticked < all.length;
  }
  form.dispatchEvent(new CustomEvent("selection", { bubbles: true, detail: { ticked, of: all.length } }));
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-select-row]");
  if (!box) return;
  if (event.shiftKey && last && last.isConnected && last !== box) {
    const all = boxes(box.form || document);
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (from >= 0) for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form) return;
  if (event.target.matches("[data-select-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  if (event.target.matches("[data-select-all], [data-select-row]")) count(form);
});

const countAll = () => {
  for (const form of document.querySelectorAll("form:has([data-selected-count])")) count(form);
};
document.addEventListener("htmx:after:swap", countAll);
window.addEventListener("pageshow", countAll);
