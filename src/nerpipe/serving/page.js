"use strict";
const byId = (id) => document.getElementById(id);
const percent = (value) => `${(100 * value).toFixed(1)}%`;
const model = JSON.parse(byId("data").textContent);

// Everything that came from outside goes in as text, never as HTML.
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Marks of one type have one colour. The golden angle keeps the colours of neighbouring types apart.
function markOf(text, type) {
  const mark = element("mark", text);
  mark.style.setProperty("--hue", (25 + 137.5 * model.types.indexOf(type)) % 360);
  return mark;
}

function show({ text, entities }) {
  // start and end count code points; JavaScript's own indices count UTF-16 units
  const characters = Array.from(text);
  const marked = byId("marked");
  const rows = byId("table").tBodies[0];
  marked.replaceChildren();
  rows.replaceChildren();
  let at = 0;
  for (const entity of entities) {
    marked.append(characters.slice(at, entity.start).join(""));
    const mark = markOf(characters.slice(entity.start, entity.end).join(""), entity.type);
    mark.append(element("small", `${entity.type} ${Math.floor(100 * entity.confidence)}%`));
    marked.append(mark);
    at = entity.end;
    const row = element("tr"), name = element("td");
    name.append(element("bdi", entity.text), " ", element("small", entity.type));
    row.append(name);
    for (const cell of [`${(Math.floor(1000 * entity.confidence) / 10).toFixed(1)}%`, `${entity.start} to ${entity.end}`]) {
      row.append(element("td", cell));
    }
    rows.append(row);
  }
  marked.append(characters.slice(at).join(""));
  byId("table").hidden = entities.length === 0;
  byId("answer").hidden = false;
}

function say(message, bad = false) {
  byId("state").textContent = message;
  byId("state").className = bad ? "bad" : "";
}

let asked = 0;
async function ask() {
  const mine = ++asked;
  say("…");
  try {
    const response = await fetch("predict", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: byId("text").value }),
    });
    const answer = await response.json();
    if (mine !== asked) return; // a later question has overtaken this one
    if (!response.ok) return say(answer.detail, true);
    const result = answer.results[0];
    show(result);
    const count = result.entities.length;
    say(count === 0 ? "no entity found" : count === 1 ? "1 entity" : `${count} entities`);
  } catch (error) {
    if (mine === asked) say(`no answer from the server (${error.message}); is it still running?`, true);
  }
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("form").requestSubmit();
});
byId("name").textContent = model.name;
byId("backend").textContent = `(${model.backend}, ${model.precision})`;
byId("types").append(...model.types.flatMap((type) => [markOf(type, type), " "]));
const { precision, recall, f1 } = model.scores;
if (precision === undefined) byId("scores-row").hidden = true;
else byId("scores").append(`precision ${percent(precision)}, recall ${percent(recall)}, F1 ${percent(f1)} on the test split of `, element("bdi", model.dataset));
byId("examples-box").hidden = model.examples.length === 0;
for (const example of model.examples) {
  const button = element("button", example, { type: "button", dir: "auto" });
  button.addEventListener("click", () => {
    byId("text").value = example;
    ask();
  });
  byId("examples").append(button);
}
