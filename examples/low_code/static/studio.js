// The studio's page. It draws what the server says and sends what somebody did; it decides nothing.
// Every text goes in by textContent, so whatever somebody wrote is shown and never run.

const WORDS = {
  en: { undo: "Undo", redo: "Redo", lang: "中文", preview: "Preview and apply…", element: "Element", tables: "Tables", yaml: "YAML", tickets: "Tickets",
    same: "is running", differs: "draft differs from what is running", broken: "draft does not load yet", version: "version",
    name: "Name", rename: "Rename", title: "Title", closed: "Closed", remove: "Remove", from_here: "Transition from here", event: "Event",
    target: "Leads to", source: "From", add: "Add", new_state: "New state", pick: "Choose a state or an arrow, or add a state.", save: "Take this text", discard: "Discard my text",
    copy: "Copy", up: "Move up", diagram: "Diagram", open: "Open a ticket", under: "version", moves: "tickets move", stays: "nothing to choose", stranded: "would be stranded: choose where they go",
    apply: "Apply", cancel: "Not yet", new_only: "For new tickets only", moved: "tickets moved", tickets_of: "Tickets", what: "What changes", nothing: "Nothing changes.", row: "Add a row", late: "tickets would be late at once",
    refused: "cannot be moved as they are", choose: "choose…", blocked: "This draft cannot be applied yet.", away: "The studio does not answer. Nothing was changed; do it again when it is back.", look: "Look again", stay: "stay where they are" },
  zh: { undo: "撤销", redo: "重做", lang: "English", preview: "预览并应用…", element: "元素", tables: "决策表", yaml: "YAML", tickets: "工单",
    same: "正在运行", differs: "草稿与运行中的定义不同", broken: "草稿尚不能加载", version: "版本",
    name: "名称", rename: "改名", title: "标题", closed: "已关闭", remove: "删除", from_here: "由此出发的转移", event: "事件",
    target: "通往", source: "来自", add: "添加", new_state: "新状态", pick: "请选择一个状态或箭头，或添加状态。", save: "采用此文本", discard: "放弃我的文本",
    copy: "复制", up: "上移", diagram: "流程图", open: "新建工单", under: "版本", moves: "张工单迁移", stays: "无需选择", stranded: "张将无处可去：请选择去向",
    apply: "应用", cancel: "暂不", new_only: "仅用于新工单", moved: "张工单已迁移", tickets_of: "工单", what: "变更内容", nothing: "没有变更。", row: "添加一行", late: "张工单将立即超时",
    refused: "按现状无法迁移", choose: "请选择…", blocked: "此草稿还不能应用。", away: "工作室没有响应。没有任何更改；恢复后请重试。", look: "重新预览", stay: "保持不变" },
};
const $ = (id) => document.getElementById(id);
let lang = navigator.language.startsWith("zh") ? "zh" : "en", view = null, chosen = null, tab = "element", tickets = [];
const say = (word) => WORDS[lang][word];

function el(tag, given = {}, ...children) {
  const made = tag.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && !(made instanceof SVGElement) && key !== "list") made[key] = value;
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

async function ask(path, said) {
  const given = said === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) };
  let answer, data;
  try {
    answer = await fetch(`api/${path}?lang=${lang}`, given);
    data = await answer.json();
  } catch {  // the server is being restarted, or is something else: what was typed stays, to be sent again
    tell(say("away"));
    return null;
  }
  tell(answer.ok ? "" : data.error[lang] ?? data.error.en);
  if (!answer.ok && data.view) show(data.view);
  return answer.ok ? data : null;
}

function tell(text) { $("error").textContent = text; $("error").hidden = !text; }

let before = Promise.resolve();  // one change after the other: leaving an input changes something, and the click that left it too
function edit(op, given) { return (before = before.then(() => change(op, given))); }

async function change(op, given) {
  const made = await ask("edit", { revision: view.revision, op, ...given });
  if (!made) return false;
  unsent.clear();
  if (chosen && made.moved[chosen]) chosen = made.moved[chosen];
  if (op === "add" && made.added) chosen = made.added;
  show(made);
  return true;
}

