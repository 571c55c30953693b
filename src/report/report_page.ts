/** `report.html`: a self-contained page without network requests. @module */
import { highest } from "./extent.ts";
import { HEAT_RANGE, heatColour } from "./heatmap.ts";
import { REPORT_BEHAVIOUR } from "./report_behaviour.ts";
import type { ReportModel, ReportSample, ReportStatus } from "./report_model.ts";
import { REPORT_STYLE } from "./report_style.ts";
import { escapeXml as escape, svgElement } from "./svg.ts";

/** Content security policy: nothing may be loaded from outside the page. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " +
  "base-uri 'none'; form-action 'none'";

/** Maximum number of missing runs that are named; the rest is counted. */
const MAX_NAMED = 20;

const WORDS = `<details><summary>Terms</summary>
<p>A <b>round</b> evaluates the steps of a window in one network call. An <b>evaluation</b> is one guided step. Sequential
sampling takes one round per step.</p>
<p>All steps from the <b>finished index</b> on are final. The index falls to 0. If TQN finds that a chain amplifies errors, it
solves the chain again, and the index rises once.</p>
<p>A <b>residual</b> is the error of a step's equation before the update of the round. In the last round it may therefore
exceed the tolerance. Images with a <b>PSNR</b> of 40 dB or more to the sequential image look the same.</p>
</details>`;

/** HTML of the whole page. */
export function reportPage(report: ReportModel): string {
  const { title, about, made, notes, definition } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escape(title)} – parataa experiment</title>
<link rel="icon" href="data:,">
<style>${REPORT_STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
${about ? `<p>${escape(about)}</p>` : ""}
${statusPart(report.status)}
${notes.map((note) => `<p>${escape(note)}</p>`).join("\n")}
</header>
<main>
${tablePart(report)}
${WORDS}
${chartsPart(report)}
${samplesPart(report)}
<section aria-labelledby="made">
<h2 id="made">Made with</h2>
<dl>${
    made.map(([name, values]) =>
      `<dt>${escape(name)}</dt><dd>${values.map(escape).join("<br>")}</dd>`
    ).join("")
  }</dl>
<details><summary>The experiment's file</summary><pre tabindex="0">${
    escape(definition)
  }</pre></details>
</section>
</main>
<script>${REPORT_BEHAVIOUR}</script>
</body>
</html>
`;
}

function statusPart({ done, wanted, missing, failed }: ReportStatus): string {
  if (done === wanted) {
    return `<p class="status" role="status">All ${wanted} runs are finished.</p>`;
  }
  const named = (names: readonly string[]) => {
    const more = names.length > MAX_NAMED ? `<li>… and ${names.length - MAX_NAMED} more</li>` : "";
    return `<ul>${
      names.slice(0, MAX_NAMED).map((name) => `<li>${escape(name)}</li>`).join("")
    }${more}</ul>`;
  };
  const failures = failed.length === 0
    ? ""
    : `Failed:${named(failed.map(({ name, message }) => `${name}: ${message}`))}`;
  const rest = missing.length === 0
    ? ""
    : `<details><summary>Not run yet: ${missing.length}</summary>${named(missing)}</details>`;
  return `<div class="status unfinished" role="status"><strong>` +
    `Unfinished: ${done} of ${wanted} runs are finished.</strong> This report covers the ` +
    `finished runs; start the experiment again to run the rest. ${failures}${rest}</div>`;
}

function tablePart({ table: { head, rows } }: ReportModel): string {
  if (rows.length === 0) return "";
  const row = ([name, ...cells]: readonly string[]) =>
    `<tr><th scope="row">${escape(name)}</th>${
      cells.map((cell) => `<td>${escape(cell)}</td>`).join("")
    }</tr>`;
  return `<section aria-labelledby="figures">
<h2 id="figures">Figures</h2>
<div class="scroll" role="region" aria-labelledby="figures" tabindex="0"><table>
<thead><tr>${head.map((name) => `<th scope="col">${escape(name)}</th>`).join("")}</tr></thead>
<tbody>${rows.map(row).join("\n")}</tbody>
</table></div>
</section>`;
}

function chartsPart({ charts }: ReportModel): string {
  if (charts.length === 0) return "";
  return `<section aria-labelledby="plots">
