// How the error of the predictions grows: a line for each graph, up to the moment that is shown.

import { set, svg } from "./dom.js";

const WIDTH = 320;
const HEIGHT = 132;
const LEFT = 40;
const BOTTOM = 26;
const TOP = 8;

/** The mean squared error of each step of predictions (steps, N, D), in [-1, 1] on the training range. */
export function errors(run, scene, prediction) {
  const { minimum, maximum } = run.normalisation;
  const width = minimum.length;
  const steps = prediction.length / width / scene.nodes;
  return Array.from({ length: steps }, (_, t) => {
    let sum = 0;
    for (let i = 0; i < scene.nodes; i++) {
      for (let d = 0; d < width; d++) {
        const truth = scene.motion[(i * scene.total + scene.frames + 1 + t) * width + d];
        const off = prediction[(t * scene.nodes + i) * width + d] - truth;
        sum += ((2 * off) / (maximum[d] - minimum[d] || 1)) ** 2;
      }
    }
    return sum / scene.nodes / width;
  });
}

/** The chart; `graphs` are [key, label]. */
export class ErrorChart {
  constructor(graphs) {
    this.lines = new Map(graphs.map(([key]) => [key, svg("path", { class: `ex-error ex-of-${key}` })]));
    this.grid = svg("g", { class: "ex-grid" });
    this.dot = svg("circle", { r: 4, class: "ex-dot" });
    this.picture = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "ex-chart", role: "img", "aria-label": "Error of the predictions by step" },
      this.grid,
      ...this.lines.values(),
      this.dot,
    );
    this.found = new Map();
  }

  /** Takes the errors of each graph's predictions, by key. */
  show(found) {
    this.found = found;
    const all = [...found.values()].flat().filter((value) => value > 0);
    this.low = Math.floor(Math.log10(Math.min(...all, 1e-2)));
    this.high = Math.max(this.low + 1, Math.ceil(Math.log10(Math.max(...all, 1e-6))));
    this.steps = Math.max(1, ...[...found.values()].map((line) => line.length));
    this.drawGrid();
  }

  drawGrid() {
    const every = Math.ceil((this.high - this.low) / 4);
    const marks = [];
    for (let power = this.low; power <= this.high; power += every) {
      const y = this.y(10 ** power);
      marks.push(svg("line", { x1: LEFT, x2: WIDTH - 6, y1: y, y2: y }));
      marks.push(svg("text", { x: LEFT - 5, y: y + 3.5, class: "ex-end" }, power === 0 ? "1" : `1e${power}`));
    }
    const apart = this.steps < 20 ? 2 : 10;
    for (let step = apart; step <= this.steps; step += apart) {
      marks.push(svg("text", { x: this.x(step), y: HEIGHT - BOTTOM + 13 }, String(step)));
    }
    marks.push(svg("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 1 }, "frames predicted"));
    this.grid.replaceChildren(...marks);
  }

  x(step) {
    return LEFT + ((WIDTH - LEFT - 8) * (step - 1)) / Math.max(1, this.steps - 1);
  }

  y(error) {
    const share = (Math.log10(Math.max(error, 1e-30)) - this.low) / (this.high - this.low);
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * Math.max(0, Math.min(1, share));
  }

  /** Draws up to `step` predicted frames; the line of the chosen graph is the strong one. */
  draw(step, chosen) {
    const whole = Math.floor(step);
    const value = this.found.get(chosen)?.[whole - 1];
    if (this.drawn?.found === this.found && this.drawn.whole === whole && this.drawn.chosen === chosen) return value;
    this.drawn = { found: this.found, whole, chosen };
    for (const [key, line] of this.lines) {
      const values = (this.found.get(key) ?? []).slice(0, Math.max(0, whole));
      const d = values.map((value, t) => `${this.x(t + 1).toFixed(1)} ${this.y(value).toFixed(1)}`).join("L");
      set(line, { d: d ? `M${d}` : "" });
      line.classList.toggle("ex-chosen", key === chosen);
    }
    set(this.dot, value === undefined ? { visibility: "hidden" } : { visibility: "visible", cx: this.x(whole), cy: this.y(value) });
    return value;
  }
}
