// Makes pages quicker; every page works without it.

// one menu open at a time; Escape closes it and gives the focus back
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});

// a form with data-once cannot be sent twice
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-once]")) return;
  for (const button of form.querySelectorAll("button:not([type=button])")) {
    setTimeout(() => { button.disabled = true; }, 0);
  }
});

// a choice with data-send sends its form when it changes
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});

// charts are drawn where there is one
async function draw(root) {
  const figures = root.querySelectorAll("figure.chart[data-chart]");
  if (figures.length === 0) return;
  const { chart } = await import(document.querySelector("meta[name=charts]").content);
  for (const figure of figures) chart(figure);
}
draw(document);
document.addEventListener("htmx:afterSwap", (event) => draw(event.target));

// where the places of the menu slide, the one where one is shows
const [places, here] = [document.querySelector(".places ul"), document.querySelector(".places [aria-current]")];
if (places && here) places.scrollLeft = here.offsetLeft - (places.clientWidth - here.offsetWidth) / 2;