function show(made) {
  view = made;
  if (chosen && !(chosen in view.elements)) chosen = null;
  draw();
}

function draw() {
  const focus = focused();
  document.documentElement.lang = lang;
  $("canvas").setAttribute("aria-label", say("diagram"));
  $("name").textContent = view.flow.title || view.flow.workflow;
  const state = !view.loads ? "broken" : view.same ? "same" : "differs";
  $("status").textContent = state === "same" ? `${say("version")} ${view.live} ${say("same")}` : `${say(state)} (${say("version")} ${view.live})`;
  for (const [id, on] of [["undo", view.undo], ["redo", view.redo], ["preview", !view.same]]) { $(id).textContent = say(id); $(id).disabled = !on; }
  $("lang").textContent = say("lang");
  $("tabs").replaceChildren(...["element", "tables", "yaml", "tickets"].map((name) =>
    el("button", { role: "tab", id: `tab_${name}`, "aria-controls": "panel", "aria-selected": String(tab === name), tabIndex: tab === name ? 0 : -1, onclick: () => { tab = name; draw(); } }, say(name))));
  $("panel").setAttribute("aria-labelledby", `tab_${tab}`);
  $("canvas").replaceChildren(diagram());
  $("findings").replaceChildren(...view.findings.map((one) => el("button", {
    onclick: () => { if (one.element) { chosen = one.element; tab = "element"; draw(); } } }, `${one.line ? `${one.line}: ` : ""}${one.message} ${one.hint ?? ""}`)));
  $("panel").replaceChildren(...{ element: inspector, tables, yaml, tickets: desk }[tab]());
  for (const input of $("panel").querySelectorAll("[name]")) if (unsent.has(place(input))) input.value = unsent.get(place(input));
  focus?.();
}

// Drawing anew replaces what had the focus: whoever works with the keyboard goes on at the same place.
function focused() {
  const at = document.activeElement, id = at?.id || at?.dataset.id, name = at?.name, within = at?.closest("#panel");
  if (id) return () => [...document.querySelectorAll("[id], [data-id]")].find((one) => (one.id || one.dataset.id) === (view.moved[id] ?? id))?.focus();
  const same = within && [...within.querySelectorAll("input, select, button")].indexOf(at);
  return within && (() => (name && $("panel").querySelector(`[name="${CSS.escape(name)}"]`) || $("panel").querySelectorAll("input, select, button")[same])?.focus());
}

const pressed = (press, act) => { if (press.key === "Enter" || press.key === " ") { press.preventDefault(); act(); } };
$("tabs").addEventListener("keydown", (press) => {
  const names = ["element", "tables", "yaml", "tickets"], step = { ArrowRight: 1, ArrowLeft: names.length - 1 }[press.key];
  if (step) { tab = names[(names.indexOf(tab) + step) % names.length]; draw(); $(`tab_${tab}`).focus(); }
});
document.addEventListener("keydown", (press) => {
  const typing = press.target.closest("input, textarea, select, dialog");
  if (typing || !(press.ctrlKey || press.metaKey) || press.key.toLowerCase() !== "z") return;
  press.preventDefault();
  edit(press.shiftKey ? "redo" : "undo", {});
});

// What was typed into a form and not sent yet: drawing anew, in the other language or after somebody else's change, keeps it.
const unsent = new Map();
const place = (input) => [tab, chosen, input.closest("[data-ticket]")?.dataset.ticket, input.form?.dataset.form, input.name].join("\n");
$("panel").addEventListener("input", ({ target }) => { if (target.form && target.name) unsent.set(place(target), target.value); });

// the diagram ------------------------------------------------------------------------------------------------------

