// Flashed messages become toasts: each can be closed, and one that only says that all went well leaves by itself.
import { whenThere } from "./ready.js";

const STAY = 8000;
const CLOSE =
  '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M18 6l-12 12"/><path d="M6 6l12 12"/></svg><span class="visually-hidden">Close this message</span>';

whenThere(".flash", (flash) => {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "flash-close";
  close.innerHTML = CLOSE;
  close.addEventListener("click", () => flash.remove());
  flash.append(close);
  if (flash.dataset.flash === "success" || flash.dataset.flash === "info") leaveAfter(flash, STAY);
});

function leaveAfter(flash, wait) {
  let timer;
  const start = () => {
    timer = setTimeout(() => flash.remove(), wait);
  };
  const hold = () => clearTimeout(timer);
  for (const event of ["mouseenter", "focusin"]) flash.addEventListener(event, hold);
  for (const event of ["mouseleave", "focusout"]) flash.addEventListener(event, start);
  start();
}

function tell(text) {
  const list = document.getElementById("flashes");
  if (!list) return;
  const flash = document.createElement("div");
  flash.className = "flash flash-danger";
  flash.dataset.flash = "danger";
  const line = document.createElement("p");
  line.className = "flash-text";
  line.textContent = text;
  flash.append(line);
  list.append(flash);
  document.dispatchEvent(new CustomEvent("htmx:after:swap"));
}

document.addEventListener("htmx:error", () => tell("The portal could not be reached. Check your connection and try again."));
