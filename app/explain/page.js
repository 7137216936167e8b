"use strict";
for (const item of document.querySelectorAll("[data-row]")) {
  const same = () => document.querySelectorAll(`[data-row="${item.dataset.row}"]`);
  const light = (on) => same().forEach((each) => each.classList.toggle("lit", on));
  item.addEventListener("mouseenter", () => light(true));
  item.addEventListener("mouseleave", () => light(false));
  item.addEventListener("focus", () => light(true));
  item.addEventListener("blur", () => light(false));
  item.addEventListener("click", () => {
    const other = [...same()].find((each) => each.tagName !== item.tagName);
    if (other) other.scrollIntoView({ block: "center", behavior: "smooth" });
  });
}
