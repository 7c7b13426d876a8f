// Times in the reader's zone. The server writes them so when it knows the zone; this tells it, and puts right the first page.
import { whenThere } from "./ready.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const known = document.cookie.split("; ").some((pair) => pair === `tz=${zone}`);
const account = document.documentElement.dataset.zone;

if (/^[\w+\-/]+$/.test(zone) && !known) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

const two = (number) => String(number).padStart(2, "0");
const day = (at) => `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
const full = (at) => `${day(at)}, ${two(at.getHours())}:${two(at.getMinutes())}`;

function ago(at) {
  const seconds = Math.round((Date.now() - at) / 1000);
  const far = Math.abs(seconds);
  if (far < 10) return "just now";
  if (far >= 7 * 86400) return null;
  const [unit, size] = UNITS.find(([, length]) => far >= length);
  const count = Math.floor(far / size);
  const text = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function write(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.valueOf())) return;
  const style = time.dataset.time;
  if (!known && !account) {
    time.title = full(at);
    if (style === "at") time.textContent = full(at);
    if (style === "day") time.textContent = day(at);
  }
  if (style === "ago") time.textContent = ago(at) ?? (known || account ? time.textContent : day(at));
}

whenThere("time[data-time]", write);
setInterval(() => document.querySelectorAll('time[data-time="ago"]').forEach(write), 30000);
