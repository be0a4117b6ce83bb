// Objects in a plane: what was seen (thin), how it went on (broad), what is predicted (dashed).

import { set, svg } from "./dom.js";

export const HALF = 50; // of the side of the picture

/**
 * The paths of objects. Whoever extends it makes the `ball` of each object, says with `fit` what is in
 * view, the middle `centre` and the `scale`, and draws edges between `here`, where the balls are.
 */
export class PlaneStage {
  /** colours: a class for each object; width: numbers in a row of the motion, of which x and y are first. */
  constructor({ colours, width, label }) {
    this.nodes = colours.length;
    this.width = width;
    this.items = colours.map((colour, i) => this.makeItem(colour, i));
    this.behind = svg("g");
    this.edges = svg("g");
    this.picture = svg(
      "svg",
      { viewBox: `${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`, class: "ex-stage", role: "group", "aria-label": label },
      this.behind,
      this.edges,
      ...this.items.flatMap(({ broad, thin, dashed, miss }) => [broad, thin, dashed, miss]),
      ...this.items.map(({ ring }) => ring),
      ...this.items.map(({ ball }) => ball),
    );
  }

  makeItem(colour, i) {
    const path = (kind) => svg("path", { class: `${kind} ${colour}` });
    return {
      ball: this.makeBall(colour, i),
      ring: svg("circle", { r: 2.9, class: `ex-ring ${colour}` }),
      broad: path("ex-broad"),
      thin: path("ex-thin"),
      dashed: path("ex-dashed"),
      miss: svg("line", { class: "ex-miss" }),
    };
  }

  /** Takes a scene; `keep` leaves the view as it is, so that nothing jumps under a pointer. */
  show(scene, keep = false) {
    this.scene = scene;
    if (!keep) this.fit();
    this.points = this.items.map((_, i) => Array.from({ length: scene.total }, (_, t) => this.place(scene.motion, i * scene.total + t)));
    this.prediction = this.predicted = null;
  }

  screen(x, y) {
    return [(x - this.centre[0]) * this.scale, (this.centre[1] - y) * this.scale];
  }

  place(rows, row) {
    return this.screen(rows[this.width * row], rows[this.width * row + 1]);
  }

  /** Takes the predicted frames (steps, N, D), or null. */
  foresee(prediction) {
    if (prediction === this.prediction) return;
    this.prediction = prediction;
    this.predicted = prediction && this.items.map((_, i) => {
      const first = this.points[i][this.scene.frames];
      const steps = prediction.length / this.width / this.nodes;
      return [first, ...Array.from({ length: steps }, (_, t) => this.place(prediction, t * this.nodes + i))];
    });
  }

  /** Draws the moment `now` (frames). */
  drawPaths(now) {
    const { frames } = this.scene;
    const later = Math.max(0, now - frames);
    const seen = Math.min(now, frames);
    this.here = this.items.map((item, i) => {
      const truth = between(this.points[i], now);
      const guess = later && this.predicted ? between(this.predicted[i], later) : truth;
      set(item.ball, { transform: `translate(${guess[0].toFixed(2)} ${guess[1].toFixed(2)})` });
      set(item.ring, { cx: truth[0].toFixed(2), cy: truth[1].toFixed(2), visibility: later ? "visible" : "hidden" });
      set(item.miss, { x1: truth[0], y1: truth[1], x2: guess[0], y2: guess[1], visibility: later ? "visible" : "hidden" });
      if (seen < frames || item.seen !== this.points[i]) set(item.thin, { d: trail(this.points[i], 0, seen) });
      item.seen = seen === frames ? this.points[i] : null;
      set(item.broad, { d: later ? trail(this.points[i], frames, now) : "" });
      set(item.dashed, { d: later && this.predicted ? trail(this.predicted[i], 0, later) : "" });
      return guess;
    });
  }
}

/** The point at a moment between two frames. */
export function between(points, now) {
  const t = Math.min(Math.floor(now), points.length - 1);
  const next = points[Math.min(t + 1, points.length - 1)];
  const part = now - t;
  return points[t].map((value, d) => value + part * (next[d] - value));
}

/** A line through the frames from `first` to a moment. */
function trail(points, first, now) {
  const whole = points.slice(first, Math.floor(now) + 1);
  whole.push(between(points, now));
  return `M${whole.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}
