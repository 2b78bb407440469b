// The page's model (src/profile/page/model.js), by node: node --test model_test.mjs. Run by ctest where node is there.
import assert from "node:assert/strict";
import {createRequire} from "node:module";
import {test} from "node:test";

const model = createRequire(import.meta.url)("../../../src/profile/page/model.js");

const profile = {
  types: [["samples", "count"], ["cpu", "nanoseconds"]], default: 1,
  functions: ["main", "work", "leaf", "other"], modules: ["app"], module_of: [0, 0, 0, -1],
  labels: [{"http.route": "/a", thread: "x"}, {"http.route": "/b", thread: "x"}],
  samples: [[0, [1, 10], [0, 1, 2]], [0, [2, 20], [0, 1]], [1, [3, 30], [0, 3]], [1, [1, 5], [0, 1, 1]]],
};

test("a tree has what falls on each call", () => {
  const root = model.buildTree(profile);
  assert.equal(root.total, 65);
  const main = root.children.get("main");
  assert.equal(main.total, 65);
  assert.equal(main.self, 0);
  assert.equal(main.children.get("work").total, 35);
  assert.equal(main.children.get("work").self, 20);
  assert.equal(main.children.get("other").module, "");
});

test("filters leave what has the label", () => {
  assert.equal(model.buildTree(profile, {filters: {"http.route": "/a"}}).total, 30);
  assert.equal(model.buildTree(profile, {filters: {"http.route": "/a", thread: "y"}}).total, 0);
  assert.deepEqual([...model.labelValues(profile, 1).get("http.route")], [["/b", 35], ["/a", 30]]);
});

test("another value", () => assert.equal(model.buildTree(profile, {value: 0}).total, 7));

test("the hottest functions, recursion once a stack", () => {
  const rows = model.hottest(model.buildTree(profile));
  assert.deepEqual(rows.map((row) => [row.fn, row.self, row.total]),
    [["other", 30, 30], ["work", 25, 35], ["leaf", 10, 10], ["main", 0, 65]]);
});

test("a baseline tells what changed, in shares", () => {
  const before = {...profile, samples: [[0, [1, 10], [0, 1]], [1, [1, 10], [0, 3]]]};
  const root = model.buildTree(profile, {baseline: before});
  const other = root.children.get("main").children.get("other");
  assert.ok(Math.abs(model.change(other, root) - (30 / 65 - 0.5)) < 1e-9);
});

test("a baseline of another kind is refused in words, and not drawn", () => {
  const of = (kind) => ({...profile, kind});
  assert.equal(model.whyNotCompared(of("profile"), of("profile")), "");
  assert.equal(model.whyNotCompared(of("heap"), of("allocs")), "", "the same four values");
  assert.equal(model.whyNotCompared(of("block"), of("mutex")), "not compared: the baseline is of waits for mutexes, " +
    "this one of all waits; drop the baseline, or record waits for mutexes again");
  assert.equal(model.buildTree(of("wall"), {baseline: of("wall")}).base, 65);
  assert.equal(model.buildTree(of("wall"), {baseline: of("profile")}).base, 0);
  assert.equal(model.buildTree(of("wall"), {baseline: of("profile")}).total, 65);
});

test("the hottest functions know what they had in the baseline, also those that are gone", () => {
  const before = {...profile, functions: ["main", "gone", "leaf", "other"]};
  const rows = model.hottest(model.buildTree(profile, {baseline: before, filters: {"http.route": "/a"}}));
  assert.deepEqual(rows.map((row) => [row.fn, row.total, row.base]),
    [["work", 30, 0], ["leaf", 10, 10], ["main", 30, 30], ["gone", 0, 30]]);
});

test("the largest change is shown at full strength, noise is not", () => {
  const before = {...profile, samples: [[0, [1, 10], [0, 1]], [1, [1, 10], [0, 3]]]};
  const root = model.buildTree(profile, {baseline: before});
  const [work, other] = [...root.children.get("main").children.values()];
  assert.ok(model.changeStrength(work, root) > 0 && model.changeStrength(other, root) < 0);
  const all = [work, other, ...work.children.values()].map((node) => Math.abs(model.changeStrength(node, root)));
  assert.equal(Math.max(...all), 1);
  const same = model.buildTree(profile, {baseline: profile});
  assert.equal(model.changeStrength(same.children.get("main"), same), 0);
  const nearly = {...profile, samples: profile.samples.map(([l, [n, t], s], i) => [l, [n, i ? t : t + 0.001], s])};
  const almost = model.buildTree(profile, {baseline: nearly});
  for (const node of almost.children.get("main").children.values()) {
    assert.ok(Math.abs(model.changeStrength(node, almost)) < 0.1);
  }
});

test("boxes of a row follow each other and stay within their caller", () => {
  const root = model.buildTree(profile);
  const rows = model.layout(root, 0);
  assert.equal(rows[0].length, 1);
  assert.deepEqual(rows[2].map((box) => box.node.fn), ["other", "work"]);
  assert.ok(Math.abs(rows[2][1].x - 30 / 65) < 1e-9);
  const zoomed = model.layout(root.children.get("main").children.get("work"), 0);
  assert.equal(zoomed[1][0].w, 1);
  assert.equal(model.layout(root, 0.5)[2].length, 1);
});

test("ten thousand frames are laid out", () => {
  const many = {...profile, functions: Array.from({length: 10000}, (_, i) => `f${i}`), module_of: Array(10000).fill(0),
    samples: Array.from({length: 10000}, (_, i) => [0, [1, 1], [0, i % 100, i]])};
  const rows = model.layout(model.buildTree(many), 0);
  assert.equal(rows.reduce((sum, row) => sum + row.length, 0), 1 + 1 + 100 + 10000);
});

test("how much of it matches", () => {
  assert.equal(model.matchedTotal(model.buildTree(profile), (name) => name === "work"), 35);
});

test("amounts have units", () => {
  assert.equal(model.formatAmount(1500000, "nanoseconds"), "1.50 ms");
  assert.equal(model.formatAmount(2048, "bytes"), "2 KiB");
  assert.equal(model.formatAmount(7, "count"), "7");
  assert.equal(model.formatAmount(0, "nanoseconds"), "0 ns");
});
