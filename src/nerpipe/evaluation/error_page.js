"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const KINDS = {
  correct: "correct", boundary: "boundary: right type, other words", type: "type: same words, other type",
  boundary_type: "boundary and type: some words shared, other type", missed: "missed: no prediction is left for it",
  spurious: "spurious: no gold entity is left for it",
};
const SHORT = { boundary: "boundary", boundary_type: "boundary", missed: "missed", spurious: "spurious" }; // what a label does not show itself
const PAGE = 50;
const byId = (id) => document.getElementById(id);
let split, matches = [], shown = 0;

// All text goes through textContent: sentences and type names are other people's data.
function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  return element;
}
function draw(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
const points = (value) => (value === null ? "" : (100 * value).toFixed(1));
const percent = (value) => `${points(value)}%`;
const range = (low, high) => (low === null ? "" : `${points(low)} to ${points(high)}`);

function table(id, head, rows) {
  const thead = make("thead"), tbody = make("tbody"), top = make("tr");
  for (const cell of head) top.append(make("th", cell, { scope: "col" }));
  thead.append(top);
  for (const row of rows) {
    const line = make("tr");
    row.forEach((cell, index) => {
      if (cell instanceof Node) line.append(cell);
      else line.append(index ? make("td", cell) : make("th", cell, { scope: "row" }));
    });
    tbody.append(line);
  }
  byId(id).replaceChildren(thead, tbody);
}

function bar(row) {
  const cell = make("td"), svg = draw("svg", { viewBox: "0 0 180 16", class: "bar", role: "img", "aria-label": `F1 ${points(row.f1)}` });
  svg.append(draw("rect", { x: 1, y: 3, width: 178 * row.f1, height: 10, fill: "currentColor", opacity: 0.35 }));
  if (row.f1_low !== null) {
    for (const [x1, x2, y1, y2] of [[row.f1_low, row.f1_high, 8, 8], [row.f1_low, row.f1_low, 4, 12], [row.f1_high, row.f1_high, 4, 12]])
      svg.append(draw("line", { x1: 1 + 178 * x1, x2: 1 + 178 * x2, y1, y2, stroke: "currentColor" }));
  }
  cell.append(svg);
  return cell;
}

function drawTables() {
  table("headline", ["measure", "points", "95% interval"], split.headline.map((r) => [r.measure, points(r.value), range(r.low, r.high)]));
  table("types", ["type", "precision", "recall", "F1", "95% interval", "gold entities", "F1 from 0 to 100"],
    split.per_type.map((r) => [r.type, points(r.precision), points(r.recall), points(r.f1), range(r.f1_low, r.f1_high) || "none", r.entities, bar(r)]));
  table("documents", ["document", "sentences", "words", "precision", "recall", "F1", "gold entities"],
    split.documents.map((r) => [r.document, r.sentences, r.words, points(r.precision), points(r.recall), points(r.f1), r.support]));
  byId("documents-box").hidden = !split.documents.length;
  byId("resampled").textContent = split.resampled;
  byId("signature").textContent = split.signature;
  byId("notes").replaceChildren(...split.notes.map((note) => make("p", note, { class: "note" })));
  const sums = {};
  for (const row of split.errors) sums[row.error] = (sums[row.error] || 0) + row.spans;
  table("kinds", ["kind", "entities"], Object.keys(KINDS).filter((k) => sums[k]).map((k) => [KINDS[k], sums[k]]));
  drawConfusion();
  drawCalibration();
}

function drawConfusion() {
  const none = "(no entity)", names = new Set(split.confusion.flatMap((r) => [r.gold, r.predicted]));
  names.delete(none);
  const order = [...[...names].sort(), none], most = Math.max(1, ...split.confusion.map((r) => r.spans));
  const count = new Map(split.confusion.map((r) => [JSON.stringify([r.gold, r.predicted]), r.spans]));
  table("confusion", ["gold \\ predicted", ...order], order.map((gold) => [gold, ...order.map((predicted) => {
    const n = count.get(JSON.stringify([gold, predicted])) || 0, cell = make("td", n || "·", { class: "heat" });
    if (n) cell.style.backgroundColor = `rgba(var(--heat), ${(0.06 + 0.4 * n / most).toFixed(3)})`;
    if (gold === predicted && n) cell.style.fontWeight = "700";
    return cell;
  })]));
}

function drawCalibration() {
  const rows = split.reliability;
  byId("calibration-text").textContent = rows.length
    ? `With each predicted entity the model says how sure it is. On average that is ${points(split.calibration_error)} percentage points away from ` +
      "the share that is right (expected calibration error). On the dotted line, the two would be the same."
    : "Nothing was predicted.";
  const svg = draw("svg", { viewBox: "0 0 330 250", width: 330, role: "img", "aria-labelledby": "calibration-text" });
  const x = (v) => 50 + 260 * v, y = (v) => 210 - 195 * v;
  svg.append(draw("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), stroke: "currentColor", "stroke-dasharray": "2 5" }));
  svg.append(draw("path", { d: `M${x(0)} ${y(1)}V${y(0)}H${x(1)}`, fill: "none", stroke: "currentColor", opacity: 0.4 }));
  for (const tick of [0, 0.5, 1]) {
    svg.append(draw("text", { x: x(tick), y: 228, "text-anchor": "middle" }, String(100 * tick)));
    svg.append(draw("text", { x: 42, y: y(tick) + 4, "text-anchor": "end" }, String(100 * tick)));
  }
  svg.append(draw("text", { x: x(0.5), y: 246, "text-anchor": "middle" }, "confidence, %"));
  svg.append(draw("text", { x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})` }, "right, %"));
  svg.append(draw("polyline", { points: rows.map((r) => `${x(r.confidence)},${y(r.precision)}`).join(" "), fill: "none", stroke: "currentColor" }));
  const most = Math.max(1, ...rows.map((r) => r.spans));
  for (const r of rows) {
    const dot = draw("circle", { cx: x(r.confidence), cy: y(r.precision), r: 3 + 6 * Math.sqrt(r.spans / most), fill: "currentColor", opacity: 0.7 });
    dot.append(draw("title", {}, `${r.spans} ${r.spans === 1 ? "entity" : "entities"} with confidence ${percent(r.confidence)}: ${percent(r.precision)} are right`));
    svg.append(dot);
  }
  byId("calibration").replaceChildren(...(rows.length ? [svg] : []));
  table("bins", ["confidence", "predicted", "mean confidence", "right"],
    rows.map((r) => [`${points(r.low)} to ${percent(r.high)}`, r.spans, percent(r.confidence), percent(r.precision)]));
  byId("bins-box").hidden = !rows.length;
}

// The labels of a sentence, by the word before which they stand. A gold and a predicted span that belong together have one.
function labels(spans) {
  const found = new Map();
  for (const span of spans) {
    const [gold, start, end, type, kind, , , pair] = span;
    const other = spans.find((s) => s[0] !== gold && (kind === "correct" ? s[1] === start && s[2] === end : pair >= 0 && s[7] === pair));
    if (other && !gold) continue; // it is in the label of the gold one
    const right = kind === "correct", label = make("bdi", right ? "✓ " : "✗ ", { dir: "ltr", class: "label " + (right ? "correct" : "wrong") });
    label.append(make("bdi", type));
    if (other && other[3] !== type) label.append(" taken for ", make("bdi", other[3]));
    if (SHORT[kind]) label.append(": " + SHORT[kind]);
    const guess = other || (gold ? null : span), place = other ? Math.min(start, other[1]) : start;
    if (guess) label.append(" " + percent(guess[6]));
    found.set(place, [...(found.get(place) || []), label]);
  }
  return found;
}

const classes = (gold, predicted) => [gold && "gold", predicted && "predicted"].filter(Boolean).join(" ");
function wrap(element, name) {
  const outer = make("span", undefined, { class: name });
  outer.append(element);
  return outer;
}

// A sentence is [words, spans, words without a blank before them], a span [gold, start, end, type, kind, seen, confidence, pair].
function drawSentence(place) {
  const [words, spans, glued] = split.sentences[place], touching = new Set(glued), item = make("li", undefined, { tabindex: -1 });
  item.append(make("span", split.marks ? split.marks[place] : String(place + 1), { class: "number" }));
  const text = make("bdi"), list = words.split("\t");
  const at = (word, gold) => spans.find((s) => Boolean(s[0]) === gold && s[1] <= word && word < s[2]);
  const starting = labels(spans);
  list.forEach((word, index) => {
    const gold = at(index, true), predicted = at(index, false);
    for (const label of starting.get(index) || []) {
      const running = classes(gold && gold[1] < index, predicted && predicted[1] < index);
      text.append(running ? wrap(label, running) : label);
    }
    const kind = classes(gold, predicted);
    text.append(make(kind ? "mark" : "span", word, kind ? { class: kind } : {}));
    const goes = (span) => span && span[2] > index + 1;
    const gap = classes(goes(gold), goes(predicted));
    if (!touching.has(index + 1)) text.append(make("span", " ", gap ? { class: gap } : {}));
  });
  item.append(text);
  return item;
}

// The text of a sentence in lower case, as it is shown: a search for it finds it.
function joined([words, , glued]) {
  const touching = new Set(glued);
  return words.split("\t").map((word, index) => (index && !touching.has(index) ? " " : "") + word).join("").toLowerCase();
}

function meets(span, kind, type, seen, low, high) {
  if (kind === "mistake" ? span[4] === "correct" : kind && span[4] !== kind) return false;
  if (type && span[3] !== type) return false;
  if (seen && span[5] !== Number(seen)) return false;
  return span[0] ? low <= 0 && high >= 1 : span[6] >= low && span[6] <= high; // fractions
}

function filter() {
  const kind = byId("f-kind").value, type = byId("f-type").value, seen = byId("f-seen").value;
  const low = Number(byId("f-low").value || 0) / 100, high = byId("f-high").value === "" ? 1 : Number(byId("f-high").value) / 100;
  const text = byId("f-text").value.toLowerCase(), any = !kind && !type && !seen && low <= 0 && high >= 1;
  matches = [];
  split.sentences.forEach((sentence, place) => {
    if (text && !split.lower[place].includes(text)) return;
    if (any || sentence[1].some((span) => meets(span, kind, type, seen, low, high))) matches.push(place);
  });
  byId("count").textContent = `${matches.length} of ${split.sentences.length} ${split.sentences.length === 1 ? "sentence" : "sentences"}`;
  byId("none").hidden = matches.length > 0;
  shown = 0;
  byId("sentences").replaceChildren();
  more();
  const state = new URLSearchParams({ split: split.name, kind, type, seen, low: byId("f-low").value, high: byId("f-high").value, text: byId("f-text").value });
  history.replaceState(null, "", "#" + state);
}

function more() {
  const next = matches.slice(shown, shown + PAGE);
  byId("sentences").append(...next.map(drawSentence));
  shown += next.length;
  byId("more").hidden = shown >= matches.length;
  byId("printed").textContent = printed();
}

// What stands on paper in the place of the filters.
function printed() {
  const chosen = (id) => byId(id).selectedOptions[0].textContent, parts = [chosen("f-kind")];
  if (byId("f-type").value) parts.push(`type ${chosen("f-type")}`);
  if (byId("f-seen").value) parts.push(`names ${chosen("f-seen")} in training`);
  const low = byId("f-low").value || 0, high = byId("f-high").value || 100;
  if (low > 0 || high < 100) parts.push(`confidence ${low} to ${high}%`);
  if (byId("f-text").value) parts.push(`text "${byId("f-text").value}"`);
  return `Chosen: ${parts.join("; ")}.` + (shown < matches.length ? ` Only the first ${shown} are printed.` : "");
}

function choose(name) {
  split = data.splits.find((one) => one.name === name) || data.splits[0];
  split.lower = split.lower || split.sentences.map(joined);
  byId(`split-${data.splits.indexOf(split)}`).checked = true;
  byId("part").textContent = split.name;
  const kept = byId("f-type").value, types = [...new Set(split.per_type.map((r) => r.type))];
  byId("f-type").replaceChildren(make("option", "any", { value: "" }), ...types.map((t) => make("option", t, { value: t })));
  byId("f-type").value = types.includes(kept) ? kept : "";
  drawTables();
}

function start() {
  document.title += `: ${data.dataset}`;
  byId("dataset").textContent = data.dataset;
  byId("model").textContent = data.model;
  byId("params-count").textContent = `${data.params.length} params`;
  byId("params").replaceChildren(...data.params.map(([key, value]) => {
    const row = make("div", undefined, value.length > 24 ? { class: "long" } : {});
    row.append(make("dt", key), make("dd", value));
    return row;
  }));
  for (const [id, known] of [["model", data.model], ["params", data.params.length]]) byId(id).closest(".facts > div").hidden = !known;
  if (data.note) { byId("note").textContent = data.note; byId("note").hidden = false; }
  data.splits.forEach((one, index) => {
    const label = make("label"), radio = make("input", undefined, { type: "radio", name: "split", id: `split-${index}`, value: one.name });
    radio.addEventListener("change", () => { choose(one.name); filter(); });
    label.append(radio, " ", one.name);
    byId("splits").append(label);
  });
  byId("splits").hidden = data.splits.length < 2;
  if (!data.splits[0].train_known) { // then there is nothing to choose from
    byId("f-seen").replaceChildren(make("option", "either", { value: "" }));
    byId("f-seen").parentElement.hidden = true;
  }
  byId("f-kind").append(make("option", "sentences with a mistake", { value: "mistake" }), make("option", "all sentences", { value: "" }),
    ...Object.entries(KINDS).map(([value, name]) => make("option", name, { value })));
  byId("filters").addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(filter));
  byId("more").addEventListener("click", () => {
    const first = shown;
    more();
    byId("sentences").children[first].focus();
  });
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => edges(entry.target.closest(".scroll"))));
  for (const box of document.querySelectorAll(".scroll")) {
    box.addEventListener("scroll", () => edges(box));
    sizes.observe(box);
    sizes.observe(box.firstElementChild);
  }
  document.addEventListener("keydown", keys);
  follow();
}

// Shows at which end of a box there is more of its table. The keyboard reaches a box only if there is.
function edges(box) {
  const most = box.scrollWidth - box.clientWidth, at = box.scrollLeft;
  box.classList.toggle("more", at < most - 1);
  box.classList.toggle("moved", at > 1);
  if (most > 1) box.setAttribute("tabindex", 0);
  else box.removeAttribute("tabindex");
}

// Shows the view that the address names; what it leaves out, or names wrongly, is as on a fresh page.
function follow() {
  if (location.hash === "#filters" && split) return; // the skip link
  const state = new URLSearchParams(location.hash.slice(1));
  choose(state.get("split"));
  for (const [key, usual] of Object.entries({ kind: "mistake", type: "", seen: "", low: "0", high: "100", text: "" })) {
    const field = byId("f-" + key), value = state.get(key) ?? usual;
    const known = field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value);
    field.value = known ? value : usual;
  }
  filter();
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Enter" && event.target === byId("f-text")) {
    event.preventDefault();
    byId("sentences").firstElementChild?.focus();
    return;
  }
  if (/INPUT|SELECT/.test(event.target.tagName) && event.target.type !== "radio") return; // it takes the letter itself
  if (event.key === "/") { byId("f-text").focus(); event.preventDefault(); }
  if (event.key !== "j" && event.key !== "k") return;
  const items = [...byId("sentences").children], now = items.indexOf(document.activeElement);
  if (event.key === "j" && now === items.length - 1) more();
  const target = byId("sentences").children[event.key === "j" ? now + 1 : Math.max(0, now - 1)];
  if (target) target.focus();
}
start();
