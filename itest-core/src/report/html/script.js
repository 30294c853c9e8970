"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);

/* Makes an element. Texts go in as text: nothing of the data is ever markup. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick") element.onclick = value;
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...solid(children));
  return element;
}
const solid = children => children.flat(Infinity).filter(child => child !== undefined && child !== null && child !== "");
const fill = (element, ...children) => element.replaceChildren(...solid(children));

function time(seconds) {
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  return `${Math.floor(seconds / 60)} min ${(seconds % 60).toFixed(0)} s`;
}
const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const cls = word => word.replace(" ", "-");
const RESULTS = ["failed", "error", "flaky", "xpassed", "passed", "xfailed", "skipped", "ignored", "not run"];
const GOOD = new Set(["passed", "xfailed", "skipped", "ignored"]);
const several = data.binaries.length > 1;

/* What is wrong, as text to search in. */
function problemText(problem) {
  if (!problem) return "";
  const { failure, error } = problem;
  const failures = failure ? [failure] : error.failures;
  return [error && error.fixture, ...failures.flatMap(f => [f.message, ...(f.causes || [])])].join("\n");
}

/* Fixtures of the same definition, with all their instances. */
function groupFixtures() {
  const groups = new Map();
  for (const life of data.fixtures) {
    const key = `${life.binary} ${life.scope} ${life.path} ${life.place}`;
    let group = groups.get(key);
    if (!group) {
      group = { kind: "fixture", binary: life.binary, name: life.path, place: life.place, scope: life.scope, lives: [], seconds: 0, result: "passed" };
      groups.set(key, group);
    }
    group.lives.push(life);
    life.group = group;
    life.work = life.setup.seconds + (life.teardown ? life.teardown.seconds : 0);
    group.seconds += life.work;
    if (life.setup.error || (life.teardown && life.teardown.error)) group.result = "error";
    else if (life.skipped !== undefined && group.result === "passed") group.result = "skipped";
  }
  return [...groups.values()];
}
const tests = data.tests.map((test, index) => Object.assign(test, { kind: "test", index }));
const fixtures = groupFixtures();
const byName = new Map(tests.map(test => [`${test.binary} ${test.name}`, test]));
const livesOf = new Map();
for (const life of data.fixtures) {
  if (life.test === undefined) continue;
  const key = `${life.binary} ${life.test}`;
  if (!livesOf.has(key)) livesOf.set(key, []);
  livesOf.get(key).push(life);
}

/* Of the instances of a fixture, which. */
function nameOf(life) {
  const which = life.instance || (life.scope === "worker" && life.worker !== undefined ? `worker ${life.worker}` : "");
  return which ? `${life.path} (${which})` : life.path;
}

const isGood = item => GOOD.has(item.result) && !(item.teardown_errors || []).length;

function haystack(item) {
  if (item.hay === undefined) {
    const parts = item.kind === "test"
      ? [data.binaries[item.binary], item.name, item.place, item.reason, ...(item.markers || []), problemText(item.problem),
         ...(item.teardown_errors || []).map(error => problemText({ error })), ...(item.leaks || []), item.output]
      : [item.name, item.place, item.scope, ...item.lives.flatMap(life =>
          [life.instance, life.setup.output, life.setup.error && problemText({ error: life.setup.error }),
           life.teardown && life.teardown.output, life.teardown && life.teardown.error && problemText({ error: life.teardown.error })])];
    item.hay = parts.filter(Boolean).join("\n").toLowerCase();
  }
  return item.hay;
}

/* State: what is listed, and what is shown. */
const state = { view: "tests", results: new Set(), bad: false, marker: "", binary: "", search: "", order: "plan", shown: [], selected: null };

