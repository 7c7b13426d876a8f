// What is too wide for the screen scrolls within its own box: the current tab comes into view, a drawing begins at its
// middle, and a chart along the time at its end.
import { whenThere } from "./ready.js";

whenThere(".tabs", (tabs) => {
  const tab = tabs.querySelector("[aria-current]");
  if (tab) tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.clientWidth) / 2;
});
whenThere(".workflow-frame", (frame) => {
  frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2;
});
whenThere("[data-latest-last]", (frame) => {
  frame.scrollLeft = frame.scrollWidth;
});
