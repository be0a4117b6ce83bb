// A body that walks: the true one broad, the predicted one thin, and the edges between its joints.

import { Arrows } from "./arrows.js";
import { set, svg } from "./dom.js";
import { between } from "./plane_stage.js";

const TILT = 0.16; // radians that the picture looks down
const FLOOR = 0.5; // metres between the marks on the floor
const REACH = 1.5; // metres around the body that have marks
const ROOM = 84; // of the picture's height, for the body
const SOLE = 42; // where it stands

/** The picture of a body; `pick(joint)` is called for a click on a joint, `turn(degrees)` for a drag. */
export class SkeletonStage {
  constructor({ run, pick, turn }) {
    const { names, bones } = run.system;
    this.bones = bones;
    this.nodes = names.length;
    this.floor = svg("path", { class: "ex-floor" });
    this.truth = svg("path", { class: "ex-bones ex-true-bones" });
    this.guess = svg("path", { class: "ex-bones ex-guessed-bones" });
    this.arrows = new Arrows(this.nodes, run.types);
    this.joints = names.map((name, i) => svg("circle", { r: 1, class: "ex-joint", onclick: () => pick(i) }, svg("title", {}, name)));
    this.picture = svg(
      "svg",
      { viewBox: "-50 -50 100 100", class: "ex-stage ex-turned", role: "group", "aria-label": "The walking body" },
      this.floor,
      this.truth,
      this.guess,
      this.arrows.element,
      svg("g", { "aria-hidden": "true" }, ...this.joints),
    );
    this.picture.addEventListener("pointerdown", (event) => this.grab(event, turn));
  }

  /** Dragging to the side walks around the body. */
  grab(event, turn) {
    const [from, start] = [event.clientX, this.degrees];
    const move = (moved) => {
      if (Math.abs(moved.clientX - from) > 3) turn((((start + (moved.clientX - from) / 2) % 360) + 360) % 360);
    };
    const end = () => removeEventListener("pointermove", move);
    addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end, { once: true });
  }

  /** Takes a scene of motion (N, T, 3) in metres: x to the left of the body, y up, z ahead. */
  show({ motion, total, frames }) {
    this.frames = frames;
    this.points = Array.from({ length: this.nodes }, (_, i) => rows(motion.subarray(3 * i * total, 3 * (i + 1) * total)));
    const heights = this.points.flat().map((point) => point[1]);
    this.low = Math.min(...heights);
    this.scale = ROOM / (Math.max(...heights) - this.low);
    this.prediction = this.predicted = null;
  }

  /** Takes the predicted frames (steps, N, 3), or null. */
  foresee(prediction) {
    if (prediction === this.prediction) return;
    this.prediction = prediction;
    const frames = prediction && rows(prediction);
    this.predicted = prediction && this.points.map((track, i) => [track[this.frames], ...frames.filter((_, at) => at % this.nodes === i)]);
  }

  /** Draws the moment `now` from a direction in degrees; `drawn`: edges of each type. */
  draw(now, drawn, degrees) {
    this.degrees = degrees;
    const later = Math.max(0, now - this.frames);
    const truth = this.points.map((track) => between(track, now));
    const guess = later && this.predicted ? this.predicted.map((track) => between(track, later)) : null;
    const look = this.camera(truth[0], degrees);
    const [there, here] = [truth.map(look), (guess ?? truth).map(look)];
    set(this.floor, { d: floor(truth[0], this.low).map((point) => `M${text(look(point))}h0`).join("") });
    set(this.truth, { d: this.skeleton(there) });
    set(this.guess, { d: guess ? this.skeleton(here) : "" });
    this.joints.forEach((joint, i) => set(joint, { cx: here[i][0].toFixed(2), cy: here[i][1].toFixed(2) }));
    this.arrows.draw(drawn, here);
  }

  skeleton(places) {
    return this.bones.map(([a, b]) => `M${text(places[a])}L${text(places[b])}`).join("");
  }

  /** From metres to the picture, the root of the true body in its middle. */
  camera(root, degrees) {
    const angle = (degrees * Math.PI) / 180;
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    return ([x, y, z]) => {
      const across = cos * (z - root[2]) + sin * (x - root[0]);
      const nearer = sin * (z - root[2]) - cos * (x - root[0]);
      const up = Math.cos(TILT) * (y - this.low) - Math.sin(TILT) * nearer;
      return [this.scale * across, SOLE - this.scale * up];
    };
  }
}

/** Marks on the floor of the room, around the body. */
function floor(root, height) {
  const marks = [];
  const first = (middle) => Math.ceil((middle - REACH) / FLOOR) * FLOOR;
  for (let x = first(root[0]); x <= root[0] + REACH; x += FLOOR) {
    for (let z = first(root[2]); z <= root[2] + REACH; z += FLOOR) {
      if (Math.hypot(x - root[0], z - root[2]) < REACH) marks.push([x, height, z]);
    }
  }
  return marks;
}

function rows(values) {
  return Array.from({ length: values.length / 3 }, (_, at) => Array.from(values.subarray(3 * at, 3 * at + 3)));
}

function text([x, y]) {
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}
