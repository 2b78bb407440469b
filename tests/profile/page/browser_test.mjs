// The page of a running program, in a browser: what it draws, what its keys and filters do, and that it asks nobody
// else. Arguments: the program (profile_quickstart), a folder for pictures. Exit 77 where there is no browser.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {after, before, test} from "node:test";

import {Browser, findBrowser} from "./browser.mjs";

const [program, folder] = process.argv.slice(2);
const chrome = findBrowser();
if (!chrome) {
  console.log("skipped: no browser here (chromium; Debian: apt-get install chromium)");
  process.exit(77);
}

const PORT = 16060;
const page = `http://127.0.0.1:${PORT}/debug/pprof/`;
const TOKEN = "open sesame";  // of the shop on the next port
const pause = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));
const BUCKET_SECONDS = 12;  // of the history, and a bit

let shop, browser, began;

/** The program, when it has something to show. */
async function startShop(port, more = {}) {
  const environment = {...process.env, NANOSPAN_PROFILING: "true", NANOSPAN_PROFILING_PORT: String(port), ...more};
  const started = spawn(program, ["serve"], {env: environment, stdio: ["pipe", "ignore", "ignore"]});
  const url = `http://127.0.0.1:${port}/debug/pprof/profile?from=-1m&format=page`;
  const headers = more.NANOSPAN_PROFILING_TOKEN ? {Authorization: `Bearer ${more.NANOSPAN_PROFILING_TOKEN}`} : {};
  while (!await fetch(url, {headers}).then((answer) => answer.ok, () => false)) await pause(0.1);
  return started;
}

before(async () => {
  mkdirSync(folder, {recursive: true});
  shop = await startShop(PORT);
  began = Math.ceil(Date.now() / 1000);  // within the first bucket of the history
  browser = new Browser(chrome);
  await browser.open(page);
  await browser.until("state.profile");
});

after(async () => {
  await browser.close();
  shop.stdin.end();
});

const picture = async (name) => writeFileSync(join(folder, `${name}.png`), await browser.picture());
const boxes = () => browser.value("flame.rows.reduce((sum, row) => sum + row.length, 0)");
const table = () => browser.value("[...document.querySelectorAll('#hottest td.name')].map((cell) => cell.textContent)");
const text = (id) => browser.value(`document.getElementById("${id}").textContent`);
const total = () => browser.value("flame.root.total");
/** Colours of the drawing in the middle of each box. */
const colours = () => browser.value(`(() => {
  const to = document.getElementById("canvas").getContext("2d");
  const at = (row, depth, {x, w}) => to.getImageData(Math.floor((x + w / 2) * flame.canvas.width), flame.top(depth) + 1, 1, 1);
  return [...new Set(flame.rows.flatMap((row, depth) => row.map((box) => at(row, depth, box).data.join())))];
})()`);

async function lookBack(from, to) {
  await browser.value(`(byId("from").value = "${from}", byId("to").value = "${to}", state.profile = null, lookBack())`);
  await browser.until("state.profile");
}

async function choose(label, value) {
  await browser.value(`(() => {
    const select = document.querySelector('#filters select[aria-label="${label}"]');
    select.value = ${JSON.stringify(value)};
    select.dispatchEvent(new Event("change"));
  })()`);
}

test("the last minutes are drawn, and the hottest functions are the program's", async () => {
  await browser.look(1280, 800, "light");
  assert.match(await text("status"), /^[\d.]+ m?s in [\d.]+ s, \d+ stacks, since /);
  assert.ok(await boxes() > 5, `${await boxes()} boxes`);
  assert.ok((await colours()).length > 3, "boxes have colours");
  assert.match((await table()).slice(0, 3).join(), /handle_order/);
  await picture("flames");
});

test("search tells how much matches", async () => {
  await browser.key("/");
  await browser.type("handle_order");
  assert.equal(await browser.value("document.activeElement.id"), "search");
  const [share] = (await text("matched")).match(/^[\d.]+(?= % of it$)/);
  assert.ok(Number(share) > 10, share);
  await picture("search");
  await browser.key("Escape");
  assert.equal(await text("matched"), "");
});

test("the keyboard walks and zooms, and Escape shows all again", async () => {
  await browser.value("document.activeElement.blur()");
  for (let i = 0; i < 4; ++i) await browser.key(await browser.value("flame.icicle") ? "ArrowDown" : "ArrowUp");
  const chosen = await text("detail");
  await browser.key("Enter");
  assert.equal(await browser.value("flame.focus.depth"), 4);
  assert.ok(await browser.value("flame.rows.slice(0, 5).every((row) => row.length === 1 && row[0].w === 1)"));
  assert.ok(chosen.startsWith(await browser.value("flame.focus.fn")), chosen);
  await picture("zoom");
  await browser.key("Escape");
  assert.equal(await browser.value("flame.focus === flame.root"), true);
  assert.equal(await text("detail"), "");
});

test("flames grow upwards, icicles hang down", async () => {
  const rootAtTop = () => browser.value("flame.top(0) === 0");
  const before = await rootAtTop();
  await browser.key("i");
  assert.equal(await rootAtTop(), !before);
  assert.equal(await text("shape"), before ? "As icicles" : "As flames");
  await picture("other-shape");
  await browser.key("i");
  assert.equal(await rootAtTop(), before);
});

