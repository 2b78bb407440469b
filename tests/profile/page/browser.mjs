// Chrome over its debugging pipe, without a library: commands go in by one pipe, answers and events come by another.
//
// DevTools protocol: one JSON object each, ended by a zero byte (--remote-debugging-pipe).
import {spawn, spawnSync} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

/** The first of the usual names that runs here, or null. */
export function findBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
  return names.find((name) => spawnSync(name, ["--version"]).status === 0) || null;
}

export class Browser {
  constructor(program) {
    this.folder = mkdtempSync(join(tmpdir(), "browser-"));
    this.process = spawn(program, ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
      "--disable-background-networking", `--user-data-dir=${this.folder}`, "--remote-debugging-pipe", "about:blank"],
      {stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]});
    this.waiting = new Map();  // commands, by number
    this.number = 0;
    this.session = undefined;
    this.requests = [];
    this.complaints = [];  // exceptions, console.error, what the browser itself found wrong
    let rest = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      messages.forEach((message) => this.receive(JSON.parse(message)));
    });
  }

  receive({id, result, error, method, params}) {
    if (id) {
      const {resolve, reject} = this.waiting.get(id);
      this.waiting.delete(id);
      return error ? reject(new Error(error.message)) : resolve(result);
    }
    if (method === "Fetch.requestPaused") this.send("Fetch.continueRequest", {requestId: params.requestId});
    if (method === "Fetch.authRequired") this.giveName(params);
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception.description);
    if (method === "Runtime.consoleAPICalled" && params.type === "error") this.complaints.push(JSON.stringify(params.args));
    if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(params.entry.text);
  }

  send(method, params = {}) {
    this.process.stdio[3].write(`${JSON.stringify({id: ++this.number, method, params, sessionId: this.session})}\0`);
    return new Promise((resolve, reject) => this.waiting.set(this.number, {resolve, reject}));
  }

  /** Opens a page and listens to all that it says. */
  async open(url) {
    const {targetId} = await this.send("Target.createTarget", {url: "about:blank"});
    const {sessionId} = await this.send("Target.attachToTarget", {targetId, flatten: true});
    this.session = sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.send(`${domain}.enable`);
    await this.send("Page.navigate", {url});
  }

  /** From now on whoever asks for a name and a password gets the next of these; who asks once more gets none. */
  async answerWith(names) {
    this.names = names;
    this.asked = [];  // the schemes
    await this.send("Fetch.enable", {handleAuthRequests: true});
  }

  giveName({requestId, authChallenge}) {
    this.asked.push(authChallenge.scheme);
    const name = this.names.shift();
    const authChallengeResponse = name ? {response: "ProvideCredentials", ...name} : {response: "CancelAuth"};
    this.send("Fetch.continueWithAuth", {requestId, authChallengeResponse});
  }

  /** What an expression of the page's own is; promises are waited for. */
  async value(expression) {
    const {result, exceptionDetails} =
      await this.send("Runtime.evaluate", {expression, returnByValue: true, awaitPromise: true});
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception.description}`);
    return result.value;
  }

  /** Until the expression holds; whoever runs the test says how long that may take. */
  async until(expression) {
    while (!await this.value(`Boolean(${expression})`).catch(() => false)) await new Promise((go) => setTimeout(go, 50));
  }

  async key(key) {
    const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
    await this.send("Input.dispatchKeyEvent", {type: "keyDown", key, text});
    await this.send("Input.dispatchKeyEvent", {type: "keyUp", key});
  }

  async type(text) { await this.send("Input.insertText", {text}); }

  /** The size of the window and what the user prefers: "light" or "dark". */
  async look(width, height, scheme) {
    await this.send("Emulation.setDeviceMetricsOverride", {width, height, deviceScaleFactor: 1, mobile: false});
    await this.send("Emulation.setEmulatedMedia", {features: [{name: "prefers-color-scheme", value: scheme}]});
    await this.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  }

  /** A PNG of the whole page. */
  async picture() {
    const {data} = await this.send("Page.captureScreenshot", {captureBeyondViewport: true});
    return Buffer.from(data, "base64");
  }

  async close() {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    this.session = undefined;
    this.send("Browser.close").catch(() => {});
    await gone;
    rmSync(this.folder, {recursive: true, force: true, maxRetries: 10});
  }
}