<h2 id="plots">Plots</h2>
<div class="charts">${charts.map(({ label, panel }) => svgElement(panel, label)).join("\n")}</div>
</section>`;
}

function samplesPart({ samples, leftOut }: ReportModel): string {
  if (samples.length === 0) return "";
  const most = highest(samples.map((sample) => sample.heat.rounds));
  return `<section aria-labelledby="samples">
<h2 id="samples">Samples, round by round</h2>
<p>Left: the image after each round. Right: the image of sequential sampling. Below: the residual of every
step (step 0, the image, is on the left) in every round (the first is on top).${
    leftOut ? ` To keep this page small, ${leftOut} more samples appear only in the figures.` : ""
  }</p>
${keyPart()}
<div class="all"><label for="all">All samples: round <output id="all-round" for="all">${most}</output></label>
<input type="range" id="all" min="0" max="${most}" value="${most}" aria-valuetext="round ${most}"></div>
<div class="samples">${samples.map(samplePart).join("\n")}</div>
</section>`;
}

/** Legend of the heatmap colours. */
function keyPart(): string {
  const { low, high } = HEAT_RANGE;
  const entry = (colour: readonly number[], text: string) =>
    `<span><i style="background:rgb(${colour.join()})"></i>${text}</span>`;
  const powers = Array.from(
    { length: Math.round(Math.log10(high / low)) + 1 },
    (_, i) => high / 10 ** i,
  );
  return `<p class="key">residual ${
    powers.map((value) => entry(heatColour(value), value.toExponential(0).replace("+", ""))).join(
      "",
    )
  }${entry([176, 176, 176], "finished before")}${entry([128, 128, 128], "not evaluated")}</p>`;
}

function samplePart(sample: ReportSample, number: number): string {
  const { setting, label, seed, folder, rounds, sequential, heat, figures } = sample;
  const last = heat.rounds, id = `round-${number}`;
  const name = escape(`${label ? `${label}, ` : ""}${setting}, seed ${seed}`);
  const aspect = `style="aspect-ratio:${rounds.width}/${rounds.height};object-position:100% 0"`;
  return `<article aria-label="${name}">
<h3>${escape(setting)}</h3>
<p>${escape(`${label ? `${label}, ` : ""}seed ${seed}: ${figures}`)}</p>
<div class="pair">
<figure><img class="film" ${aspect} src="${rounds.uri}" data-name="${name}" alt="${name} after round ${last}"><figcaption>parallel</figcaption></figure>
<figure><img class="film" ${aspect} src="${sequential.uri}" alt="${
    escape(label || setting)
  }, sequential sampling"><figcaption>sequential</figcaption></figure>
</div>
<label for="${id}">Round <output for="${id}">${last} of ${last}</output></label>
<input type="range" id="${id}" min="0" max="${last}" value="${last}">
<div class="heat"><img src="${heat.uri}" alt="Residual of ${heat.steps} steps in ${last} rounds; the table below has the largest of each round"><div class="now" hidden></div></div>
<div class="ends"><span>step 0</span><span>step ${heat.steps - 1}</span></div>
${roundsTable(sample)}
<p><a href="${escape(linkOf(folder))}"><code>${escape(folder)}</code></a></p>
</article>`;
}

/**
 * URL of a path below the page's folder. Special characters are encoded, so that a path cannot
 * start with a scheme.
 */
function linkOf(folder: string): string {
  return `./${folder.toWellFormed().split("/").map(encodeURIComponent).join("/")}/`;
}

function roundsTable({ finished, residuals, evaluations }: ReportSample): string {
  const rows = finished.map((index, i) =>
    `<tr><td>${i + 1}</td><td>${index}</td><td>${residuals[i].toExponential(1)}</td><td>${
      evaluations[i]
    }</td></tr>`
  );
  return `<details><summary>Every round as a table</summary><div class="scroll"><table>
<thead><tr><th scope="col">round</th><th scope="col">finished index</th><th scope="col">residual</th><th scope="col">evaluations</th></tr></thead>
<tbody>${rows.join("")}</tbody></table></div></details>`;
}
