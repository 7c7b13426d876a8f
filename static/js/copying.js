// `data-copy="ID"`: a button that copies the value of the field of that id, or the text of another element. Without
// scripts it is selected by hand.
import { announce, whenThere } from "./ready.js";

whenThere("[data-copy]", (button) => {
  const field = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard || !field) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value ?? field.textContent);
    button.querySelector("span").textContent = "Copied";
    announce("Copied.");
  });
  if (field.select) field.addEventListener("focus", () => field.select());
});
