// Oscillators as dials with a turning hand: the true one is broad, the predicted one thin.

import { pointIn, set, svg } from "./dom.js";
import { circle, drawnEdges } from "./graph_view.js";
import { drawLines } from "./particle_stage.js";
import { followPhase } from "./scene.js";

const TURN = Math.PI / 16; // for an arrow key

/** The picture of a system of oscillators; `edit(state)` is called with other phases. */
export class OscillatorStage {
  constructor({ run, edit, done }) {
    this.run = run;
    this.names = run.types;
    this.nodes = run.model.nodes;
    this.edit = edit;
    this.done = done;
    this.radius = this.nodes > 6 ? 8.4 : 12;
    this.places = circle(this.nodes, 47 - this.radius);
    this.lines = drawnEdges(this.nodes, true).map((edge) => ({ edge, line: svg("path") }));
    this.dials = this.places.map(([x, y], i) => this.makeDial(x, y, i));
    this.picture = svg(
      "svg",
      { viewBox: "-50 -50 100 100", class: "ex-stage", role: "group", "aria-label": "The oscillators" },
      ...this.lines.map(({ line }) => line),
      ...this.dials.map(({ dial }) => dial),
    );
  }

  makeDial(x, y, i) {
    const truth = svg("line", { class: "ex-hand ex-true" });
    const guess = svg("line", { class: "ex-hand ex-guess" });
    const tip = svg("circle", { r: this.radius / 5, class: "ex-tip" });
    const wedge = svg("path", { class: "ex-wedge" });
    const label = svg("text", { y: 1.4 }, String(i + 1));
    const dial = svg(
      "g",
      {
        class: `ex-dial ex-p${i % 10}`,
        transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
        tabindex: i ? -1 : 0,
        role: "button",
        "aria-label": `Oscillator ${i + 1}: left and right arrow keys turn its hand`,
      },
      svg("circle", { r: this.radius, class: "ex-face" }),
      wedge,
      truth,
      guess,
      tip,
      svg("circle", { r: 2.7, class: "ex-hub" }),
      label,
    );
    dial.addEventListener("keydown", (event) => this.press(event, i));
    dial.addEventListener("pointerdown", (event) => this.grab(event, dial, i));
    return { dial, truth, guess, tip, wedge };
  }

  grab(event, dial, i) {
    event.preventDefault();
    dial.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const { x, y } = pointIn(this.picture, moved);
      this.turnTo(i, Math.atan2(this.places[i][1] - y, x - this.places[i][0]));
    };
    dial.addEventListener("pointermove", move);
    dial.addEventListener("lostpointercapture", () => {
      dial.removeEventListener("pointermove", move);
      this.done();
    }, { once: true });
  }

  turnTo(i, phase) {
    const state = Float64Array.from(this.scene.state);
    state[2 * i] = phase;
    this.edit(state);
  }

  press(event, i) {
    if (event.key === "n" || event.key === "p") {
      const next = (i + (event.key === "n" ? 1 : this.nodes - 1)) % this.nodes;
      this.dials.forEach(({ dial }, at) => set(dial, { tabindex: at === next ? 0 : -1 }));
      this.dials[next].dial.focus();
    }
    const turn = { ArrowLeft: TURN, ArrowRight: -TURN }[event.key];
    if (!turn) return;
    event.preventDefault();
    this.turnTo(i, this.scene.state[2 * i] + turn);
    this.done();
  }

  /** Takes a scene. */
  show(scene) {
    this.scene = scene;
    this.prediction = this.predicted = null;
  }

  /** Takes the predicted frames (steps, N, 3), or null: the model tells sines, the hand goes on turning. */
  foresee(prediction) {
    if (prediction === this.prediction) return;
    this.prediction = prediction;
    const { motion, phases, frames, total } = this.scene;
    this.predicted = prediction && this.dials.map((_, i) => {
      const steps = prediction.length / 3 / this.nodes;
      const rows = new Float64Array(3 * (steps + 1));
      rows.set(motion.subarray(3 * (i * total + frames), 3 * (i * total + frames + 1)));
      for (let t = 0; t < steps; t++) {
        rows.set(prediction.subarray(3 * (t * this.nodes + i), 3 * (t * this.nodes + i + 1)), 3 * (t + 1));
      }
      return followPhase(rows, phases[i * total + frames], this.run.frame_interval).phases;
    });
  }

  /** Draws the moment `now` (frames); chances (E, K): of the graph that is drawn between dials. */
  draw(now, chances) {
    const { phases, frames, total } = this.scene;
    const later = Math.max(0, now - frames);
    this.dials.forEach(({ truth, guess, tip, wedge }, i) => {
      const angle = turned(phases.subarray(i * total, (i + 1) * total), now);
      const other = later && this.predicted ? turned(this.predicted[i], later) : angle;
      const end = (phase, length) => [length * this.radius * Math.cos(phase), -length * this.radius * Math.sin(phase)];
      const [x, y] = end(other, 0.86);
      const [u, v] = end(angle, 1);
      set(truth, { x2: u.toFixed(2), y2: v.toFixed(2) });
      set(guess, { x2: x.toFixed(2), y2: y.toFixed(2) });
      set(tip, { cx: x.toFixed(2), cy: y.toFixed(2) });
      set(wedge, { d: later ? sector(end(angle, 0.98), end(other, 0.98), this.radius, other - angle) : "" });
    });
    drawLines(this, chances, this.places);
  }
}

/** The sector between two hands, the short way round. */
function sector([x, y], [u, v], radius, apart) {
  const short = Math.atan2(Math.sin(apart), Math.cos(apart));
  const r = (0.98 * radius).toFixed(2);
  return `M0 0L${x.toFixed(2)} ${y.toFixed(2)}A${r} ${r} 0 0 ${short > 0 ? 0 : 1} ${u.toFixed(2)} ${v.toFixed(2)}Z`;
}

/** The phase at a moment between two frames. */
function turned(phases, now) {
  const t = Math.min(Math.floor(now), phases.length - 1);
  const next = phases[Math.min(t + 1, phases.length - 1)];
  return phases[t] + (now - t) * (next - phases[t]);
}