function refresh() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const all = state.view === "tests" ? tests : fixtures;
  state.shown = all.filter(item =>
    (state.results.size === 0 || state.results.has(item.result))
    && !(state.bad && isGood(item))
    && (state.binary === "" || item.binary === Number(state.binary))
    && (state.marker === "" || state.view !== "tests" || (item.markers || []).includes(state.marker))
    && words.every(word => haystack(item).includes(word)));
  if (state.order === "slow") state.shown.sort((a, b) => b.seconds - a.seconds);
  if (state.order === "name") state.shown.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.binary - b.binary));
  const what = state.view === "tests" ? "test" : "fixture";
  $("shown").textContent = state.shown.length === all.length ? plural(all.length, what) : `${state.shown.length} of ${plural(all.length, what)}`;
  $("list").setAttribute("aria-label", state.view === "tests" ? "Tests" : "Fixtures");
  $("marker").disabled = state.view !== "tests";
  for (const button of $("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  for (const button of $("results").children) button.setAttribute("aria-pressed", String(button.dataset.result ? state.results.has(button.dataset.result) : state.bad));
  drawRows(true);
}

/* The list: only the rows in sight exist. */
const ROW = 27;
let rendered = "";
function drawRows(anew) {
  const list = $("list"), rows = $("rows");
  if (anew) rendered = "";
  rows.style.height = `${state.shown.length * ROW}px`;
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 8);
  const last = Math.min(state.shown.length, first + Math.ceil(list.clientHeight / ROW) + 16);
  const key = `${first} ${last} ${state.selected && state.selected.name}`;
  if (key === rendered) return;
  rendered = key;
  const fresh = state.shown.slice(first, last).map((item, offset) => {
    const index = first + offset;
    const label = item.kind === "test"
      ? h("span", { class: "result" }, item.result)
      : h("span", { class: `scope ${item.scope}` }, item.scope);
    const mark = (item.teardown_errors || []).length ? h("span", { class: "result error", title: "its teardown failed" }, "  teardown error") : "";
    const name = several ? [h("span", { class: "soft" }, `${data.binaries[item.binary]} `), item.name] : [item.name];
    if (item.kind === "fixture" && item.result !== "passed") name.push(h("span", { class: `result ${item.result}` }, `  ${item.result}`));
    const right = item.kind === "test" ? (item.attempts ? time(item.seconds) : "–") : `${item.lives.length > 1 ? `${item.lives.length} instances, ` : ""}${time(item.seconds)}`;
    return h("div", {
      class: `row ${cls(item.result)}`, role: "option", id: `row${index}`, style: `top:${index * ROW}px`,
      "aria-selected": String(item === state.selected), "aria-setsize": state.shown.length, "aria-posinset": index + 1,
      title: item.name, onclick: () => select(item),
    }, label, h("span", { class: "name mono" }, h("bdi", {}, name), mark), h("span", { class: "time" }, right));
  });
  if (fresh.length === 0) fresh.push(h("div", { class: "empty" }, data.tests.length === 0 ? "No test was selected." : "Nothing matches."));
  fill(rows, fresh);
  const at = state.shown.indexOf(state.selected);
  if (at >= first && at < last) list.setAttribute("aria-activedescendant", `row${at}`);
  else list.removeAttribute("aria-activedescendant");
}

