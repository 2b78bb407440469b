// The page: asks for profiles, and ties the controls to the flame graph and the table.

const byId = (id) => document.getElementById(id);
const FILTERS = [["http.route", "route"], ["span_name", "span"], ["thread", "thread"], ["trace_id", "trace"]];
const ROWS_SHOWN = 100;

const state = {profile: null, baseline: null, filters: {}, value: 0, sort: "self", query: ""};
const flame = new Flame(byId("flame"), byId("canvas"), byId("tip"), (node) => showDetail(node));

function unit() { return state.profile.types[state.value][1]; }
function percent(part, whole) { return whole ? `${((100 * part) / whole).toFixed(1)} %` : ""; }

function describe(node) {
  const root = flame.root;
  let text = `${node.fn} — ${formatAmount(node.total, unit())}, ${percent(node.total, root.total)}`;
  if (node.self) text += `, itself ${percent(node.self, root.total)}`;
  if (root.base) text += `, ${points(change(node, root))} points to the baseline`;
  return node.module ? `${text} (${node.module})` : text;
}

function showDetail(node) {
  byId("detail").textContent = describe(node);
}

function say(text, wrong = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("wrong", wrong);
}

function redraw() {
  const {profile, baseline, filters, value} = state;
  if (!profile) return;
  const root = buildTree(profile, {value, filters, baseline});
  flame.describe = describe;
  flame.show(root);
  byId("detail").textContent = "";
  applySearch();
  showHottest(root);
  summarize(root);
  const refused = baseline ? whyNotCompared(profile, baseline) : "";
  byId("versus").textContent = refused || (baseline ? "red: more than in the baseline, blue: less" : "");
  byId("versus").classList.toggle("wrong", Boolean(refused));
}

function summarize(root) {
  const {profile, filters} = state;
  const whole = profile.samples.reduce((sum, [, values]) => sum + values[state.value], 0);
  const total = formatAmount(root.total, unit());
  const part = Object.keys(filters).length ? ` (${percent(root.total, whole)} of ${formatAmount(whole, unit())})` : "";
  const when = new Date(profile.unix_ms).toLocaleTimeString();
  say(`${total}${part} in ${profile.seconds.toFixed(1)} s, ${profile.samples.length} stacks, since ${when}. ` +
      "Double click zooms in.");
}

function points(part) { return `${part > 0 ? "+" : ""}${(100 * part).toFixed(1)}`; }

function showHottest(root) {
  const body = byId("hottest").tBodies[0];
  body.replaceChildren();
  byId("hottest").classList.toggle("compared", Boolean(root.base));
  const by = {self: (row) => row.self, total: (row) => row.total, change: (row) => Math.abs(change(row, root))};
  const order = by[root.base ? state.sort : state.sort === "change" ? "self" : state.sort];
  const rows = hottest(root).sort((a, b) => order(b) - order(a)).slice(0, ROWS_SHOWN);
  for (const row of rows) {
    const line = body.insertRow();
    for (const [text, kind] of [[formatAmount(row.self, unit()), "number"], [percent(row.self, root.total), "number"],
      [formatAmount(row.total, unit()), "number"], [percent(row.total, root.total), "number"],
      [root.base ? points(change(row, root)) : "", "number change"], [row.fn, "name"]]) {
      const cell = line.insertCell();
      cell.textContent = text;
      cell.className = kind;
    }
    line.lastChild.addEventListener("click", () => {
      byId("search").value = row.fn;
      applySearch();
    });
  }
}

function applySearch() {
  const query = byId("search").value.trim().toLowerCase();
  flame.matches = query ? (name) => name.toLowerCase().includes(query) : null;
  const root = flame.root;
  byId("matched").textContent = query && root ? `${percent(matchedTotal(root, flame.matches), root.total)} of it` : "";
  flame.draw();
}