function diagram() {
  const nodes = new Map(), wrong = new Set(view.findings.map((one) => one.element));
  for (const node of view.flow.nodes) {
    const above = nodes.get(node.parentId) ?? { x: 0, y: 0 };
    const far = node.parentId ? 1 : 1.25;  // room for the words at the arrows
    nodes.set(node.id, { ...node, x: above.x + far * node.position.x, y: above.y + far * node.position.y, w: node.style?.width ?? 180, h: node.style?.height ?? 56 });
  }
  const all = [...nodes.values()], side = 230;
  const left = Math.min(0, ...all.map((one) => one.x)), top = Math.min(0, ...all.map((one) => one.y));
  const width = Math.max(320, ...all.map((one) => one.x + one.w)) - left + side, height = Math.max(160, ...all.map((one) => one.y + one.h)) - top + 30;
  const svg = el("svg:svg", { viewBox: `${left - side / 2} ${top - 20} ${width} ${height}`, width, height, role: "group", "aria-label": say("diagram") });
  const tip = el("svg:marker", { id: "tip", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" });
  tip.append(el("svg:path", { d: "M0 1 L9 5 L0 9 z", fill: "#7d8b99" }));
  svg.append(el("svg:defs", {}, tip));
  for (const node of all) svg.append(nodeOf(node, wrong));
  const seen = new Map();
  for (const edge of view.flow.edges) {
    const pair = [edge.source, edge.target].sort().join("\n"), count = seen.get(pair) ?? 0;
    seen.set(pair, count + 1);
    svg.append(edgeOf(edge, nodes, count, wrong));
  }
  return svg;
}

function nodeOf(node, wrong) {
  const kinds = ["node", node.type, node.data.closed && "closed", node.data.initial && "initial", (wrong.has(node.id) || node.type === "missing") && "wrong", chosen === node.id && "chosen"];
  const group = node.type === "group", count = view.counts[node.data.name];
  const made = el("svg:g", { class: kinds.filter(Boolean).join(" "), "data-id": node.id, tabindex: 0, role: "button", "aria-label": node.data.label || "?", "aria-pressed": String(chosen === node.id), onclick: () => pick(node.id), onkeydown: (press) => pressed(press, () => pick(node.id)) });
  made.append(el("svg:title", {}, node.data.name), el("svg:rect", { x: node.x, y: node.y, width: node.w, height: node.h }));
  made.append(el("svg:text", { x: node.x + node.w / 2, y: group ? node.y + 20 : node.y + node.h / 2 + 5, "text-anchor": "middle" }, short(node.data.label || "?", 19)));
  if (count) made.append(el("svg:text", { class: "count", x: node.x + node.w - 8, y: node.y + 15, "text-anchor": "end" }, String(count)));
  return made;
}

function edgeOf(edge, nodes, count, wrong) {
  const a = nodes.get(edge.source), b = nodes.get(edge.target), id = edge.data.transition;
  const made = el("svg:g", { class: ["edge", wrong.has(id) && "wrong", chosen === id && "chosen"].filter(Boolean).join(" "), "data-id": id, tabindex: 0, role: "button", "aria-label": `${edge.label}: ${a.data.label || "?"} → ${b.data.label || "?"}`, "aria-pressed": String(chosen === id), onclick: () => pick(id), onkeydown: (press) => pressed(press, () => pick(id)) });
  let path, x, y;
  if (a === b) {
    [x, y] = [a.x + a.w + 34, a.y + a.h / 2 + 4 + count * 18];
    path = `M ${a.x + a.w} ${a.y + 14} C ${x} ${a.y} ${x} ${a.y + a.h} ${a.x + a.w} ${a.y + a.h - 14}`;
  } else {
    const down = b.y >= a.y + a.h, up = a.y >= b.y + b.h, shift = count * 20;
    if (down) {
      const [x1, y1, x2, y2] = [a.x + a.w / 2 + shift, a.y + a.h, b.x + b.w / 2 + shift, b.y];
      const out = y2 - y1 > 190 ? 90 : 0, middle = (y1 + y2) / 2;  // a long one goes past what lies between
      path = `M ${x1} ${y1} C ${x1 + out} ${middle} ${x2 + out} ${middle} ${x2} ${y2}`;
      [x, y] = [(x1 + x2) / 2 + out * 0.75, middle + 4];
    } else if (up) {  // back again, on the outer side
      const right = a.x > b.x, [x1, y1, x2, y2] = [right ? a.x + a.w : a.x, a.y + a.h / 2, right ? b.x + b.w : b.x, b.y + b.h / 2];
      const out = (right ? Math.max(x1, x2) + 50 : Math.min(x1, x2) - 50) + (right ? shift : -shift);
      path = `M ${x1} ${y1} C ${out} ${y1} ${out} ${y2} ${x2} ${y2}`;
      [x, y] = [(x1 + x2) / 8 + out * 0.75, (y1 + y2) / 2];
    } else {
      const right = b.x > a.x, [x1, x2] = right ? [a.x + a.w, b.x] : [a.x, b.x + b.w];
      const [y1, y2] = [a.y + a.h / 2 + shift, b.y + b.h / 2 + shift];
      path = `M ${x1} ${y1} C ${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
      [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2 - 6];
    }
  }
  made.append(el("svg:path", { d: path, class: "hit" }), el("svg:path", { d: path, "marker-end": "url(#tip)" }));
  made.append(el("svg:text", { x, y, "text-anchor": "middle" }, el("svg:title", {}, edge.label), short(edge.label, 22)));
  return made;
}

function pick(id) { chosen = id; tab = "element"; draw(); }
function short(text, most) {  // signs of Chinese take twice the room
  let room = 0, signs = [...text];
  const fits = signs.filter((sign) => (room += sign > "\u2e7f" ? 2 : 1) <= most);
  return fits.length < signs.length ? `${fits.join("")}…` : text;
}

// one element ------------------------------------------------------------------------------------------------------

const states = () => Object.values(view.elements).filter((one) => one.kind === "state").map((one) => one.name);
const choice = (name, values, value) => el("select", { name }, ...[...new Set([...(value === null ? [""] : []), ...values, ...(value ? [value] : [])])].map((one) => el("option", { value: one, selected: one === value }, one)));
const line = (word, input) => el("label", {}, say(word), input);
const button = (word, act, kind = "") => el("button", { type: "button", className: kind, onclick: act }, say(word));

function inspector() {
  const element = chosen && view.elements[chosen];
  const mine = view.findings.filter((one) => one.element === chosen && chosen).map((one) => el("p", { className: "bad" }, `${one.message} ${one.hint ?? ""}`));
  const made = element?.kind === "state" ? stateForm(element) : element?.kind === "transition" ? transitionForm(element)
    : element ? [el("h2", {}, element.id), el("pre", {}, JSON.stringify(element.data, null, 1))] : [el("p", { className: "soft" }, say("pick"))];
  const name = el("input", { name: "new_state", required: true });
  const add = el("form", { className: "row", onsubmit: (sent) => { sent.preventDefault(); edit("add", { section: "states", name: name.value }); } }, el("b", {}, say("new_state")), name, el("button", {}, say("add")));
  return [...made, ...mine, add];
}

function stateForm(element) {
  const id = element.id, data = element.data ?? {}, title = typeof data.title === "object" && data.title ? data.title[lang] ?? "" : data.title ?? "";
  const name = el("input", { name: "name", value: element.name });
  const event = el("input", { name: "event", required: true }), target = choice("target", states(), element.name);
  const key = typeof data.title === "object" && data.title ? ["title", lang] : "title";
  return [
    el("h2", {}, id),
    el("form", { className: "row", onsubmit: (sent) => { sent.preventDefault(); edit("rename", { id, name: name.value }); } }, el("b", {}, say("name")), name, el("button", {}, say("rename"))),
    line("title", el("input", { name: "title", value: title, onchange: (sent) => edit("set", { id, key, value: sent.target.value }) })),
    line("closed", el("input", { name: "closed", type: "checkbox", checked: !!data.closed, onchange: (sent) => edit("set", { id, key: "closed", value: sent.target.checked }) })),
    el("form", { onsubmit: (sent) => { sent.preventDefault(); edit("add", { section: "transitions", value: { event: event.value, source: element.name, target: target.value } }); } },
      el("h2", {}, say("from_here")), line("event", event), line("target", target), el("button", {}, say("add"))),
    el("div", { className: "row" }, button("copy", () => edit("paste", { ids: [id] }), "plain"), button("remove", () => edit("remove", { ids: [id] }), "danger")),
  ];
}

function transitionForm(element) {
  const id = element.id, data = element.data, write = (key) => (sent) => edit("set", { id, key, value: sent.target.value });
  const end = (key) => { const made = choice(key, states(), typeof data[key] === "string" ? data[key] : null); made.addEventListener("change", write(key)); return made; };
  return [
    el("h2", {}, id),
    line("event", el("input", { name: "event", value: data.event ?? "", onchange: write("event") })),
    ...["source", "target"].map((key) => typeof (data[key] ?? "") === "string" ? line(key, end(key)) : line(key, el("span", {}, data[key].join(", ")))),
    el("div", { className: "row" }, button("remove", () => edit("remove", { ids: [id] }), "danger")),
  ];
}

// tables, text -----------------------------------------------------------------------------------------------------

function tables() {
  return view.grids.flatMap((grid) => {
    const send = (made) => edit("grid", { grid: made });
    const wrong = (row, column) => grid.errors.find((one) => one.row === row.id && (one.column ?? column.id) === column.id);
    const cell = (row, column) => el("td", { className: wrong(row, column) ? "wrong" : "", title: wrong(row, column)?.message ?? "" }, el("input", { value: text(row.cells[column.id]), "aria-label": column.label, onchange: (sent) => {
      send({ ...grid, rows: grid.rows.map((one) => (one === row ? { ...row, cells: { ...row.cells, [column.id]: sent.target.value } } : one)) }); } }));
    const rows = grid.rows.map((row) => el("tr", { "data-id": row.id }, ...grid.columns.map((column) => cell(row, column)),
      el("td", { className: "tools" }, row === grid.rows[0] ? null : el("button", { className: "plain", "aria-label": say("up"), onclick: () => send({ ...grid, rows: swapped(grid.rows, grid.rows.indexOf(row)) }) }, "↑"),
        el("button", { className: "danger", "aria-label": say("remove"), onclick: () => send({ ...grid, rows: grid.rows.filter((one) => one !== row) }) }, "×"))));
    return [el("h2", {}, grid.name), el("div", { className: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, ...grid.columns.map((column) => el("th", {}, column.label)), el("th"))), el("tbody", {}, ...rows))),
    el("div", { className: "row" }, button("row", () => send({ ...grid, rows: [...grid.rows, { id: crypto.randomUUID(), cells: Object.fromEntries(grid.columns.map((one) => [one.id, one.kind === "input" ? "-" : "null"])) }] }), "plain"))];
  });
}
const swapped = (rows, at) => rows.map((row, index) => (index === at ? rows[at - 1] : index === at - 1 ? rows[at] : row));
const text = (value) => value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

let typed = null;  // a text that is being written, and the draft it began from: drawing anew must not lose it

function yaml() {
  const area = el("textarea", { id: "yaml", value: typed?.text ?? view.text, spellcheck: false, oninput: () => { typed = { revision: typed?.revision ?? view.revision, text: area.value }; drop.disabled = false; } });
  const save = async () => { const mine = typed; typed = null; if (mine && !(await edit("text", mine))) { typed = mine; draw(); } };
  const drop = button("discard", () => { typed = null; draw(); }, "plain");
  drop.disabled = !typed;
  return [area, el("div", { className: "row" }, button("save", save), drop)];
}

// tickets ----------------------------------------------------------------------------------------------------------

function desk() {
  const made = tickets.map((one) => el("div", { className: "ticket", "data-ticket": one.id }, el("b", {}, one.id), el("span", { className: "tag" }, one.title), el("span", { className: "soft" }, ` ${say("under")} ${one.version}`), ...one.forms.map((form) => ticketForm(one, form))));
  return [el("div", { className: "row" }, button("open", async () => { if (await ask("tickets", { key: crypto.randomUUID() })) await look(); })), ...made];
}

function ticketForm(ticket, form) {
  const key = crypto.randomUUID(), inputs = form.inputs.map((one) => [one, el("input", { name: one.name, value: one.shown, type: one.widget === "hidden" ? "hidden" : "text" })]);
  return el("form", { className: "row", "data-form": form.id, onsubmit: async (sent) => {
    sent.preventDefault();
    const given = Object.fromEntries(inputs.map(([one, input]) => [one.name, input.value]));
    if (await ask(`tickets/${encodeURIComponent(ticket.id)}`, { ...given, _form: form.id, _expect: form.expect, _key: key })) unsent.clear();
    await look();
  } }, ...inputs.flatMap(([one, input]) => (one.widget === "hidden" ? [input] : [el("span", { className: "soft" }, one.title), input])),
  el("button", { className: "plain", disabled: form.status === "refused", title: form.why }, form.title));
}

async function look() { const said = $("error").textContent; tickets = (await ask("tickets")) ?? tickets; const made = await ask("view"); if (made) show(made); if (said) tell(said); }

// preview and apply ------------------------------------------------------------------------------------------------

async function preview() {
  const made = await ask("preview", { revision: view.revision });
  if (!made) return;
  const picks = made.stranded.map((one) => [one, el("select", { name: one.state, onchange: () => ready() },
    el("option", { value: "" }, say("choose")), ...made.states.map((name) => el("option", { value: name, selected: one.suggested === name }, name)))]);
  const send = async (move) => {
    $("dialog").close();
    const answers = Object.fromEntries(picks.map(([one, input]) => [one.state, input.value]).filter(([, value]) => value));
    const done = await ask("apply", { revision: view.revision, answers: move ? answers : {}, move });
    if (done) { await look(); $("status").textContent += ` · ${done.moved} ${say("moved")}`; }
  };
  const apply = el("button", { id: "apply", onclick: () => send(true) }, say("apply"));
  const ready = () => { apply.disabled = !made.loads || made.blocked > 0 || picks.some(([, input]) => !input.value); };
  const stuck = made.stranded.reduce((sum, one) => sum + one.count, 0);
  const counts = [`${made.moves} ${say("moves")}`, ...(stuck ? [`${stuck} ${say("stranded")}`] : []), ...(made.blocked ? [`${made.blocked} ${say("refused")}`] : []), ...(made.late ? [`${made.late} ${say("late")}`] : [])];
  $("dialog").replaceChildren(
    el("h2", {}, `${say("version")} ${made.version ?? "?"}`),
    made.loads ? el("p", { id: "counts" }, counts.join(lang === "zh" ? "；" : "; ")) : el("p", { className: "bad" }, say("blocked")),
    ...picks.map(([one, input]) => el("label", { className: "row" }, el("b", {}, `${one.state} (${one.count})`), " → ", input)),
    ...made.problems.map((one) => el("p", { className: "bad" }, one)),
    el("h2", {}, say("what")), made.changes.length ? el("ul", {}, ...made.changes.map((one) => el("li", {}, one))) : el("p", {}, say("nothing")),
    ...made.warnings.map((one) => el("p", { className: "soft" }, one)),
    el("div", { className: "row" }, apply, el("button", { id: "new_only", className: "plain", disabled: !made.loads, onclick: () => send(false) }, say("new_only")),
      el("button", { className: "plain", onclick: () => $("dialog").close() }, say("cancel"))));
  ready();
  $("dialog").showModal();
}

$("undo").addEventListener("click", () => edit("undo", {}));
$("redo").addEventListener("click", () => edit("redo", {}));
$("preview").addEventListener("click", () => preview());
$("lang").addEventListener("click", () => { lang = lang === "en" ? "zh" : "en"; look(); });
look();