function select(item, quietly) {
  state.selected = item;
  const at = state.shown.indexOf(item), list = $("list");
  if (at >= 0) {
    if (at * ROW < list.scrollTop) list.scrollTop = at * ROW - ROW;
    else if ((at + 2) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (at + 2) * ROW - list.clientHeight;
  }
  drawRows(true);
  showDetail(item);
  if (!quietly && item) {
    const hash = item.kind === "test" ? `#${encodeURIComponent(`${data.binaries[item.binary]}$${item.name}`)}` : "#";
    history.replaceState(null, "", hash);
  }
  drawChart();
}

function move(by, only) {
  const from = state.shown.indexOf(state.selected);
  for (let at = from < 0 ? (by > 0 ? 0 : state.shown.length - 1) : from + by; at >= 0 && at < state.shown.length; at += by) {
    if (!only || !isGood(state.shown[at])) return select(state.shown[at]);
  }
}

/* Text with a terminal's colours. */
function terminal(text) {
  const pre = h("pre", { tabindex: "0" });
  let classes = [];
  let rest = 0;
  const put = piece => { if (piece) pre.append(classes.length ? h("span", { class: classes.map(c => `a${c}`).join(" ") }, piece) : piece); };
  for (const match of text.matchAll(/\x1b\[([0-9;:]*)m|\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?/g)) {
    put(text.slice(rest, match.index));
    rest = match.index + match[0].length;
    if (match[1] === undefined) continue;
    for (const code of (match[1] || "0").split(";").map(Number)) {
      if (code === 0) classes = [];
      else if (code === 39) classes = classes.filter(c => c < 30);
      else if (code === 22) classes = classes.filter(c => c > 2);
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) classes = [...classes.filter(c => c < 30), code];
      else if ([1, 2, 4].includes(code)) classes = [...classes, code];
    }
  }
  put(text.slice(rest));
  return pre;
}

const output = (title, text) => text ? [h("h3", {}, title), terminal(text)] : [];

function showFailure(failure) {
  const kind = { panic: "panicked", error: "error", timeout: "timeout", crash: "crashed", interrupted: "interrupted", expectation: "expectation", misuse: "misuse" }[failure.kind] || failure.kind;
  return [
    h("div", { class: "message mono" }, h("strong", {}, `${kind}: `), failure.message),
    (failure.causes || []).length ? h("ol", { class: "chain mono" }, failure.causes.map(cause => h("li", {}, cause))) : "",
    failure.location ? h("div", { class: "soft mono" }, `at ${failure.location}`) : "",
    failure.backtrace ? h("details", {}, h("summary", {}, "backtrace"), terminal(failure.backtrace)) : "",
  ];
}

function showError(error, what) {
  return h("div", { class: "problem error" },
    h("div", {}, `fixture `, h("code", {}, error.fixture), ` failed in ${what}`, error.remembered ? h("span", { class: "soft" }, ", for an earlier test") : ""),
    (error.chain || []).length > 1 ? h("div", { class: "soft mono" }, `needed by: ${error.chain.join(" → ")}`) : "",
    error.failures.map(showFailure),
    error.location ? h("div", { class: "soft mono" }, error.location) : "");
}

const showProblem = problem => problem.error
  ? showError(problem.error, "setup; the test did not run")
  : h("div", { class: "problem" }, showFailure(problem.failure));

function size(bytes) {
  return bytes < 1024 ? `${bytes} bytes` : bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

function showAttachment(attachment) {
  const { name, media_type, content } = attachment;
  const caption = h("figcaption", {}, `${name} (${media_type}, ${size(attachment.size)}) `);
  if (content === undefined) return h("figure", {}, caption, h("span", { class: "soft" }, "too large to be kept in the report"));
  const uri = `data:${media_type};base64,${content}`;
  caption.append(h("a", { href: uri, download: name }, "save"));
  if (/^image\//.test(media_type)) return h("figure", {}, caption, h("img", { src: uri, alt: name, loading: "lazy" }));
  if (/^text\/|json|xml/.test(media_type) && attachment.size <= 65536) {
    const bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
    return h("figure", {}, caption, terminal(new TextDecoder().decode(bytes)));
  }
  return h("figure", {}, caption);
}

/* A fixture's instance: setup and teardown, each with time, result and output. */
function showLife(life, titled) {
  const phase = (what, it) => it && h("div", { class: "node" },
    h("div", { class: "head" }, h("span", { class: "name" }, what, it.error ? h("span", { class: "result error" }, "  failed") : ""),
      h("span", { class: "time" }, `at ${time(it.start)}, took ${time(it.seconds)}`)),
    it.error ? showError(it.error, what) : "",
    it.output ? h("details", it.error ? { open: "" } : {}, h("summary", {}, "output"), terminal(it.output)) : "");
  const where = life.instance && titled ? [" for ", h("code", {}, life.instance)] : [];
  return h("div", { class: "node" },
    h("div", { class: "head" }, h("span", { class: `scope ${life.scope}` }, life.scope),
      h("span", { class: "name" }, h("code", {}, life.path), where), h("span", { class: "time" }, time(life.work))),
    phase("setup", life.setup),
    life.skipped !== undefined ? h("div", { class: "soft" }, `skipped: ${life.skipped}`) : "",
    phase("teardown", life.teardown) || (life.setup.error || life.skipped !== undefined ? "" : h("div", { class: "soft" }, "no teardown was seen")));
}

function showDetail(item) {
  const detail = $("detail");
  if (!item) return fill(detail, h("div", { class: "empty" }, "Select a test: j and k move, / searches, ? shows all keys."));
  detail.scrollTop = 0;
  if (item.kind === "fixture") return showFixture(item);
  const lives = livesOf.get(`${item.binary} ${item.name}`) || [];
  const failedBefore = item.earlier || [];
  fill(detail,
    h("h2", { class: cls(item.result) }, h("span", { class: "result" }, `${item.result}  `), h("span", { class: "mono" }, item.name)),
    h("div", { class: "facts" }, [
      several || data.binaries[item.binary] ? data.binaries[item.binary] : null,
      item.place, item.worker !== undefined ? `worker ${item.worker}` : null,
      item.attempts ? `at ${time(item.start)}, took ${time(item.seconds)}` : null,
      item.attempts > 1 ? plural(item.attempts, "attempt") : null,
    ].filter(Boolean).join(" · ")),
    h("div", {}, (item.markers || []).map(marker =>
      h("button", { class: "tag", type: "button", title: "Show only tests with this marker", onclick: () => { state.marker = marker; $("marker").value = marker; refresh(); } }, marker))),
    item.reason ? h("p", {}, item.result === "xfailed" || item.result === "xpassed" ? "expected to fail: " : "", item.reason) : "",
    item.problem ? showProblem(item.problem) : "",
    (item.teardown_errors || []).map(error => showError(error, "teardown")),
    failedBefore.length ? [h("h3", {}, "earlier attempts"), failedBefore.map(showProblem)] : "",
    (item.leaks || []).length ? [h("h3", {}, "left behind"), h("ul", {}, item.leaks.map(leak => h("li", {}, leak)))] : "",
    output("output", item.output),
    (item.attachments || []).length ? [h("h3", {}, "attachments"), item.attachments.map(showAttachment)] : "",
    lives.length ? [h("h3", {}, "fixtures that it made start"), lives.map(life => showLife(life, life.scope !== "test"))] : "");
}

function showFixture(item) {
  const most = 200;
  const slow = [...item.lives].sort((a, b) => b.work - a.work);
  const bad = slow.filter(life => life.setup.error || (life.teardown && life.teardown.error));
  const shown = [...bad, ...slow.filter(life => !bad.includes(life))].slice(0, most);
  fill($("detail"),
    h("h2", {}, h("span", { class: `scope ${item.scope}` }, `${item.scope}  `), h("span", { class: "mono" }, item.name)),
    h("div", { class: "facts" }, [item.place, several ? data.binaries[item.binary] : null, plural(item.lives.length, "instance"),
      `setup and teardown took ${time(item.seconds)}`, item.lives.length > 1 ? `${time(item.seconds / item.lives.length)} each` : null].filter(Boolean).join(" · ")),
    shown.map(life => h("div", {}, showLife(life, true),
      life.test !== undefined && byName.has(`${life.binary} ${life.test}`)
        ? h("button", { type: "button", class: "tag", onclick: () => show(byName.get(`${life.binary} ${life.test}`)) }, `for ${life.test}`) : "",
      life.worker !== undefined ? h("span", { class: "tag" }, `worker ${life.worker}`) : "")),
    item.lives.length > most ? h("p", { class: "soft" }, `and ${item.lives.length - most} more`) : "");
}

/* Selects something, in whatever list it is. */
function show(item) {
  const view = item.kind === "test" ? "tests" : "fixtures";
  if (state.view !== view || !state.shown.includes(item)) {
    state.view = view;
    if (!visible(item)) clearFilters();
    refresh();
  }
  select(item);
}
function visible(item) {
  refresh();
  return state.shown.includes(item);
}
function clearFilters() {
  state.results.clear();
  state.bad = false;
  state.marker = state.binary = state.search = "";
  $("search").value = $("marker").value = $("binary").value = "";
}

/* The timeline. */
const chart = { bars: [], lanes: [], from: 0, to: Math.max(data.end, 1e-6), height: 0 };

/* Puts what overlaps below each other. */
function stack(lives) {
  const rows = [];
  for (const life of lives) {
    let row = rows.findIndex(end => end <= life.start + 1e-9);
    if (row < 0) row = rows.push(0) - 1;
    rows[row] = life.end;
    life.row = row;
  }
  return rows.length;
}

function layout() {
  const BAR = 15, TEST = 19, GAP = 7, AXIS = 18;
  const lane = key => {
    if (!lanes.has(key)) lanes.set(key, { lives: [], tests: [] });
    return lanes.get(key);
  };
  const lanes = new Map();
  for (const life of data.fixtures) {
    if (life.scope === "test" || life.skipped !== undefined) continue;
    const end = life.teardown ? life.teardown.start + life.teardown.seconds : life.setup.error ? life.setup.start + life.setup.seconds : data.end;
    lane(life.worker === undefined ? -1 : life.worker).lives.push({ start: life.setup.start, end, life });
  }
  for (const test of tests) if (test.worker !== undefined) lane(test.worker).tests.push(test);
  let y = AXIS;
  for (const key of [...lanes.keys()].sort((a, b) => a - b)) {
    const { lives, tests } = lanes.get(key);
    lives.sort((a, b) => a.start - b.start || b.end - a.end);
    const rows = stack(lives), top = y;
    for (const bar of lives) chart.bars.push({ ...bar, y: y + bar.row * BAR, height: BAR - 2, kind: "fixture", item: bar.life.group });
    y += rows * BAR;
    for (const test of tests) chart.bars.push({ start: test.start, end: test.start + test.seconds, y, height: TEST - 2, kind: "test", item: test, test });
    if (tests.length) y += TEST;
    chart.lanes.push({ top, bottom: y, name: key < 0 ? "session" : `worker ${key}` });
    y += GAP;
  }
  chart.height = y;
  if (chart.lanes.length === 0) $("timeline").hidden = true;
}

const LABEL = 76;
function drawChart() {
  const canvas = $("chart");
  if ($("timeline").hidden) return;
  const width = canvas.clientWidth, ratio = devicePixelRatio || 1;
  if (!width) return;
  canvas.style.height = `${chart.height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(chart.height * ratio);
  const g = canvas.getContext("2d");
  g.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement), cache = {};
  const probe = $("hint").style;
  const color = name => {
    if (!cache[name]) {
      probe.setProperty("border-top-color", `var(--${name})`);
      cache[name] = getComputedStyle($("hint")).borderTopColor;
    }
    return cache[name];
  };
  const plot = width - LABEL - 4, scale = plot / (chart.to - chart.from);
  const x = at => LABEL + (at - chart.from) * scale;
  g.font = `11px ${style.fontFamily || "sans-serif"}`;
  g.textBaseline = "middle";

  const step = [1e-6, 2e-6, 5e-6].flatMap(base => Array.from({ length: 12 }, (_, power) => base * 10 ** power)).sort((a, b) => a - b)
    .find(step => step * scale > 90) || chart.to;
  g.lineWidth = 1;
  for (let tick = Math.ceil(chart.from / step); tick * step <= chart.to; tick++) {
    const at = Number((tick * step).toPrecision(12));
    g.strokeStyle = color("line");
    g.beginPath(); g.moveTo(Math.round(x(at)) + 0.5, 14); g.lineTo(Math.round(x(at)) + 0.5, chart.height); g.stroke();
    g.fillStyle = color("soft");
    g.fillText(at === 0 ? "0" : time(at), x(at) + 3, 7);
  }
  g.fillStyle = color("text");
  for (const lane of chart.lanes) g.fillText(lane.name, 2, (lane.top + lane.bottom) / 2, LABEL - 8);

  g.save();
  g.beginPath(); g.rect(LABEL, 0, plot + 4, chart.height); g.clip();
  const label = (text, left, right, y, tone) => {
    const room = right - left - 6;
    if (room < 24) return;
    let shown = text;
    for (let keep = text.length; g.measureText(shown).width > room; ) {
      keep = Math.min(keep - 1, Math.floor(text.length * room / g.measureText(text).width));
      if (keep < 3) return;
      shown = `…${text.slice(-keep)}`;
    }
    g.fillStyle = tone;
    g.fillText(shown, left + 3, y);
  };
  const dim = state.bad || state.results.size || state.search || state.marker || state.binary ? new Set(state.shown) : null;
  const drawn = new Map();
  for (const bar of chart.bars) {
    const left = Math.max(x(bar.start), LABEL - 2), right = Math.min(Math.max(x(bar.end), x(bar.start) + 1), width);
    if (right < LABEL || left > width) continue;
    const middle = bar.y + bar.height / 2 + 0.5;
    if (bar.kind === "fixture") {
      const tone = color(bar.life.scope), { setup, teardown } = bar.life;
      g.globalAlpha = 0.28; g.fillStyle = tone; g.fillRect(left, bar.y, right - left, bar.height);
      g.globalAlpha = 1;
      for (const phase of [setup, teardown]) {
        if (!phase) continue;
        g.fillStyle = phase.error ? color("failed") : tone;
        const begin = Math.max(x(phase.start), LABEL - 2);
        g.fillRect(begin, bar.y, Math.max(1.5, x(phase.start + phase.seconds) - begin), bar.height);
      }
      const begin = Math.max(left, x(setup.start + setup.seconds));
      label(bar.life.path, begin, right, middle, color("text"));
    } else {
      const word = cls(bar.test.result);
      const name = { xfailed: "passed", xpassed: "flaky", ignored: "skipped", "not-run": "skipped" }[word] || word;
      /* Of thousands of tests in one pixel the first is enough, but what is not good is always seen. */
      const key = `${bar.y} ${Math.floor(left)} ${name}`;
      if (right - left < 1.5 && drawn.has(key) && bar.test !== state.selected) continue;
      drawn.set(key, true);
      g.globalAlpha = dim && state.view === "tests" && !dim.has(bar.test) ? 0.18 : 1;
      g.fillStyle = color(name);
      g.fillRect(left, bar.y, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), bar.height);
      if (right - left > 34) label(bar.test.name, left, right, middle, color("card"));
      g.globalAlpha = 1;
    }
  }
  for (const bar of chart.bars) {
    if (bar.item !== state.selected) continue;
    g.strokeStyle = color("accent"); g.lineWidth = 2;
    g.strokeRect(x(bar.start) - 1.5, bar.y - 1.5, Math.max(2, x(bar.end) - x(bar.start)) + 3, bar.height + 3);
  }
  g.restore();
  $("timeline-note").textContent = chart.from === 0 && chart.to >= data.end ? "" : `${time(chart.from)} to ${time(chart.to)}; double click shows all`;
}

function barAt(event) {
  const box = $("chart").getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
  const scale = (box.width - LABEL - 4) / (chart.to - chart.from);
  const at = chart.from + (px - LABEL) / scale, slack = 3 / scale;
  let best = null, nearest = Infinity;
  for (const bar of chart.bars) {
    if (py < bar.y || py > bar.y + bar.height) continue;
    const distance = at < bar.start ? bar.start - at : at > bar.end ? at - bar.end : 0;
    const rank = distance + (bar.end - bar.start) * 1e-9;
    if (distance <= slack && rank < nearest) { best = bar; nearest = rank; }
  }
  return best;
}

function zoom(factor, around) {
  const span = Math.max(1e-6, (chart.to - chart.from) * factor);
  const total = Math.max(data.end, 1e-6);
  if (span >= total) [chart.from, chart.to] = [0, total];
  else {
    const share = (around - chart.from) / (chart.to - chart.from);
    chart.from = Math.min(Math.max(0, around - share * span), total - span);
    chart.to = chart.from + span;
  }
  drawChart();
}

function connectChart() {
  const canvas = $("chart"), hint = $("hint");
  let drag = null;
  const timeAt = event => {
    const box = canvas.getBoundingClientRect();
    return chart.from + (event.clientX - box.left - LABEL) / (box.width - LABEL - 4) * (chart.to - chart.from);
  };
  canvas.addEventListener("wheel", event => {
    if (event.shiftKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", () => zoom(Infinity, 0));
  canvas.addEventListener("pointerdown", event => { drag = { x: event.clientX, from: chart.from, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", event => {
    if (drag && !drag.moved) {
      const bar = barAt(event);
      if (bar) show(bar.item);
    }
    drag = null;
  });
  canvas.addEventListener("pointermove", event => {
    if (drag) {
      const span = chart.to - chart.from, moved = (drag.x - event.clientX) / (canvas.clientWidth - LABEL - 4) * span;
      if (Math.abs(event.clientX - drag.x) > 3) drag.moved = true;
      if (drag.moved) {
        chart.from = Math.min(Math.max(0, drag.from + moved), Math.max(data.end, 1e-6) - span);
        chart.to = chart.from + span;
        drawChart();
      }
      return;
    }
    const bar = barAt(event);
    hint.hidden = !bar;
    if (!bar) return;
    const what = bar.kind === "test" ? `${bar.test.name}: ${bar.test.result}, ${time(bar.test.seconds)}`
      : `${bar.life.scope} fixture ${nameOf(bar.life)}: setup ${time(bar.life.setup.seconds)}${bar.life.teardown ? `, teardown ${time(bar.life.teardown.seconds)}` : ""}`;
    hint.textContent = what;
    const box = $("timeline").getBoundingClientRect();
    hint.style.left = `${Math.min(event.clientX - box.left + 12, Math.max(0, box.width - hint.offsetWidth - 8))}px`;
    hint.style.top = `${event.clientY - box.top + 16}px`;
  });
  canvas.addEventListener("pointerleave", () => { hint.hidden = true; });
}

/* The head of the page. */
function head() {
  const bad = tests.filter(test => test.result === "failed" || test.result === "error").length;
  const verdict = data.success ? "passed" : data.interrupted && bad === 0 ? "interrupted" : "failed";
  $("verdict").textContent = verdict;
  $("verdict").style.background = `var(--${data.success ? "passed" : "failed"})`;
  const name = data.binaries.length > 3 ? plural(data.binaries.length, "test binary").replace("binarys", "binaries") : data.binaries.filter(Boolean).join(", ") || "itest";
  $("heading").textContent = name;
  document.title = `${verdict}: ${name}`;
  const date = new Date(data.started);
  $("facts").textContent = [
    Number.isNaN(date.valueOf()) ? data.started : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }),
    time(data.seconds), plural(tests.length, "test"),
    data.teardown_errors ? plural(data.teardown_errors, "teardown error") : null,
    data.processes.length ? plural(data.processes.length, "process error") : null,
    data.leaky ? `${data.leaky} leaky` : null,
    data.filtered_out ? `${data.filtered_out} filtered out` : null,
    data.interrupted ? "interrupted" : null,
    data.profile ? `profile ${data.profile}` : null, data.seed !== null ? `shuffle seed ${data.seed}` : null, `itest ${data.version}`,
  ].filter(Boolean).join(" · ");
  for (const word of RESULTS) {
    const count = tests.filter(test => test.result === word).length;
    if (count === 0) continue;
    $("results").append(h("button", { type: "button", class: cls(word), "data-result": word, "aria-pressed": "false", onclick: () => {
      if (!state.results.delete(word)) state.results.add(word);
      changed();
    } }, `${count} ${word}`));
  }
  if (!tests.every(isGood)) {
    const toggle = () => { state.bad = !state.bad; changed(); };
    $("results").append(h("button", { type: "button", class: "failed", "aria-pressed": "false", title: "Only what is not good (f)", onclick: toggle }, "not good"));
  }
  for (const process of data.processes) {
    $("timeline").before(h("div", { class: "problem error" }, showFailure(process.failure), process.output ? h("details", {}, h("summary", {}, "output"), terminal(process.output)) : ""));
  }
  const top = (title, items) => h("div", {}, h("h3", {}, title), items.map(([item, seconds, name]) =>
    h("button", { type: "button", onclick: () => show(item), title: name }, h("span", { class: "time" }, time(seconds)), h("span", { class: "name mono" }, name))));
  const slowTests = [...tests].filter(test => test.attempts).sort((a, b) => b.seconds - a.seconds).slice(0, 3);
  const slowFixtures = [...data.fixtures].sort((a, b) => b.work - a.work).slice(0, 3);
  $("slowest").append(
    slowTests.length ? top("slowest tests", slowTests.map(test => [test, test.seconds, test.name])) : "",
    slowFixtures.length ? top("slowest fixtures", slowFixtures.map(life => [life.group, life.work, nameOf(life)])) : "");
  const markers = new Map();
  for (const test of tests) for (const marker of test.markers || []) markers.set(marker, (markers.get(marker) || 0) + 1);
  const choice = (select, all, entries) => {
    select.append(h("option", { value: "" }, all), ...entries.map(([value, text]) => h("option", { value }, text)));
    select.hidden = entries.length === 0;
  };
  choice($("marker"), "any marker", [...markers].sort().map(([marker, count]) => [marker, `${marker} (${count})`]));
  choice($("binary"), "any binary", several ? data.binaries.map((binary, index) => [index, binary]) : []);
}

function changed() {
  refresh();
  drawChart();
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  drawChart();
}

function connect() {
  let pending = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(() => { state.search = $("search").value; changed(); }, 60);
  });
  for (const id of ["marker", "binary", "order"]) $(id).addEventListener("change", () => { state[id] = $(id).value; changed(); });
  for (const button of $("views").children) button.onclick = () => { state.view = button.dataset.view; changed(); };
  $("list").addEventListener("scroll", () => drawRows(false));
  $("theme").onclick = toggleTheme;
  $("help").onclick = () => $("keys").showModal();
  addEventListener("resize", () => { drawRows(true); drawChart(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawChart);
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (state.search) { state.search = $("search").value = ""; changed(); }
      event.target.blur();
      return;
    }
    if (typing) {
      if (event.target.id === "search" && (event.key === "Enter" || event.key === "ArrowDown")) {
        event.preventDefault();
        $("list").focus();
        move(1);
      }
      return;
    }
    const actions = {
      j: () => move(1), k: () => move(-1), n: () => move(1, true), p: () => move(-1, true),
      "/": () => { $("search").focus(); $("search").select(); },
      f: () => { state.bad = !state.bad; state.results.clear(); changed(); },
      a: () => { state.bad = false; state.results.clear(); changed(); },
      t: () => { state.view = state.view === "tests" ? "fixtures" : "tests"; changed(); },
      s: () => { state.order = $("order").value = state.order === "slow" ? "plan" : "slow"; changed(); },
      d: toggleTheme, "?": () => $("keys").showModal(),
      Home: () => state.shown.length && select(state.shown[0]),
      End: () => state.shown.length && select(state.shown[state.shown.length - 1]),
    };
    if (event.target.id === "list" || event.target === document.body) Object.assign(actions, { ArrowDown: actions.j, ArrowUp: actions.k });
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });
}

head();
layout();
connect();
connectChart();
refresh();
const wanted = decodeURIComponent(location.hash.slice(1));
const first = tests.find(test => `${data.binaries[test.binary]}$${test.name}` === wanted) || tests.find(test => !isGood(test)) || null;
select(first, true);
