/** Script of a report: moves the images when a slider is moved. @module */

/** The page's script. Without it, every sample shows its last round. */
export const REPORT_BEHAVIOUR = `
"use strict";
const show = (article, round) => {
  const film = article.querySelector(".film"), slider = article.querySelector("input");
  const last = Number(slider.max), now = Math.min(round, last);
  slider.value = now;
  film.style.objectPosition = (last ? 100 * now / last : 0) + "% 0";
  const row = article.querySelectorAll("tbody tr")[now - 1];
  const [, finished, residual] = row ? [...row.cells].map((cell) => cell.textContent) : [];
  const state = row ? ", finished down to step " + finished + ", residual " + residual : ", the start";
  article.querySelector("output").textContent = now + " of " + last + state;
  slider.setAttribute("aria-valuetext", "round " + now + " of " + last + state);
  film.alt = film.dataset.name + " after round " + now;
  const mark = article.querySelector(".now");
  mark.hidden = now === 0;
  mark.style.top = 100 * (now - 1) / last + "%";
  mark.style.height = 100 / last + "%";
};
const articles = [...document.querySelectorAll("article")];
for (const article of articles) {
  const slider = article.querySelector("input");
  slider.addEventListener("input", () => show(article, Number(slider.value)));
  show(article, Number(slider.value));
}
const all = document.querySelector("#all");
all?.addEventListener("input", () => {
  all.setAttribute("aria-valuetext", "round " + all.value);
  document.querySelector("#all-round").textContent = all.value;
  for (const article of articles) show(article, Number(all.value));
});
`;
