"use strict";
(() => {
  const get = (id) => JSON.parse(document.getElementById(id).textContent);
  const D = get("data"), W = get("words"), S = get("stories");
  const ID = 0, WF = 1, ST = 2, OB = 3, HR = 4, BEGAN = 5, CLOSED = 6, FLAGS = 7, REOPENED = 8, RESP = 9, DONE = 10,
    SCORES = 11, CYCLES = 12, STEPS = 13, STAYS = 14, LEVELS = 15, DIMS = 16, TAGS = 17, SPELLS = 18, STORY = 19;
  const OUT = D.outcomes, MET = OUT.indexOf("met"), LATE = OUT.indexOf("late"), OVERDUE = OUT.indexOf("overdue");
  const LAST = D.buckets.length - 1, Z = 1.959963984540054, PAGE = 50, NOTHING = "–";
  let lang = document.documentElement.lang === "zh" ? "zh" : "en", shownRows = D.rows, F = null, pages = 1;
  const all = (query, root) => Array.from((root || document).querySelectorAll(query));
  const say = (key, facts) => {
    let text = (W[key] || [key, key])[lang === "zh" ? 1 : 0];
    for (const name in facts || {}) text = text.split("{" + name + "}").join(String(facts[name]));
    return text;
  };

  const said = (names) => names[lang === "zh" ? 1 : 0];  // a name in English and in Chinese

  // figures: the rules of servflow.metrics ------------------------------------------------------------------------
  const share = (n, d) => {
    if (!d) return { n: 0, d: 0, v: null, lo: null, hi: null };
    const p = n / d, mid = (p + Z * Z / (2 * d)) / (1 + Z * Z / d);
    const half = Z * Math.sqrt(p * (1 - p) / d + Z * Z / (4 * d * d)) / (1 + Z * Z / d);
    return { n, d, v: p, lo: Math.max(0, mid - half), hi: Math.min(1, mid + half) };
  };
  const times = (values) => {
    if (!values.length) return { n: 0, m: null, p: null };
    const held = values.slice().sort((a, b) => a - b), n = held.length;
    return { n, m: held[Math.ceil(n / 2) - 1], p: held[Math.ceil(n * 9 / 10) - 1] };
  };
  const kept = (rows, clock) => {
    let n = 0, d = 0;
    for (const row of rows) for (let i = 0; i < row[CYCLES].length; i += 4) {
      if (clock !== undefined && row[CYCLES][i] !== clock && row[CYCLES][i + 3] !== clock) continue;
      const outcome = row[CYCLES][i + 1];
      if (outcome === MET) { n++; d++; } else if (outcome === LATE || outcome === OVERDUE) d++;
    }
    return share(n, d);
  };
  const answers = (rows, sort) => rows.flatMap((row) => row[SCORES][sort]);
  const part = (rows, sort) => { const found = answers(rows, sort); return share(found.filter((one) => one).length, found.length); };
  const csat = (rows) => part(rows, 0);
  const rated = (rows) => {
    const all = answers(rows, 3), asked = all.filter((one) => one > 1), found = asked.length ? asked : all;
    return share(found.filter((one) => one % 2).length, found.length);
  };
  const points = (rows, sort, by) => {
    const found = answers(rows, sort);
    return { d: found.length, v: found.length ? Math.round(by * found.reduce((a, b) => a + b, 0) / found.length * 1e6) / 1e6 : null };
  };
  const some = (rows, column) => rows.map((row) => row[column]).filter((one) => one !== null);
  const openAfter = (row, last) => {
    for (let i = 0; i < row[SPELLS].length; i += 2)
      if (row[SPELLS][i] <= last && (row[SPELLS][i + 1] === null || row[SPELLS][i + 1] > last)) return true;
    return false;
  };
  const closings = (row) => row[SPELLS].filter((place, i) => i % 2 && place !== null);
  const head = (cohort, rows, first, last) => ({
    opened: cohort.length,
    closed: rows.reduce((sum, row) => sum + closings(row).filter((place) => place >= first && place <= last).length, 0),
    open: rows.filter((row) => openAfter(row, last)).length,
    cancelled: cohort.filter((row) => row[FLAGS] & 1).length,
    late: cohort.filter((row) => row[FLAGS] & 2).length,
    kept: kept(cohort), first: times(some(cohort, RESP)), resolve: times(some(cohort, DONE)),
    csat: csat(cohort), rated: rated(cohort), nps: points(cohort, 1, 100), ces: points(cohort, 2, 1),
    again: part(cohort, 4), once: part(cohort, 5),
  });
  const before = (rows, first, last) => {
    const long = last - first + 1;
    let from, to;
    if (first >= long) { from = first - long; to = first - 1; }
    else if (first === 0 && last === LAST && D.before) from = to = -1;
    else return null;
    return head(rows.filter((row) => row[OB] >= from && row[OB] <= to), rows, from, to);
  };
  const tally = (values, size) => {
    const found = new Array(size).fill(0);
    for (const value of values) if (value >= 0 && value < size) found[value]++;
    return found;
  };
  const days = (rows) => {
    const made = D.buckets.map(() => ({ o: 0, c: 0, b: 0 })), change = new Array(LAST + 2).fill(0);
    for (const row of rows) {
      if (row[OB] >= 0) made[row[OB]].o++;
      for (const place of closings(row)) if (place >= 0) made[place].c++;
      for (let i = 0; i < row[SPELLS].length; i += 2) {
        change[Math.max(row[SPELLS][i], 0)]++;
        if (row[SPELLS][i + 1] !== null) change[Math.max(row[SPELLS][i + 1], 0)]--;
      }
    }
    let still = 0;
    made.forEach((day, place) => { still += change[place]; day.b = still; });
    return made;
  };
  const flow = (cohort, place) => {
    const way = D.ways[place], took = Array.from({ length: way.lines }, () => []), stayed = way.states.map(() => []);
    const total = way.states.map(() => 0), now = way.states.map(() => 0), visits = way.states.map(() => 0);
    for (const row of cohort) {
      if (row[WF] !== place) continue;
      for (let i = 0; i < row[STEPS].length; i += 2) if (row[STEPS][i] >= 0) took[row[STEPS][i]].push(row[STEPS][i + 1]);
      for (let i = 0; i < row[STAYS].length; i += 3) {
        const state = row[STAYS][i], spent = row[STAYS][i + 1];
        visits[state]++;
        now[state] += row[STAYS][i + 2];
        if (spent !== null) { total[state] += spent; if (!row[STAYS][i + 2]) stayed[state].push(spent); }
      }
    }
    const whole = total.reduce((a, b) => a + b, 0);
    return {
      e: took.map(times),
      s: stayed.map((spent, i) => ({ ...times(spent), visits: visits[i], now: now[i], share: whole ? total[i] / whole : 0 })),
    };
  };
  const figures = (rows, first, last) => {
    const cohort = rows.filter((row) => row[OB] >= first && row[OB] <= last), made = head(cohort, rows, first, last);
    made.prev = before(rows, first, last);
    made.clock = D.clocks.map((_, i) => kept(cohort, i));
    made.breach = D.clocks.map((_, i) => {
      let n = 0;
      for (const row of cohort) for (let j = 0; j < row[CYCLES].length; j += 4) if ((row[CYCLES][j] === i || row[CYCLES][j + 3] === i) && row[CYCLES][j + 2]) n++;
      return n;
    });
    made.level = tally(cohort.flatMap((row) => row[LEVELS]), D.levels.length);
    for (const dim of D.shown) made[dim] = tally(cohort.map((row) => row[DIMS][D.dims.indexOf(dim)]), D.names[dim].length);
    made.hour = tally(cohort.map((row) => row[HR]), 168);
    made.day = days(rows);
    made.age = [0, 0, 0, 0, 0, 0];
    for (const row of rows) if (row[CLOSED] === null) made.age[[1, 3, 7, 14, 30].filter((edge) => (D.at - row[BEGAN]) / 86400 >= edge).length]++;
    for (const slot of ["outlet", "assignee"]) {
      const groups = D.names[slot].map(() => []);
      for (const row of cohort) { const own = groups[row[DIMS][D.dims.indexOf(slot)]]; if (own) own.push(row); }
      made[slot] = groups.map((own) => ({
        n: own.length, open: own.filter((row) => row[CLOSED] === null).length, late: own.filter((row) => row[FLAGS] & 2).length,
        resolve: times(some(own, DONE)), kept: kept(own), csat: csat(own),
      }));
    }
    made.flow = D.ways.map((_, place) => flow(cohort, place));
    return made;
  };

  // words and numbers ----------------------------------------------------------------------------------------------
  const count = (value) => value === null || value === undefined ? NOTHING : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
  const percent = (value) => value === null || value === undefined ? NOTHING : (value < 1 - 1e-9 ? Math.min(99.9, Math.floor(value * 1000 + 0.5 + 1e-9) / 10) : 100).toFixed(1) + " %";
  const UNITS = [["d", " 天", 86400], ["h", " 小时", 3600], ["m", " 分", 60], ["s", " 秒", 1]];
  const span = (value) => {
    if (value === null || value === undefined) return NOTHING;
    let rest = Math.floor(value);
    const parts = [];
    for (const [en, zh, size] of UNITS) {
      const held = Math.floor(rest / size);
      rest %= size;
      if (held) parts.push(held + (lang === "zh" ? zh : en));
      if (parts.length === 2 || (parts.length && !held)) break;
    }
    return parts.join(" ") || (lang === "zh" ? "0 秒" : "0s");
  };
  const at = (path) => path.split(".").reduce((value, part) => value === null || value === undefined ? null : value[part], F);
  const delta = (path) => {
    const now = at(path), was = at("prev." + path);
    if (was === null || was === undefined) return "";
    const key = path.split(".").pop(), told = key === "v" ? percent(was) : key === "m" ? span(was) : count(was);
    let sign = "";
    if (now !== null && key === "v") sign = (now >= was ? "+" : "−") + (Math.abs(now - was) * 100).toFixed(1) + " pp · ";
    else if (now !== null && was) sign = (now >= was ? "+" : "−") + Math.abs((now - was) / was * 100).toFixed(0) + " % · ";
    return sign + say("before") + " " + told;
  };
  const shown = (value, how, path) => {
    switch (how) {
      case "n": return count(value);
      case "pct": return percent(value);
      case "pt": return value === null || value === undefined ? NOTHING : (Math.floor(value * 10 + 0.5 + 1e-9) / 10).toFixed(1);
      case "span": return span(value);
      case "delta": return delta(path);
      case "band": return !value || value.v === null ? NOTHING : percent(value.lo) + " – " + percent(value.hi);
      case "of": return !value || !value.d ? NOTHING : count(value.n) + " / " + count(value.d);
      case "way": return value.n ? count(value.n) + " · " + span(value.m) : "";
      case "stay": return say(value.visits === 1 ? "visits.one" : "visits", { n: count(value.visits) }) + (value.m === null ? "" : " · " + span(value.m));
      default: return value === null ? NOTHING : String(value);
    }
  };

  // drawing the figures anew ----------------------------------------------------------------------------------------
  const nice = (most) => {
    if (most <= 10) return [4, 6, 8, 10].find((end) => end >= most);
    const power = Math.pow(10, Math.floor(Math.log10(most)));
    return [1, 2, 4, 5, 10].map((step) => step * power).find((step) => step >= most);
  };
  const H = 168, WIDE = 440, LEFT = 44, RIGHT = 6, TOP = 10, FOOT = 24, ROOM = H - FOOT - TOP;
  const set = (node, facts) => { for (const name in facts) node.setAttribute(name, facts[name]); };
  const chart = (svg) => {
    const kind = svg.dataset.chart;
    if (kind === "hours") {
      const most = Math.max(0, ...F.hour);
      all("[data-i]", svg).forEach((cell) => {
        const value = F.hour[cell.dataset.i];
        set(cell, { "fill-opacity": value ? (0.06 + 0.94 * value / most).toFixed(3) : 0.05 });
        const day = W._days[Math.floor(cell.dataset.i / 24)], hour = String(cell.dataset.i % 24).padStart(2, "0");
        cell.querySelector("title").textContent = (lang === "zh" ? "周" + day[1] : day[0]) + " " + hour + ":00 · " + value;
      });
      return;
    }
    const values = kind === "backlog" ? F.day.map((day) => day.b) : F.day.map((day) => Math.max(day.o, day.c));
    const most = nice(Math.max(0, ...values)), wide = (WIDE - LEFT - RIGHT) / Math.max(values.length, 1);
    all("[data-tick]", svg).forEach((tick) => { tick.textContent = count(most * tick.dataset.tick / 2); });
    if (kind === "days") all("[data-v]", svg).forEach((bar) => {
      const high = ROOM * F.day[bar.dataset.i][bar.dataset.v] / most;
      set(bar, { y: (H - FOOT - high).toFixed(1), height: high.toFixed(1) });
    });
    else {
      const points = values.map((value, i) => (LEFT + wide * (i + 0.5)).toFixed(1) + " " + (H - FOOT - ROOM * value / most).toFixed(1));
      set(svg.querySelector(".line"), { d: "M" + points.join("L") });
      set(svg.querySelector(".area"), { d: "M" + (LEFT + wide / 2).toFixed(1) + " " + (H - FOOT) + "L" + points.join("L") + "L" + (LEFT + wide * (values.length - 0.5)).toFixed(1) + " " + (H - FOOT) + "Z" });
    }
  };
  const paint = () => {
    all("[data-f]").forEach((node) => { node.textContent = shown(at(node.dataset.f), node.dataset.as, node.dataset.f); });
    all("svg[data-chart]").forEach(chart);
    all("[data-bar]").forEach((bar) => {
      const cut = bar.dataset.bar.lastIndexOf("."), group = at(bar.dataset.bar.slice(0, cut)), most = Math.max(0, ...group);
      set(bar, { width: most ? (100 * group[bar.dataset.bar.slice(cut + 1)] / most).toFixed(2) : 0 });
    });
    all("[data-run]").forEach((cell) => {
      const [dim, place] = cell.dataset.run.split("."), group = at(dim), whole = group.reduce((a, b) => a + b, 0);
      cell.textContent = percent(whole ? group.slice(0, +place + 1).reduce((a, b) => a + b, 0) / whole : null);
    });
    all("table").forEach((table) => {
      const lines = all("[data-whisker]", table);
      if (!lines.length) return;
      const lows = lines.map((svg) => at(svg.dataset.whisker)).filter((one) => one.v !== null).map((one) => one.lo);
      const begin = [0.75, 0.5].find((edge) => lows.length && Math.min(...lows) >= edge) || 0;
      const x = (value) => (100 * (value - begin) / (1 - begin)).toFixed(2);
      all("td.scale span", table).forEach((node, i) => { node.textContent = [begin ? say("scale.from", { n: 100 * begin }) : "0 %", "100 %"][i]; });
      for (const svg of lines) {
        const value = at(svg.dataset.whisker);
        svg.toggleAttribute("hidden", value.v === null);
        if (value.v === null) continue;
        set(svg.querySelector(".band"), { x: x(value.lo), width: (x(value.hi) - x(value.lo)).toFixed(2) });
        set(svg.querySelector(".value"), { x1: x(value.v), x2: x(value.v) });
      }
    });
    const busiest = F.flow.map((one) => Math.max(0, ...one.e.map((way) => way.n)));
    all("[data-wide]").forEach((line) => {
      const n = at(line.dataset.wide), most = busiest[line.dataset.wide.split(".")[1]];
      set(line, { "stroke-width": (most ? 1 + 7 * n / most : 1).toFixed(2) });
      line.toggleAttribute("data-none", !n);
    });
    all("[data-warm]").forEach((box) => set(box, { "fill-opacity": Math.min(0.85, at(box.dataset.warm) * 1.2).toFixed(3) }));
  };

  // filters ----------------------------------------------------------------------------------------------------------
  const form = document.querySelector(".filters form");
  const chosen = () => {
    const asked = {};
    if (form) for (const control of form.elements) if (control.name) asked[control.name] = control.value;
    let first = 0, last = LAST;
    if (asked.from) { const i = D.starts.findIndex((day, place) => (D.starts[place + 1] || "9999") > asked.from); first = i < 0 ? LAST : i; }
    if (asked.to) { last = D.starts.filter((day) => day <= asked.to).length - 1; }
    return { asked, first, last };
  };
  const haystack = (row) => [
    row[ID], ...D.ways[row[WF]].name, ...D.states[row[ST]], ...row[DIMS].flatMap((place, i) => place < 0 ? [] : D.names[D.dims[i]][place] || []),
    ...row[TAGS].map((place) => D.tags[place] || ""),
  ].join("\n").toLowerCase().replace(/_/g, " ");
  const matching = (asked) => {
    const words = (asked.search || "").toLowerCase().split(/\s+/).filter(Boolean).map((one) => one.replace(/_/g, " "));
    return D.rows.filter((row) => {
      if (asked.workflow && row[WF] !== +asked.workflow) return false;
      if (asked.state && row[ST] !== +asked.state) return false;
      if (asked.tag && !row[TAGS].includes(+asked.tag)) return false;
      for (let i = 0; i < D.dims.length; i++) if (asked[D.dims[i]] && row[DIMS][i] !== +asked[D.dims[i]]) return false;
      if (asked.only === "late" && !(row[FLAGS] & 2)) return false;
      if (asked.only === "open" && row[CLOSED] !== null) return false;
      if (asked.only === "reopened" && !row[REOPENED]) return false;
      if (asked.only === "escalated" && !row[LEVELS].length) return false;
      if (words.length) { const text = haystack(row); if (!words.every((one) => text.includes(one))) return false; }
      return true;
    });
  };
  const apply = () => {
    const { asked, first, last } = chosen(), rows = matching(asked);
    F = figures(rows, first, last);
    shownRows = rows.filter((row) => row[OB] >= first && row[OB] <= last);
    pages = 1;
    paint();
    list();
    const ids = new Set(shownRows.map((row) => row[ID]));
    all("a.mark").forEach((mark) => mark.toggleAttribute("hidden", !ids.has(mark.dataset.ticket)));
    rove();
    const used = asked.workflow;
    all("[data-work]").forEach((card) => card.classList.toggle("gone", !!used && card.dataset.work !== used));
    told();
  };
  const whole = D.rows.filter((row) => row[OB] >= 0).length;
  const told = () => all(".n-shown").forEach((node) => { node.textContent = say("shown", { n: count(shownRows.length), all: count(whole) }); });

  // timelines: one mark of each is reached by Tab, the others by the arrow keys
  const marksOf = (svg) => all("a.mark:not([hidden])", svg);
  const rove = () => all("svg.lanes").forEach((svg) => {
    all("a.mark", svg).forEach((mark) => mark.setAttribute("tabindex", "-1"));
    const first = marksOf(svg)[0];
    if (first) first.setAttribute("tabindex", "0");
  });
  const stepTo = (mark, key) => {
    const svg = mark.closest("svg.lanes"), marks = marksOf(svg), at = marks.indexOf(mark), lane = (one) => +one.dataset.lane;
    const x = (one) => +one.firstElementChild.getAttribute("x");
    const near = (step) => {
      const other = [...new Set(marks.map(lane))].filter((one) => (one - lane(mark)) * step > 0).sort((a, b) => (a - b) * step)[0];
      return marks.filter((one) => lane(one) === other).sort((a, b) => Math.abs(x(a) - x(mark)) - Math.abs(x(b) - x(mark)))[0];
    };
    const next = { ArrowRight: () => marks[at + 1], ArrowLeft: () => marks[at - 1], ArrowDown: () => near(1), ArrowUp: () => near(-1), Home: () => marks[0], End: () => marks[marks.length - 1] }[key];
    if (!next) return false;
    const to = next() || mark;
    mark.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
    return true;
  };
  addEventListener("keydown", (event) => {
    const mark = event.target.closest && event.target.closest("a.mark");
    if (mark && !event.ctrlKey && !event.metaKey && !event.altKey && stepTo(mark, event.key)) event.preventDefault();
  });

  // the list of tickets and one ticket ---------------------------------------------------------------------------------
  const make = (tag, text, kind) => {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const clockText = new Intl.DateTimeFormat("sv-SE", { timeZone: W._zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  const when = (seconds) => clockText.format(new Date(seconds * 1000));
  const nameOf = (dim, place) => place < 0 ? "" : D.names[dim][place] === null ? say("rest") : said(D.names[dim][place]);
  const dimOf = (row, dim) => nameOf(dim, row[DIMS][D.dims.indexOf(dim)]);
  const promise = (row) => {
    const broken = new Set();
    for (let i = 0; i < row[CYCLES].length; i += 4) if (row[CYCLES][i + 1] === LATE || row[CYCLES][i + 1] === OVERDUE) broken.add(said(D.clocks[row[CYCLES][i]]));
    return Array.from(broken);
  };
  const list = () => {
    const body = document.querySelector(".tickets tbody"), more = document.querySelector(".tickets-part button.next");
    if (!body) return;
    body.replaceChildren(...shownRows.slice(0, pages * PAGE).map((row) => {
      const line = make("tr"), first = make("td"), open = make("button", row[ID], "open"), late = promise(row), last = make("td");
      open.type = "button";
      open.dataset.ticket = row[ID];
      first.append(open);
      if (late.length) last.append(make("span", say("late") + ": " + late.join(", "), "tag bad"));
      line.append(first);
      if (D.ways.length > 1) line.append(make("td", said(D.ways[row[WF]].name)));
      line.append(make("td", said(D.states[row[ST]])), make("td", when(row[BEGAN])), make("td", row[DONE] !== null ? span(row[DONE]) : row[CLOSED] === null ? say("still") : NOTHING),
        make("td", [dimOf(row, "outlet"), dimOf(row, "assignee")].filter(Boolean).join(" / ")));
      for (const dim of ["tier", "region"]) if (D.names[dim].length) line.append(make("td", dimOf(row, dim)));
      line.append(last);
      return line;
    }));
    if (!shownRows.length) { const line = make("tr"), cell = make("td", say("nothing")); cell.colSpan = 9; line.append(cell); body.append(line); }
    if (more) more.hidden = pages * PAGE >= shownRows.length;
  };
  const dialog = document.querySelector("dialog");
  const byId = new Map(D.rows.map((row) => [row[ID], row]));
  let open = null;
  const promises = (row, clocks) => {
    const out = [];
    for (let i = 0; i < row[CYCLES].length; i += 4) {
      const outcome = OUT[row[CYCLES][i + 1]], bad = outcome === "late" || outcome === "overdue", name = said(D.clocks[row[CYCLES][i]]);
      const key = { late: "out.late", open: "out.open", cancelled: "out.cancelled" }[outcome] || outcome;
      const reason = clocks.find((one) => said(one.clock) === name), box = make(reason ? "details" : "div", null, "promise"), top = make(reason ? "summary" : "div", name + "  ");
      top.append(make("span", say(key), "tag" + (bad ? " bad" : outcome === "met" ? " good" : "")));
      box.append(top);
      if (reason) for (const text of reason[lang]) box.append(make("p", text));
      out.push(box);
    }
    return out;
  };
  const tell = (id) => {
    const row = byId.get(id);
    if (!row || !dialog) return;
    open = id;
    const sheet = make("div", null, "sheet quiet"), top = make("header"), shut = make("button", say("close"));
    shut.type = "button";
    shut.addEventListener("click", () => dialog.close());
    const title = make("h2", say("ticket") + " " + id);
    title.id = "told";
    top.append(title, shut);
    const facts = make("dl");
    const fact = (key, value) => { if (value !== "" && value !== null && value !== undefined) facts.append(make("dt", say(key)), make("dd", value)); };
    fact("workflow", said(D.ways[row[WF]].name));
    fact("state", said(D.states[row[ST]]));
    fact("opened_at", when(row[BEGAN]));
    fact("closed_at", row[CLOSED] === null ? say("still") : when(row[CLOSED]));
    fact("first", row[RESP] === null ? "" : span(row[RESP]));
    fact("resolve", row[DONE] === null ? "" : span(row[DONE]));
    for (const dim of D.dims) fact(dim, dimOf(row, dim));
    if (row[TAGS].length) fact("tag", row[TAGS].map((place) => D.tags[place] || say("rest")).join(", "));
    const found = row[STORY] < 0 ? null : S[row[STORY]];
    sheet.append(top, facts);
    const promised = promises(row, found ? found.clocks : []);
    if (promised.length) sheet.append(make("h3", say("promises")), ...promised);
    sheet.append(make("h3", say("story")));
    if (!found) sheet.append(make("p", say("no_story", { id }), "note"));
    else {
      const label = make("label", null, "check"), box = make("input"), lines = make("ol", null, "story");
      box.type = "checkbox";
      box.addEventListener("change", () => sheet.classList.toggle("quiet", !box.checked));
      label.append(box, make("span", say("everything")));
      for (const line of found.lines) {
        const item = make("li", null, line.kind + (line.minor ? " minor" : ""));
        item.append(make("time", line.at), document.createTextNode(line[lang] + (line.times ? " (×" + line.times + ")" : "")));
        for (const text of line.more || []) item.append(make("small", text));
        lines.append(item);
      }
      sheet.append(label, lines);
      if (found.cut) sheet.append(make("p", say("cut", { n: found.cut }), "note"));
    }
    dialog.replaceChildren(sheet);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  const follow = () => {
    const asked = /^#t=(.*)$/.exec(location.hash);
    if (!asked) return;
    let id = asked[1];
    try { id = decodeURIComponent(id); } catch (error) { /* as it stands */ }
    tell(byId.has(id) ? id : asked[1]);
  };

  // language -----------------------------------------------------------------------------------------------------------
  const speak = () => {
    document.documentElement.lang = lang;
    all("[data-t]").forEach((node) => { node.textContent = say(node.dataset.t); });
    all("[data-day]").forEach((node) => { const day = W._days[node.dataset.day]; node.textContent = lang === "zh" ? "周" + day[1] : day[0]; });
    all("[data-ph]").forEach((node) => { node.placeholder = say(node.dataset.ph); });
    all("[data-told]").forEach((node) => { node.textContent = say(node.dataset.told, JSON.parse(node.dataset.facts)); });
    all("[data-en]").forEach((node) => { node.textContent = lang === "zh" ? node.dataset.zh : node.dataset.en; });
    all("[data-label-en]").forEach((node) => { node.setAttribute("aria-label", lang === "zh" ? node.dataset.labelZh : node.dataset.labelEn); });
    document.title = W._title === null ? say("title") : W._title;
  };

  document.addEventListener("click", (event) => {
    const node = event.target.closest ? event.target.closest("button, a.mark") : null;
    if (!node) return;
    if (node.matches("a.mark")) { event.preventDefault(); tell(node.dataset.ticket); }
    else if (node.matches("button.open")) tell(node.dataset.ticket);
    else if (node.matches("button.more")) { const rest = node.parentElement.querySelector("tbody.rest"); rest.hidden = false; node.remove(); }
    else if (node.matches("button.next")) { pages++; list(); }
    else if (node.matches("button.lang")) { lang = lang === "zh" ? "en" : "zh"; speak(); if (F) paint(); list(); told(); if (dialog && dialog.open) tell(open); }
    else if (node.matches("button.print")) window.print();
  });
  if (dialog) {
    dialog.addEventListener("close", () => { open = null; if (location.hash.startsWith("#t=")) history.replaceState(null, "", location.pathname + location.search); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  addEventListener("hashchange", follow);
  let waiting = 0;
  const busy = document.documentElement;
  const soon = (pause) => { clearTimeout(waiting); busy.dataset.waiting = "yes"; waiting = setTimeout(() => { waiting = 0; apply(); delete busy.dataset.waiting; }, pause); };
  if (form) {
    form.addEventListener("input", () => soon(60));
    form.addEventListener("reset", () => soon(0));
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  window.servflow = { figures: () => F, apply, rows: () => shownRows.map((row) => row[ID]) };
  if (D.rows.length) { apply(); speak(); follow(); }
  else speak();
  document.documentElement.dataset.ready = "yes";
})();
