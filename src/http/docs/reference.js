/* The API reference, drawn from the OpenAPI document the page names. Everything is set as text, nothing as markup. */
const place = document.getElementById("api-reference");
const root = document.body.appendChild(element("main"));

fetch(`/${place.dataset.url.replace(/^\//, "")}`)
  .then((response) => response.json())
  .then(draw)
  .catch((error) => root.append(element("p", `The description could not be loaded: ${error.message}`)));

function draw(api) {
  root.append(element("h1", `${api.info.title} ${api.info.version}`), element("p", api.info.description));
  const groups = Map.groupBy(operationsOf(api), ({ operation }) => operation.tags?.[0] ?? "other");
  for (const [tag, operations] of groups) {
    root.append(element("h2", tag), ...operations.map((one) => drawOperation(one)));
  }
}

function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );
}

function drawOperation({ path, verb, operation }) {
  const details = element("details");
  const summary = element("summary");
  summary.append(element("code", `${verb.toUpperCase()} ${path}`), element("span", ` ${operation.summary ?? ""}`));
  details.append(summary, element("p", operation.description ?? ""));
  for (const { name, in: where, required, schema } of operation.parameters ?? []) {
    const line = `${name} (${where}${required ? ", required" : ""})`;
    details.append(element("h4", line), element("pre", JSON.stringify(schema, null, 2)));
  }
  const body = operation.requestBody?.content?.["application/json"];
  if (body) details.append(element("h4", "Body"), element("pre", JSON.stringify(body.schema, null, 2)));
  const result = operation.responses["200"]?.content?.["application/json"];
  if (result) details.append(element("h4", "Answer"), element("pre", JSON.stringify(result.schema, null, 2)));
  details.append(element("p", `Statuses: ${Object.keys(operation.responses).join(", ")}`));
  return details;
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