test("two ranges of time are compared: what is new is red", async () => {
  await pause(Math.max(0, began + BUCKET_SECONDS - Date.now() / 1000));
  shop.stdin.write("carts\n");  // a second route, from now on
  const second = Math.floor(Date.now() / 1000) + 1;
  while (!await fetch(`${page}profile?from=${second}&debug=1`).then((a) => a.text()).then((t) => /price_cart/.test(t)))
    await pause(0.2);
  await pause(1);
  await lookBack(began, began + 2);
  assert.ok(!(await table()).some((fn) => /price_cart/.test(fn)));
  await browser.key("b");
  await lookBack(second, "now");
  assert.match(await text("versus"), /red: more/);
  const of = (fn) => browser.value(`(() => {
    const find = (node) => node.fn.includes("${fn}") ? node : [...node.children.values()].map(find).find(Boolean);
    const node = find(flame.root);
    return {base: node.base, strength: changeStrength(node, flame.root), colour: flame.color(node)};
  })()`);
  const cart = await of("price_cart"), order = await of("handle_order");
  assert.equal(cart.base, 0);
  assert.ok(cart.strength > 0 && order.strength < 0, JSON.stringify([cart, order]));
  assert.match(cart.colour, /^hsl\(8 /);
  assert.match(order.colour, /^hsl\(212 /);
  await browser.value('document.querySelector("th.change").click()');
  const changes = await browser.value('[...document.querySelectorAll("td.change")].map((cell) => Number(cell.textContent))');
  assert.ok(Math.abs(changes[0]) > 1, "the largest change comes first");
  assert.deepEqual(changes, [...changes].sort((a, b) => Math.abs(b) - Math.abs(a)));
  await picture("difference");
  await browser.key("b");
});

test("a baseline of another kind is refused in words", async () => {
  await lookBack("-5m", "now");
  await browser.key("b");
  await browser.value('(byId("kind").value = "threads", state.profile = null, record())');
  await browser.until("state.profile");
  assert.match(await text("versus"), /^not compared: the baseline is of CPU time, this one of threads;/);
  assert.equal(await browser.value("flame.root.base"), 0);
  assert.equal(await browser.value('document.querySelector("#hottest.compared")'), null);
  await picture("refused");
  await browser.key("b");
  assert.equal(await text("versus"), "");
});

test("route, span and thread filter", async () => {
  await lookBack("-5m", "now");
  const all = await total();
  assert.ok(await boxes() > 12, `${await boxes()} boxes`);
  for (const [label, value, mine, other] of [["route", "/carts/{id}", /price_cart/, /handle_order/],
    ["span", "GET /orders/{id}", /handle_order/, /price_cart/], ["thread", "carts", /price_cart/, /handle_order/]]) {
    await choose(label, value);
    const names = (await table()).join();
    assert.match(names, mine);
    assert.doesNotMatch(names, other);
    assert.ok(await total() < all && await total() > 0);
    assert.match(await text("status"), /^[\d.]+ m?s \([\d.]+ % of [\d.]+ m?s\) in /);
    if (label === "route") await picture("route");
    await choose(label, "");
  }
  assert.equal(await total(), all);
});

test("dark where the user prefers it, and whole where it is narrow", async () => {
  const back = () => browser.value("getComputedStyle(document.body).backgroundColor");
  assert.equal(await back(), "rgb(255, 255, 255)");
  await browser.look(1280, 800, "dark");
  assert.equal(await back(), "rgb(20, 24, 28)");
  assert.ok(!await browser.value(`getComputedStyle(flame.canvas).backgroundColor`).then((colour) => /255/.test(colour)));
  await picture("dark");
  await browser.look(400, 800, "light");
  assert.ok(await browser.value("document.documentElement.scrollWidth <= 400"), "nothing sticks out");
  assert.ok(await browser.value("flame.canvas.width <= 400"));
  await picture("narrow");
});

test("it asks the program alone, and nothing goes wrong", () => {
  assert.ok(browser.requests.length > 3);
  assert.deepEqual(browser.requests.filter((url) => !url.startsWith(page)), []);
  assert.deepEqual(browser.complaints, []);
});

test("the browser asks for the token as a password, and the page asks on with it", async () => {
  const guarded = await startShop(PORT + 1, {NANOSPAN_PROFILING_TOKEN: TOKEN});
  const visitor = new Browser(chrome);
  try {
    await visitor.open("about:blank");
    await visitor.answerWith([{username: "any", password: "wrong"}, {username: "any", password: TOKEN}]);
    await visitor.send("Page.navigate", {url: `http://127.0.0.1:${PORT + 1}/debug/pprof/`});
    await visitor.until("state.profile");
    assert.deepEqual(visitor.asked, ["basic", "basic"]);
    assert.match(await visitor.value("document.getElementById('hottest').textContent"), /handle_order/);
    await visitor.value('(byId("seconds").value = 1, state.profile = null, record())');
    await visitor.until("state.profile");
    assert.match(await visitor.value("document.getElementById('status').textContent"), / in 1\.\d s, /);
  } finally {
    await visitor.close();
    guarded.stdin.end();
  }
});
