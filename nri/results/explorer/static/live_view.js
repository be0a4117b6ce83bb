// A run on a simulated system: its model runs in the page, and what it says can be tried out.

import { html } from "./dom.js";
import { errors } from "./error_chart.js";
import { GraphView, drawnEdges, likeliest } from "./graph_view.js";
import { edgesOf } from "./graph.js";
import { frameAt, unpack } from "./model.js";
import { OscillatorStage } from "./oscillator_stage.js";
import { ParticleStage } from "./particle_stage.js";
import { makeScene } from "./scene.js";
import { View } from "./view.js";

const STAGES = { particles: ParticleStage, oscillators: OscillatorStage };
const GRAPHS = [
  ["true", "True graph", "what acts on what"],
  ["encoder", "Encoder's", "one look at all frames"],
  ["refined", "Refined", "what the decoder's likelihood says of the frames so far"],
  ["yours", "Yours", "click an edge of any graph to change its type"],
];

/** The model of a run and all that is asked of it. */
export class LiveView extends View {
  constructor(explorer, run) {
    super(explorer, run, { graphs: GRAPHS, samples: run.samples.edges.length, total: run.samples.motion.shape[2], usual: "refined" });
    this.engine = explorer.engine;
    this.known = new WeakMap();
    this.prior = null;
    this.engine.ask("load", { run });
  }

  leave() {
    super.leave();
    this.scene = null; // what is being computed of it is of no use any more
  }

  makeStage() {
    const { run } = this;
    return new STAGES[run.system.kind]({ run, edit: (state) => this.edit(state), done: () => this.fill(false) });
  }

  graphPicture(key, title) {
    const { run } = this;
    const { nodes, types, undirected } = run.model;
    return new GraphView({ nodes, types, undirected, names: run.types, label: `${title}: edges`, flip: (edge) => this.flip(key, edge) });
  }

  legend() {
    if (this.run.system.kind !== "oscillators") return super.legend();
    return [["ex-key-broad", "true hand"], ["ex-key-dashed", "predicted hand"]];
  }

  sampleWord() {
    return "Test simulation";
  }

  sources() {
    const throwing = this.choice.mode === "throw";
    const fresh = this.fresh();
    return [
      html(
        "button",
        { type: "button", class: "ex-throw", "aria-pressed": String(throwing), onclick: () => this.throwAgain(fresh) },
        throwing ? "Throw again" : "Throw your own",
      ),
    ];
  }

  tools() {
    const { choice: chosen } = this;
    const button = (label, act) => html("button", { type: "button", onclick: act }, label);
    return [
      chosen.mode === "throw" && !chosen.revealed ? button("Reveal the hidden graph", () => this.choose({ revealed: true })) : null,
      chosen.start ? button("Undo the new start", () => this.begin({ start: null })) : null,
      chosen.yours ? button("Discard yours", () => this.choose({ yours: null, graph: "refined" })) : null,
    ];
  }

  throwAgain(fresh) {
    this.begin({ ...fresh, mode: "throw", graph: "refined", seed: Math.floor(Math.random() * 1e6) });
  }

  /** Another start, while it is being dragged. */
  edit(state) {
    this.explorer.touched = true;
    this.transport.pause();
    this.choice.start = state;
    this.scene = makeScene(this.run, this.choice);
    this.transport.seek(this.scene.start, true);
    this.stage.show(this.scene, true);
    this.predictAll();
    this.draw();
  }

  /** The scene of the choice; `fit` brings all of it into view. */
  async fill(fit) {
    this.explorer.busy(true);
    this.scene = makeScene(this.run, this.choice);
    const { frames, nodes, total } = this.scene;
    this.stage.show(this.scene, !fit);
    if (fit) this.transport.seek(this.choice.frame, true);
    else this.remember();
    this.buttons();
    this.found = { refined: [], encoder: null };
    this.predictions = new Map();
    this.chart.show(new Map());
    this.draw();
    const x = firstFrames(this.scene.motion, nodes, total, frames);
    const scene = this.scene;
    const current = () => scene === this.scene;
    const encoder = this.engine.ask("infer", { x, frames }).then((found) => {
      if (!current()) return;
      this.found.encoder = found ? this.inOrder(found) : this.storedEncoder();
      this.predictAll();
    });
    const refined = this.engine.ask("refine", { x, frames }, (chances) => {
      if (!current()) return;
      this.found.refined.push(this.inOrder(chances));
      if (this.found.refined.length % 8 === 0) this.predictAll(); // nobody has to wait for the last frame
      if (!this.transport.playing) this.draw();
    });
    await Promise.all([encoder, refined]);
    if (!current()) return;
    await this.predictAll();
    if (current()) this.explorer.busy(false);
  }

  /** What the encoder said of a test simulation, where its weights are not here; null of a throw. */
  storedEncoder() {
    if (this.choice.mode === "throw") return null;
    const { shape, data } = (this.run.samples.said ??= unpack(this.run.samples.encoder));
    const size = data.length / shape[0];
    return data.subarray(this.choice.sample * size, (this.choice.sample + 1) * size);
  }

  /** Probabilities (E, K) in the order of the true types. */
  inOrder(chances) {
    const { order } = this.run;
    const types = order.length;
    return chances.map((_, at) => chances[at - (at % types) + order[at % types]]);
  }