function showFilters() {
  const host = byId("filters");
  host.replaceChildren();
  const values = labelValues(state.profile, state.value);
  for (const [key, name] of FILTERS) {
    const texts = values.get(key);
    if (!texts) {
      delete state.filters[key];
      continue;
    }
    const select = document.createElement("select");
    select.setAttribute("aria-label", name);
    select.append(new Option(`every ${name}`, ""));
    for (const [text] of texts.slice(0, 500)) select.append(new Option(text, text));
    select.value = texts.some(([text]) => text === state.filters[key]) ? state.filters[key] : "";
    if (!select.value) delete state.filters[key];
    select.addEventListener("change", () => {
      if (select.value) state.filters[key] = select.value;
      else delete state.filters[key];
      redraw();
    });
    host.append(select);
  }
}

function accept(profile, target) {
  state.profile = Object.assign(profile, {kind: target.split("?")[0]});
  state.value = profile.default;
  const select = byId("value");
  select.replaceChildren(...profile.types.map(([type], i) => new Option(type, i)));
  select.value = state.value;
  showFilters();
  redraw();
  for (const format of ["html", "pprof", "collapsed", "speedscope"]) {
    byId(`save-${format}`).href = `${target}&format=${format}`;
  }
  byId("comments").textContent = profile.comments.join(" · ");
}

async function load(target, waiting) {
  say(waiting);
  try {
    const response = await fetch(new URL(`${target}&format=page`, location.origin + location.pathname));  // without user:TOKEN@
    if (!response.ok) return say((await response.text()).trim(), true);
    accept(await response.json(), target);
  } catch (error) {
    say(`No answer: ${error.message}`, true);
  }
}

function record() {
  const seconds = byId("seconds").value;
  const traces = byId("traces").checked ? "&labels=trace" : "";
  if (byId("kind").value === "heap") return load("heap?", "Looking …");  // what there is, not what changes
  return load(`${byId("kind").value}?seconds=${encodeURIComponent(seconds)}${traces}`, `Recording ${seconds} s …`);
}

function lookBack() {
  const moment = (id) => encodeURIComponent(byId(id).value);
  return load(`profile?from=${moment("from")}&to=${moment("to")}`, "Looking back …");
}

function setBaseline() {
  state.baseline = state.baseline ? null : state.profile;
  byId("baseline").textContent = state.baseline ? "Drop baseline" : "Set as baseline";
  if (state.baseline) byId("versus").textContent = "record or look back again: the difference to now is shown";
  else redraw();
}

function switchShape() {
  flame.icicle = !flame.icicle;
  byId("shape").textContent = flame.icicle ? "As flames" : "As icicles";
  flame.draw();
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  flame.draw();
}

function resetView() {
  byId("search").value = "";
  byId("detail").textContent = "";
  if (flame.root) flame.show(flame.root);
  applySearch();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return resetView();
  if (/^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  const actions = {"/": () => byId("search").focus(), i: switchShape, b: setBaseline, t: switchTheme,
    "?": () => byId("keys").showModal(), Enter: () => flame.selected && flame.zoom(flame.selected)};
  if (event.key.startsWith("Arrow")) flame.walk(event.key);
  else if (actions[event.key]) actions[event.key]();
  else return;
  event.preventDefault();
}

byId("record").addEventListener("click", record);
byId("past").addEventListener("click", lookBack);
byId("search").addEventListener("input", applySearch);
byId("shape").addEventListener("click", switchShape);
byId("theme").addEventListener("click", switchTheme);
byId("reset").addEventListener("click", resetView);
byId("baseline").addEventListener("click", setBaseline);
byId("help").addEventListener("click", () => byId("keys").showModal());
byId("value").addEventListener("change", (event) => {
  state.value = Number(event.target.value);
  redraw();
});
for (const head of document.querySelectorAll("th[data-sort]")) {
  head.addEventListener("click", () => {
    state.sort = head.dataset.sort;
    if (flame.root) showHottest(flame.root);
  });
}
document.addEventListener("keydown", onKey);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => flame.draw());
const saved = byId("saved");  // of format=html: nobody is there to ask for more
if (saved) {
  document.body.classList.add("saved");
  byId("title").textContent = "profile";
  accept(JSON.parse(saved.textContent), "");
} else {
  lookBack().then(() => {
    if (!state.profile) say("Nothing recorded yet: press Record.");
  });
}
