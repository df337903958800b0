"use strict";

const METHODS = ["get", "post", "put", "delete"];

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function json(value) {
  return make("pre", JSON.stringify(value, null, 2));
}

function link(schema) {
  const named = schema?.$ref ?? schema?.items?.$ref;
  if (!named) return schema ? json(schema) : make("span");
  const name = named.split("/").pop();
  const anchor = make("a", name);
  anchor.href = `#schema-${name}`;
  return anchor;
}

function table(heads, rows) {
  const made = make("table");
  const head = made.createTHead().insertRow();
  heads.forEach((text) => head.append(make("th", text)));
  rows.forEach((cells) => {
    const row = made.insertRow();
    cells.forEach((cell) => row.insertCell().append(cell));
  });
  return made;
}

function parameters(list) {
  const rows = list.map((one) => [
    make("code", one.name), one.in, one.required ? "required" : "", one.description ?? "", make("code", JSON.stringify(one.schema)),
  ]);
  return table(["name", "in", "", "", "schema"], rows);
}

function answers(responses) {
  const rows = Object.entries(responses).map(([status, answer]) => {
    const [kind, content] = Object.entries(answer.content ?? {})[0] ?? ["", {}];
    return [status, answer.description, kind, link(content.schema)];
  });
  return table(["status", "", "content", "schema"], rows);
}

function body(request) {
  const [kind, content] = Object.entries(request.content)[0];
  const parts = [make("h4", `Body: ${kind}${request.required ? "" : " (may be empty)"}`), link(content.schema)];
  Object.values(content.examples ?? {}).forEach((example) => parts.push(json(example.value)));
  return parts;
}

function operation(method, path, described) {
  const details = make("details");
  const summary = make("summary");
  summary.append(make("span", method.toUpperCase(), "method"), make("code", path), make("span", described.summary, "summary"));
  const content = make("div");
  if (described.description) content.append(make("p", described.description));
  if (described.parameters?.length) content.append(make("h4", "Parameters"), parameters(described.parameters));
  if (described.requestBody) content.append(...body(described.requestBody));
  content.append(make("h4", "Answers"), answers(described.responses));
  details.append(summary, content);
  details.dataset.words = `${method} ${path} ${described.summary}`.toLowerCase();
  return details;
}

function schema(name, described) {
  const details = make("details");
  details.id = `schema-${name}`;
  const content = make("div");
  content.append(json(described));
  details.append(make("summary", name), content);
  return details;
}

function show(spec) {
  document.getElementById("about").textContent = spec.info.description;
  const all = Object.entries(spec.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => operation(method, path, methods[method])));
  document.getElementById("operations").replaceChildren(...all);
  const schemas = Object.entries(spec.components?.schemas ?? {}).map(([name, described]) => schema(name, described));
  document.getElementById("schemas").replaceChildren(...schemas);
  document.getElementById("find").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase();
    all.forEach((one) => { one.hidden = !one.dataset.words.includes(words); });
  });
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

async function start() {
  const answer = await fetch("/api/openapi.json");
  if (!answer.ok) throw new Error(`the document cannot be read: ${answer.status}`);
  show(await answer.json());
  open();
}

window.addEventListener("hashchange", open);
start().catch((error) => document.getElementById("operations").replaceChildren(make("p", error.message)));
