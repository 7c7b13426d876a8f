// `data-copy="ID"`: a button that copies the value of the field of that id. Without scripts the field is selected by hand.
import { announce, whenThere } from "./ready.js";

whenThere("[data-copy]", (button) => {
  const field = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard || !field) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.querySelector("span").textContent = "Copied";
    announce("Copied.");
  });
  field.addEventListener("focus", () => field.select());
});
