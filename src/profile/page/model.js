// What the page knows of a profile: filters, the tree of calls, differences, the hottest functions. No DOM in here, so
// that it is tested by itself (tests/profile/page/model_test.mjs).
//
// A profile is page_json() of src/profile/format/text.h, and its kind. A tree node is {fn, total, self, base, children, parent, depth}.

/** The values that each label key takes, with how much falls on them, the most first. */
function labelValues(profile, value) {
  const sums = new Map();
  for (const [label, values] of profile.samples) {
    for (const [key, text] of Object.entries(profile.labels[label])) {
      if (!sums.has(key)) sums.set(key, new Map());
      sums.get(key).set(text, (sums.get(key).get(text) || 0) + values[value]);
    }
  }
  const sorted = new Map();
  for (const [key, texts] of sums) sorted.set(key, [...texts].sort((a, b) => b[1] - a[1]));
  return sorted;
}

function passes(labels, filters) {
  return Object.entries(filters).every(([key, text]) => labels[key] === text);
}

function newNode(fn, parent) {
  return {fn, total: 0, self: 0, base: 0, children: new Map(), parent, depth: parent ? parent.depth + 1 : 0};
}

/** Adds a profile's samples to the tree, as `total` and `self`, or as `base`. Names join the two profiles' functions. */
function addSamples(root, profile, value, filters, field) {
  for (const [label, values, stack] of profile.samples) {
    const amount = values[value] || 0;
    if (amount === 0 || !passes(profile.labels[label], filters)) continue;
    let at = root;
    root[field] += amount;
    for (const fn of stack) {
      const name = profile.functions[fn];
      let next = at.children.get(name);
      if (!next) {
        next = newNode(name, at);
        next.module = profile.modules[profile.module_of[fn]] || "";
        at.children.set(name, next);
      }
      at = next;
      at[field] += amount;
    }
    if (field === "total") at.self += amount;
  }
}

// By the page that a profile comes from, its `kind`: profiles of one name have the same values.
const SHOWN = {profile: "CPU time", wall: "wall-clock time", heap: "memory", allocs: "memory",
  mutex: "waits for mutexes", block: "all waits", threads: "threads"};

/** Why a profile is not compared with a baseline, in words; "" where it is. */
function whyNotCompared(profile, baseline) {
  const [now, before] = [profile, baseline].map(({kind}) => SHOWN[kind]);
  if (now === before) return "";
  return `not compared: the baseline is of ${before}, this one of ${now}; drop the baseline, or record ${before} again`;
}

/** The tree of calls; with a baseline that it can be compared with every node also knows what it had there. */
function buildTree(profile, {value = profile.default, filters = {}, baseline = null} = {}) {
  const root = newNode("all", null);
  addSamples(root, profile, value, filters, "total");
  if (baseline && !whyNotCompared(profile, baseline)) addSamples(root, baseline, value, filters, "base");
  root.changeMost = largestChange(root, root);
  return root;
}

function largestChange(node, root) {
  let most = Math.abs(change(node, root));
  for (const child of node.children.values()) most = Math.max(most, largestChange(child, root));
  return most;
}

/** How much a node's share of the whole changed: -1 to 1. */
function change(node, root) {
  const now = root.total ? node.total / root.total : 0;
  const before = root.base ? node.base / root.base : 0;
  return now - before;
}

/** Functions by their own time; a recursive function's total, and what it had in the baseline, count once a stack. */
function hottest(root) {
  const rows = new Map();
  const open = new Map();
  const visit = (node) => {
    const row = rows.get(node.fn) || {fn: node.fn, self: 0, total: 0, base: 0, module: node.module || ""};
    rows.set(node.fn, row);
    row.self += node.self;
    const depth = open.get(node.fn) || 0;
    if (depth === 0) {
      row.total += node.total;
      row.base += node.base;
    }
    open.set(node.fn, depth + 1);
    for (const child of node.children.values()) visit(child);
    open.set(node.fn, depth);
  };
  for (const child of root.children.values()) visit(child);
  return [...rows.values()].filter((row) => row.total || row.base).sort((a, b) => b.self - a.self || b.total - a.total);
}

const CHANGE_LEAST = 0.01;  // of the whole: so that noise stays pale

/** How strongly a node's change is shown: -1 to 1, against the largest of all. */
function changeStrength(node, root) {
  const part = change(node, root) / Math.max(root.changeMost, CHANGE_LEAST);
  return Math.sign(part) * Math.sqrt(Math.abs(part));
}

/** Rows of boxes under `focus`: [[{node, x, w}, ...], ...], x and w as parts of one. Ancestors of it fill their row. */
function layout(focus, partMin) {
  const rows = [];
  const put = (node, x, w) => {
    (rows[node.depth] = rows[node.depth] || []).push({node, x, w});
  };
  for (let at = focus.parent; at; at = at.parent) put(at, 0, 1);
  const weight = (node) => Math.max(node.total, 0);
  const visit = (node, x, w) => {
    put(node, x, w);
    const sum = weight(node);
    if (sum === 0) return;
    let at = x;
    for (const child of [...node.children.values()].sort((a, b) => (a.fn < b.fn ? -1 : 1))) {
      const part = (weight(child) / sum) * w;
      if (part >= partMin) visit(child, at, part);
      at += part;
    }
  };
  visit(focus, 0, 1);
  return rows;
}

/** The part of the whole in stacks that hold a matching function. */
function matchedTotal(node, matches) {
  if (node.parent && matches(node.fn)) return node.total;
  let sum = 0;
  for (const child of node.children.values()) sum += matchedTotal(child, matches);
  return sum;
}

function formatAmount(amount, unit) {
  const scales = unit === "nanoseconds" ? [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]
    : unit === "bytes" ? [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]] : [[1, ""]];
  const [scale, name] = scales.find(([s]) => Math.abs(amount) >= s) || scales[scales.length - 1];
  const shown = amount / scale;
  return `${Number.isInteger(shown) ? shown : shown.toFixed(2)}${name ? " " + name : ""}`;
}

if (typeof module !== "undefined") {
  module.exports = {labelValues, whyNotCompared, buildTree, change, changeStrength, hottest, layout, matchedTotal, formatAmount};
}
