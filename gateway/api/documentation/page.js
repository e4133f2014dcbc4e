// SPDX-License-Identifier: Apache-2.0
// Makes the page of the document. Everything is put in as text: nothing in the document can become markup.
"use strict";

const deepest = 5; // of schemas within schemas

function element(name, content = [], attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

function resolver(whole) {
  return (schema) => {
    let now = schema;
    while (now && now.$ref) {
      const { $ref, ...beside } = now;
      now = { ...$ref.slice(2).split("/").reduce((at, step) => at[step], whole), ...beside };
    }
    return now || {};
  };
}

function kindOf(schema, resolve) {
  const plain = resolve(schema);
  if (plain.enum) return plain.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (plain.anyOf) return plain.anyOf.map((one) => kindOf(one, resolve)).join(" or ");
  if (plain.type === "array") return `list of ${kindOf(plain.items || {}, resolve)}`;
  return [plain.format || [plain.type].flat().join(" or ") || "any", ...bounds(plain)].join(", ");
}

function bounds(schema) {
  const told = [];
  for (const name of ["minimum", "maximum", "minLength", "maxLength", "maxItems", "pattern"]) if (name in schema) told.push(`${name} ${schema[name]}`);
  return told;
}

// A row for each member, those of objects within below it.
function rowsOf(schema, resolve, depth = 0) {
  const plain = resolve(schema);
  const rows = [];
  for (const part of plain.allOf || []) rows.push(...rowsOf(part, resolve, depth));
  for (const [name, inner] of Object.entries(plain.properties || {})) {
    const needed = (plain.required || []).includes(name);
    const told = resolve(inner);
    rows.push(element("tr", [
      element("td", [element("span", "· ".repeat(depth), { class: "depth" }), element("code", name), needed ? " needed" : ""]),
      element("td", kindOf(inner, resolve)),
      element("td", inner.description || told.description || ""),
    ]));
    const within = told.type === "array" ? resolve(told.items || {}) : told;
    if (depth < deepest && (within.properties || within.allOf)) rows.push(...rowsOf(within, resolve, depth + 1));
  }
  return rows;
}

function schemaTable(schema, resolve) {
  const rows = rowsOf(resolve(schema).type === "array" ? resolve(schema).items : schema, resolve);
  return rows.length ? element("table", rows) : element("p", kindOf(schema, resolve));
}

function contentOf(described, resolve) {
  const parts = [];
  for (const [type, { schema, example }] of Object.entries(resolve(described).content || {})) {
    parts.push(element("p", element("code", type)));
    if (schema) parts.push(schemaTable(schema, resolve));
    for (const one of resolve(schema || {}).examples || []) parts.push(element("pre", JSON.stringify(one, null, 2)));
    if (example) parts.push(element("pre", example));
  }
  return parts;
}

function operationOf(method, path, what, resolve) {
  const parts = [];
  if (what.description) parts.push(element("p", what.description));
  parts.push(element("p", what.security ? "Needs no token." : `Roles: admin${(what["x-roles"] || []).map((one) => `, ${one}`).join("")}`));
  const parameters = (what.parameters || []).map(resolve);
  if (parameters.length) {
    parts.push(element("h3", "Parameters"), element("table", parameters.map((one) => element("tr", [
      element("td", [element("code", one.name), one.required ? " needed" : ""]), element("td", one.in), element("td", one.description || "")]))));
  }
  if (what.requestBody) parts.push(element("h3", "Request"), ...contentOf(what.requestBody, resolve));
  for (const [status, described] of Object.entries(what.responses))
    if (status !== "default") parts.push(element("h3", `Answer ${status}`), ...contentOf(described, resolve));
  const words = [method, path, what.summary, what.description, ...(what["x-roles"] || [])].join(" ").toLowerCase();
  const summary = element("summary", [element("b", method.toUpperCase()), element("code", path), ` ${what.summary || ""}`]);
  return element("details", [summary, element("div", parts)], { "data-words": words, id: `${method}${path}` });
}

function show(whole) {
  const resolve = resolver(whole);
  const groups = new Map();
  for (const [path, methods] of Object.entries(whole.paths)) {
    const name = path.startsWith("/v1/") ? path.split("/")[2] : "the node";
    if (!groups.has(name)) groups.set(name, element("section", element("h2", name, { id: name })));
    for (const [method, what] of Object.entries(methods)) groups.get(name).append(operationOf(method, path, what, resolve));
  }
  document.getElementById("about").textContent = whole.info.description;
  document.getElementById("contents").replaceChildren(...[...groups.keys()].map((name) => element("a", name, { href: `#${encodeURIComponent(name)}` })));
  document.getElementById("operations").replaceChildren(...groups.values());
}

function search(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of document.querySelectorAll("section")) {
    let any = false;
    for (const one of group.querySelectorAll("details")) {
      one.hidden = !wanted.every((word) => one.dataset.words.includes(word));
      any ||= !one.hidden;
    }
    group.hidden = !any;
  }
}

document.getElementById("search").addEventListener("input", (event) => search(event.target.value));
fetch("/v1/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => { document.getElementById("operations").textContent = `The document cannot be read: ${error.message}`; });
