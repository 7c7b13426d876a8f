// What the pages gain from scripts. Each module looks after its own `data-` attributes; without it the page works too.
import "./menus.js";
import "./confirming.js";
import "./flashes.js";
import "./forms.js";
import "./in-view.js";
import "./palette.js";
import "./selection.js";
import "./suggestions.js";
import "./times.js";

document.documentElement.classList.add("scripted");