  /** A graph as probabilities (E, K), at a moment; null where it is not known, or not yet. */
  chances(key, now = Infinity) {
    if (key === "true") return this.hidden ? null : this.certain(this.scene.types);
    if (key === "yours") return this.choice.yours && this.certain(this.choice.yours);
    if (key === "encoder") return now < this.scene.frames - 1 ? null : this.found.encoder;
    const transitions = Math.min(Math.floor(now), this.scene.frames - 1, this.found.refined.length);
    return transitions ? this.found.refined[transitions - 1] : this.unknown();
  }

  /** Types (E) as probabilities (E, K), the same array for the same graph. */
  certain(graph) {
    const { types } = this.run.model;
    if (!this.known.has(graph)) {
      const chances = new Float64Array(graph.length * types);
      graph.forEach((type, edge) => (chances[edge * types + type] = 1));
      this.known.set(graph, chances);
    }
    return this.known.get(graph);
  }

  /** The prior, of which nothing has been seen yet. */
  unknown() {
    const { prior, types, nodes } = this.run.model;
    this.prior ??= this.inOrder(Float64Array.from({ length: edgesOf(nodes).count * types }, (_, at) => prior[at % types]));
    return this.prior;
  }

  get hidden() {
    return this.choice.mode === "throw" && !this.choice.revealed;
  }

  /** Gives an edge of a graph its next type, in a copy that is "yours". */
  flip(key, edge) {
    const { nodes, types, undirected } = this.run.model;
    const shown = this.chances(key, key === "refined" ? this.transport.now : Infinity) ?? this.unknown();
    const yours = likeliest(shown, types);
    yours[edge] = (yours[edge] + 1) % types;
    if (undirected) yours[edgesOf(nodes).reverse[edge]] = yours[edge];
    const { frames } = this.scene;
    if (this.transport.now < frames + 1) this.transport.seek(Math.min(frames + 20, this.scene.total - 1), true);
    this.choose({ yours, graph: "yours" });
  }

  /** Asks for the motion under every graph; what is asked meanwhile is asked once more at the end. */
  predictAll() {
    this.wanted = true;
    this.predicting ??= this.predictWanted().finally(() => (this.predicting = null));
    return this.predicting;
  }

  async predictWanted() {
    while (this.wanted && this.scene) {
      this.wanted = false;
      const { scene } = this;
      const predictions = new Map();
      for (const [key] of GRAPHS) {
        if (scene !== this.scene) break; // another one, or none any more
        const chances = key === "refined" && !this.found.refined.length ? null : this.chances(key);
        if (chances) predictions.set(key, await this.predict(scene, chances));
      }
      if (scene !== this.scene) continue;
      this.predictions = predictions;
      this.chart.show(new Map([...predictions].map(([key, motion]) => [key, errors(this.run, scene, motion)])));
      this.draw();
    }
  }

  /** The motion (steps, N, D) after the frames seen, under the most probable types. */
  predict({ motion, before, nodes, frames, total }, chances) {
    const { order, model } = this.run;
    const best = likeliest(chances, model.types);
    const graph = new Float64Array(best.length * model.types);
    best.forEach((type, edge) => (graph[edge * model.types + order[type]] = 1));
    return this.engine.ask("predict", {
      frame: frameAt(motion, nodes, total, frames),
      before,
      graph,
      steps: total - frames - 1,
    });
  }

  choose(change) {
    super.choose(change);
    this.predictAll();
  }

  /** Draws the moment that the transport is at. */
  drawStage(now) {
    const { start } = this.scene;
    const { graph } = this.choice;
    this.stage.foresee(this.predictions.get(graph) ?? null);
    this.stage.draw(now, this.chances(graph, now), !this.transport.playing && now === start);
  }

  drawCard(key, { view, element }, now) {
    const truth = this.hidden ? null : this.scene.types;
    const chances = this.chances(key, now);
    if (chances) view.show(chances, key === "true" ? null : truth);
    else view.clear();
    element.classList.toggle("ex-waiting", !chances);
    return this.score(key, chances, truth);
  }

  score(key, chances, truth) {
    const here = "graph.encoder.fc_out.bias" in this.run.weights || this.choice.mode === "test";
    const encoder = here ? `needs ${this.scene.frames} frames` : "of test simulations only";
    if (!chances) return { true: "hidden", yours: "none yet", encoder }[key];
    if (key === "true" || !truth) return "";
    const { nodes, types, undirected } = this.run.model;
    const edges = drawnEdges(nodes, undirected);
    const best = likeliest(chances, types);
    const right = edges.filter((edge) => best[edge] === truth[edge]).length;
    return `${right} of ${edges.length} right`;
  }

  sentence(now) {
    const { frames } = this.scene;
    if (now === this.scene.start && !this.transport.playing) return "Drag what moves to give it another start, or press play.";
    if (now < frames - 1) return `${Math.floor(now) + 1} of ${frames} frames seen: what acts on what?`;
    if (now <= frames) return "All frames seen. From here on the model predicts.";
    const name = { true: "the true graph", encoder: "the encoder's graph", refined: "the refined graph", yours: "your graph" }[this.choice.graph];
    return `Predicted from ${name}. Click an edge to give it another type.`;
  }
}

/** The first frames of motion (N, T, D). */
function firstFrames(motion, nodes, total, frames) {
  const width = motion.length / nodes / total;
  const first = new Float64Array(nodes * frames * width);
  for (let i = 0; i < nodes; i++) {
    first.set(motion.subarray(i * total * width, (i * total + frames) * width), i * frames * width);
  }
  return first;
}
