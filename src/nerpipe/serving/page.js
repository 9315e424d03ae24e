"use strict";
const EXAMPLES = [
  "Greetings from the Empire State Building, where Taylor Swift just walked past me :D",
  "anyone at the #Lakers game tonight? @kobebryant is on fire http://bit.ly/x1",
  "Reading The Hobbit on my new Kindle while Radiohead plays in Berlin",
];
const byId = (id) => document.getElementById(id);

// Everything that came from outside goes in as text, never as HTML.
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function hue(type) {
  let sum = 0;
  for (const character of type) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return sum;
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
    const mark = element("mark", characters.slice(entity.start, entity.end).join(""));
    mark.style.setProperty("--hue", hue(entity.type));
    mark.append(element("small", `${entity.type} ${Math.floor(100 * entity.confidence)}%`));
    marked.append(mark);
    at = entity.end;
    const row = element("tr");
    for (const cell of [entity.text, entity.type, `${(Math.floor(1000 * entity.confidence) / 10).toFixed(1)}%`, entity.start, entity.end]) {
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
for (const example of EXAMPLES) {
  const button = element("button", example, { type: "button" });
  button.addEventListener("click", () => {
    byId("text").value = example;
    ask();
  });
  byId("examples").append(button);
}
