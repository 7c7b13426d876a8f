// The page of recovery codes: copy them, print them.
import { announce, whenThere } from "./ready.js";

whenThere("[data-copy-codes]", (button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const codes = [...document.getElementById(button.dataset.copyCodes).querySelectorAll("code")];
    await navigator.clipboard.writeText(codes.map((code) => code.textContent).join("\n"));
    button.querySelector("span").textContent = "Copied";
    announce("The codes are copied.");
  });
});

whenThere("[data-print-page]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
