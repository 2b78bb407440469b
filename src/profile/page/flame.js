// The flame graph: boxes on a canvas, drawn anew for each change; ten thousand of them take some milliseconds.

const ROW = 18;

class Flame {
  constructor(host, canvas, tip, onSelect) {
    this.host = host;
    this.canvas = canvas;
    this.tip = tip;
    this.onSelect = onSelect;
    this.root = this.focus = this.selected = null;
    this.icicle = true;
    this.matches = null;
    this.colors = new Map();  // of functions, by name
    this.describe = () => "";
    canvas.addEventListener("mousemove", (event) => this.hover(event));
    canvas.addEventListener("mouseleave", () => { this.tip.hidden = true; });
    canvas.addEventListener("click", (event) => {
      const box = this.boxAt(event);
      if (box) this.select(box.node);
    });
    canvas.addEventListener("dblclick", (event) => {
      const box = this.boxAt(event);
      if (box) this.zoom(box.node);
    });
    new ResizeObserver(() => this.draw()).observe(host);
  }

  show(root) {
    this.root = this.focus = root;
    this.selected = null;
    this.draw();
  }

  zoom(node) {
    this.focus = node;
    this.selected = node;
    this.draw();
  }

  select(node) {
    this.selected = node;
    this.onSelect(node);
    this.draw();
  }

  /** Arrow keys: to the caller, the heaviest callee, the brothers. */
  walk(key) {
    if (!this.root) return;
    const at = this.selected || this.focus;
    const heaviest = (node) => [...node.children.values()].sort((a, b) => b.total - a.total)[0];
    const inward = this.icicle ? "ArrowDown" : "ArrowUp";
    const outward = this.icicle ? "ArrowUp" : "ArrowDown";
    let next = at;
    if (key === inward) next = heaviest(at) || at;
    if (key === outward) next = at.parent || at;
    if ((key === "ArrowLeft" || key === "ArrowRight") && at.parent) {
      const brothers = [...at.parent.children.values()].sort((a, b) => (a.fn < b.fn ? -1 : 1));
      next = brothers[brothers.indexOf(at) + (key === "ArrowLeft" ? -1 : 1)] || at;
    }
    this.select(next);
  }

  color(node) {
    if (this.root.base > 0) {
      const strength = changeStrength(node, this.root);
      const size = Math.abs(strength);
      return `hsl(${strength > 0 ? 8 : 212} ${Math.round(size * 75)}% ${Math.round(88 - size * 26)}%)`;
    }
    let color = this.colors.get(node.fn);
    if (!color) {
      const hash = (text) => Math.abs([...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) | 0, 0));
      color = `hsl(${(hash(node.module || node.fn) * 47) % 360} 62% ${70 + (hash(node.fn) % 12)}%)`;
      this.colors.set(node.fn, color);
    }
    return color;
  }

  draw() {
    if (!this.root) return;
    const width = this.host.clientWidth;
    this.rows = layout(this.focus, 0.4 / Math.max(width, 1));
    const height = this.rows.length * ROW;
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.canvas.style.height = `${height}px`;
    const to = this.canvas.getContext("2d");
    to.scale(scale, scale);
    to.font = "12px ui-monospace, monospace";
    const letter = to.measureText("m").width;
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--text-on");
    const accent = style.getPropertyValue("--accent");
    this.rows.forEach((row, depth) => {
      const y = this.top(depth);
      for (const {node, x, w} of row) {
        const left = x * width;
        const size = w * width;
        const faded = this.matches && !this.matches(node.fn);
        to.globalAlpha = faded ? 0.35 : 1;
        to.fillStyle = this.color(node);
        to.fillRect(left, y, Math.max(size - 0.5, 0.4), ROW - 1);
        if (node === this.selected) {
          to.strokeStyle = accent;
          to.lineWidth = 2;
          to.strokeRect(left + 1, y + 1, Math.max(size - 2.5, 1), ROW - 3);
        }
        const room = Math.floor((size - 6) / letter);
        if (room < 3) continue;
        to.fillStyle = ink;
        to.fillText(node.fn.length <= room ? node.fn : `${node.fn.slice(0, room - 1)}…`, left + 3, y + ROW - 6);
      }
    });
    to.globalAlpha = 1;
  }

  top(depth) { return (this.icicle ? depth : this.rows.length - 1 - depth) * ROW; }

  boxAt(event) {
    if (!this.rows) return null;
    const bounds = this.canvas.getBoundingClientRect();
    const line = Math.floor((event.clientY - bounds.top) / ROW);
    const row = this.rows[this.icicle ? line : this.rows.length - 1 - line];
    const x = (event.clientX - bounds.left) / bounds.width;
    return row ? row.find((box) => x >= box.x && x < box.x + box.w) || null : null;
  }

  hover(event) {
    const box = this.boxAt(event);
    this.tip.hidden = !box;
    if (!box) return;
    this.tip.textContent = this.describe(box.node);
    const bounds = this.host.getBoundingClientRect();
    const left = Math.min(event.clientX - bounds.left + 12, bounds.width - this.tip.offsetWidth - 4);
    this.tip.style.left = `${Math.max(0, left)}px`;
    this.tip.style.top = `${event.clientY - bounds.top + 16}px`;
  }
}
