// Particles in their box, which can be dragged to another start.

import { pointIn, set, svg } from "./dom.js";
import { drawnEdges, edgeClass, likeliest } from "./graph_view.js";
import { edgesOf } from "./graph.js";
import { HALF, PlaneStage } from "./plane_stage.js";

const ARROW = 0.8; // seconds that the arrow of a velocity looks ahead
const NUDGE = 0.05; // of half the view, for an arrow key

/** The picture of a system of particles; `edit(state)` is called with another start. */
export class ParticleStage extends PlaneStage {
  constructor({ run, edit, done }) {
    const colours = Array.from({ length: run.model.nodes }, (_, i) => `ex-p${i % 10}`);
    super({ colours, width: 4, label: "The particles" });
    this.run = run;
    this.names = run.types;
    this.edit = edit;
    this.done = done;
    this.lines = drawnEdges(this.nodes, true).map((edge) => ({ edge, line: svg("path") }));
    this.edges.append(...this.lines.map(({ line }) => line));
    this.wall = svg("rect", { class: "ex-wall" });
    this.behind.append(this.wall);
    this.arrows = colours.map((colour, i) => this.makeArrow(colour, i));
    this.items[0].ball.before(...this.arrows);
  }

  makeBall(colour, i) {
    const ball = svg(
      "g",
      { class: `ex-ball ${colour}`, tabindex: i ? -1 : 0, role: "button", "aria-label": `Particle ${i + 1}: arrow keys move it, with Shift they turn its velocity` },
      svg("circle", { r: 3.1 }),
      svg("text", { y: 1.5 }, String(i + 1)),
    );
    this.grab(ball, (state, x, y) => state.set([x, y], 4 * i));
    ball.addEventListener("keydown", (event) => this.press(event, i));
    return ball;
  }

  makeArrow(colour, i) {
    const arrow = svg("g", { class: `ex-arrow ${colour}` }, svg("line"), svg("circle", { r: 1.7 }));
    this.grab(arrow.lastChild, (state, x, y) => {
      state.set([(x - state[4 * i]) / ARROW, (y - state[4 * i + 1]) / ARROW], 4 * i + 2);
    });
    return arrow;
  }

  /** Dragging gives the scene another start. */
  grab(handle, change) {
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      const state = Float64Array.from(this.scene.state);
      const move = (moved) => {
        const { x, y } = pointIn(this.picture, moved);
        const limit = this.run.system.box;
        const inside = (value) => Math.max(-limit, Math.min(limit, value));
        change(state, inside(x / this.scale + this.centre[0]), inside(this.centre[1] - y / this.scale));
        this.edit(Float64Array.from(state));
      };
      const end = () => {
        handle.removeEventListener("pointermove", move);
        this.done();
      };
      handle.addEventListener("pointermove", move);
      handle.addEventListener("lostpointercapture", end, { once: true });
    });
  }

  press(event, i) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
    if (event.key === "n" || event.key === "p") this.focusOn((i + (event.key === "n" ? 1 : this.nodes - 1)) % this.nodes);
    if (dx === undefined) return;
    event.preventDefault();
    const state = Float64Array.from(this.scene.state);
    const at = 4 * i + (event.shiftKey ? 2 : 0);
    const size = (NUDGE * HALF) / this.scale;
    state[at] += dx * size;
    state[at + 1] += dy * size;
    this.edit(state);
    this.done();
  }

  focusOn(i) {
    this.items.forEach(({ ball }, at) => set(ball, { tabindex: at === i ? 0 : -1 }));
    this.items[i].ball.focus();
  }

  /** The middle and the scale at which all of the motion is seen. */
  fit() {
    const { motion } = this.scene;
    const box = [Infinity, -Infinity, Infinity, -Infinity];
    for (let at = 0; at < motion.length; at += 4) {
      box[0] = Math.min(box[0], motion[at]);
      box[1] = Math.max(box[1], motion[at]);
      box[2] = Math.min(box[2], motion[at + 1]);
      box[3] = Math.max(box[3], motion[at + 1]);
    }
    const size = Math.max(box[1] - box[0], box[3] - box[2], 2);
    this.centre = [(box[0] + box[1]) / 2, (box[2] + box[3]) / 2];
    this.scale = (2 * HALF - 14) / size;
    const [x, y] = this.screen(-this.run.system.box, this.run.system.box);
    const side = 2 * this.run.system.box * this.scale;
    set(this.wall, { x, y, width: side, height: side });
  }

  /** Draws the moment `now` (frames); chances (E, K): of the graph that is drawn between particles. */
  draw(now, chances, editing) {
    this.drawPaths(now);
    this.arrows.forEach((arrow, i) => {
      set(arrow, { visibility: editing ? "visible" : "hidden" });
      if (editing) this.drawArrow(arrow, i);
    });
    drawLines(this, chances, this.here);
  }

  drawArrow(arrow, i) {
    const { state } = this.scene;
    const [x, y] = this.screen(state[4 * i], state[4 * i + 1]);
    const [u, v] = this.screen(state[4 * i] + ARROW * state[4 * i + 2], state[4 * i + 1] + ARROW * state[4 * i + 3]);
    set(arrow.firstChild, { x1: x, y1: y, x2: u, y2: v });
    set(arrow.lastChild, { cx: u, cy: v });
  }
}

/** Lines of the most probable types between places, as strong as they are sure. */
export function drawLines(stage, chances, places) {
  const { count, senders, receivers, reverse } = edgesOf(stage.nodes);
  const types = stage.names.length;
  const best = chances && likeliest(chances, types);
  for (const { edge, line } of stage.lines) {
    // Of a directed graph the stage shows the surer direction; both are in the cards.
    const other = reverse[edge];
    const one = !chances || chances[edge * types + best[edge]] >= chances[other * types + best[other]] ? edge : other;
    if (!chances || edge >= count || stage.names[best[one]] === "none") {
      set(line, { d: "" });
      continue;
    }
    const sure = (chances[one * types + best[one]] - 1 / types) / (1 - 1 / types);
    const [a, b] = [places[senders[edge]], places[receivers[edge]]];
    set(line, {
      d: `M${a[0].toFixed(2)} ${a[1].toFixed(2)}L${b[0].toFixed(2)} ${b[1].toFixed(2)}`,
      class: `${edgeClass(stage.names, best[one])} ex-link`,
      opacity: (0.45 * sure).toFixed(3),
    });
  }
}
