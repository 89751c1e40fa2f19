// Shows openapi.json. Everything from it becomes text, never markup.

const methods = ["get", "head", "put", "post", "patch", "delete", "options"];

function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

// What a `$ref` stands for.
function resolved(api, value) {
    return value?.$ref ? value.$ref.slice(2).split("/").reduce((at, key) => at[key], api) : value;
}

function nameOf(value) {
    return value?.$ref ? value.$ref.split("/").pop() : null;
}

function schemaLink(schema) {
    const name = nameOf(schema);
    if (name) {
        return element("a", { href: `#schema-${name}` }, name);
    }
    const parts = (schema?.anyOf ?? []).flatMap((part, at) => (at ? [" or ", schemaLink(part)] : [schemaLink(part)]));
    return element("span", {}, ...(parts.length ? parts : [[schema?.type ?? "bytes"].flat().join(" or ")]));
}

function contentCell(content) {
    const lines = Object.entries(content ?? {}).flatMap(([type, { schema }], at) => [
        ...(at ? [element("br")] : []),
        element("code", {}, type),
        " ",
        schemaLink(schema),
    ]);
    return element("td", {}, ...lines);
}

function row(head, ...cells) {
    return element("tr", {}, element("th", { scope: "row" }, head), ...cells);
}

function parametersTable(api, parameters) {
    const rows = parameters.map((given) => {
        const parameter = resolved(api, given);
        return row(element("code", {}, parameter.name), element("td", {}, parameter.in), element("td", {}, parameter.description ?? ""));
    });
    return rows.length ? [element("h4", {}, "Parameters"), element("table", {}, ...rows)] : [];
}

function bodyTable(body) {
    return body ? [element("h4", {}, "Body"), element("table", {}, element("tr", {}, contentCell(body.content), element("td", {}, body.description ?? "")))] : [];
}

function responsesTable(api, responses) {
    const rows = Object.entries(responses).map(([status, given]) => {
        const response = resolved(api, given);
        return row(status, element("td", {}, response.description), contentCell(response.content));
    });
    return [element("h4", {}, "Answers"), element("table", {}, ...rows)];
}

function operation(api, path, method, told, shared) {
    const title = element("summary", {}, element("span", { className: "method" }, method.toUpperCase()), element("code", {}, path), " ", element("span", { className: "about" }, told.summary ?? ""));
    return element(
        "details",
        { id: told.operationId },
        title,
        element(
            "div",
            {},
            element("p", {}, told.description ?? ""),
            ...parametersTable(api, [...shared, ...(told.parameters ?? [])]),
            ...bodyTable(told.requestBody),
            ...responsesTable(api, told.responses),
        ),
    );
}

function operations(api, tag) {
    return Object.entries(api.paths).flatMap(([path, item]) =>
        methods.filter((method) => item[method]?.tags?.includes(tag)).map((method) => operation(api, path, method, item[method], item.parameters ?? [])),
    );
}

function schemas(api) {
    return Object.entries(api.components.schemas).map(([name, schema]) =>
        element("details", { id: `schema-${name}` }, element("summary", {}, element("code", {}, name), " ", schema.description ?? ""), element("div", {}, element("pre", {}, JSON.stringify(schema, null, 2)))),
    );
}

function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
        target.open = true;
        target.scrollIntoView();
    }
}

async function show() {
    const main = document.getElementById("document");
    const answer = await fetch("openapi.json");
    if (!answer.ok) {
        main.replaceChildren(element("p", {}, `openapi.json cannot be read: ${answer.status}`));
        return;
    }
    const api = await answer.json();
    const parts = api.tags.flatMap(({ name, description }) => [element("h2", {}, name), element("p", {}, description), ...operations(api, name)]);
    main.replaceChildren(
        element("h1", {}, api.info.title),
        element("p", {}, api.info.description),
        element("p", {}, element("a", { href: "openapi.json" }, "openapi.json")),
        ...parts,
        element("h2", {}, "Schemas"),
        ...schemas(api),
    );
    addEventListener("hashchange", openTarget);
    openTarget();
}

show();
