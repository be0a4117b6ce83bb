// The explorer: what is chosen, what follows from it, and the parts that show it.

import { readAddress, writeAddress } from "./address.js";
import { choice, html, set } from "./dom.js";
import { Engine } from "./engine.js";
import { ErrorChart, errors } from "./error_chart.js";
import { GraphView, drawnEdges, likeliest } from "./graph_view.js";
import { edgesOf } from "./graph.js";
import { frameAt, unpack } from "./model.js";
import { OscillatorStage } from "./oscillator_stage.js";
import { ParticleStage } from "./particle_stage.js";
import { makeScene } from "./scene.js";
import { Transport } from "./transport.js";

const STAGES = { particles: ParticleStage, oscillators: OscillatorStage };
const GRAPHS = [
  ["true", "True graph"],
  ["encoder", "Encoder's"],
  ["refined", "Refined"],
  ["yours", "Yours"],
];
const NOTES = {
  true: "what acts on what",
  encoder: "one look at all frames",
  refined: "what the decoder's likelihood says of the frames so far",
  yours: "click an edge of any graph to change its type",
};

/** The explorer in `root`; `runs` are the payloads by name, read when they are needed. */
export class Explorer {
  constructor(root, runs, program) {
    this.root = root;
    this.runs = runs;
    this.engine = new Engine(program);
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const first = runs.names[0];
    const fresh = { run: first, mode: "test", sample: 0, seed: 1, frame: 0, graph: "refined", yours: null, start: null, revealed: false };
    this.linked = readAddress(location.hash, runs.names);
    this.choice = this.linked ?? fresh;
    addEventListener("hashchange", () => {
      const linked = readAddress(location.hash, runs.names);
      if (linked) this.open(linked);
    });
  }

  async start() {
    await this.open(this.choice);
    if (this.linked) this.root.scrollIntoView({ block: "start" });
    else if (this.still) this.transport.seek(this.run.frames + 20);
    else this.playWhenSeen();
  }

  playWhenSeen() {
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      watch.disconnect();
      if (!this.touched) this.transport.play();
    }, { threshold: 0.5 });
    watch.observe(this.stage.picture);
  }

  /** Shows what is chosen. */
  async open(chosen) {
    const changed = this.run === undefined || chosen.run !== this.choice.run;
    this.choice = { ...chosen, sample: Math.max(0, chosen.sample) };
    if (changed) {
      this.transport?.pause();
      this.run = this.runs.read(this.choice.run);
      this.choice.sample = Math.min(this.choice.sample, this.run.samples.edges.length - 1);
      this.build();
      await this.engine.ask("load", { run: this.run });
    }
    this.fill(true);
  }

  /** The parts for a run. */
  build() {
    const { run } = this;
    const { nodes, types, undirected } = run.model;
    this.known = new WeakMap();
    this.prior = null;
    this.stage = new STAGES[run.system.kind]({
      run,
      edit: (state) => this.edit(state),
      done: () => this.fill(false),
    });
    this.cards = new Map(GRAPHS.map(([key, title]) => {
      const view = new GraphView({ nodes, types, undirected, names: run.types, label: `${title}: edges`, flip: (edge) => this.flip(key, edge) });
      const button = html("button", { type: "button", onclick: () => this.choose({ graph: key }) }, title);
      const score = html("p", { class: "ex-score" });
      const element = html("div", { class: `ex-card ex-of-${key}` }, button, view.picture, score, html("p", { class: "ex-note" }, NOTES[key]));
      return [key, { view, button, score, element }];
    }));
    this.chart = new ErrorChart(GRAPHS);
    this.transport = new Transport(run, () => this.draw(), () => this.remember());
    this.error = html("p", { class: "ex-value" });
    this.top = html("div", { class: "ex-top" });
    this.actions = html("div", { class: "ex-actions" });
    this.status = html("p", { class: "ex-status", role: "status" });
    this.root.replaceChildren(
      this.top,
      html(
        "div",
        { class: "ex-main" },
        html(
          "div",
          { class: "ex-left" },
          this.stage.picture,
          this.transport.element,
          legend(run),
          html("div", { class: "ex-errors" }, html("h3", {}, "Error of the prediction"), this.error, this.chart.picture),
        ),
        html(
          "div",
          { class: "ex-right" },
          this.status,
          html("div", { class: "ex-cards" }, ...GRAPHS.map(([key]) => this.cards.get(key).element)),
          this.actions,
        ),
      ),
    );
  }

  buttons() {
    const { choice: chosen, run } = this;
    const throwing = chosen.mode === "throw";
    const samples = run.samples.edges.map((_, sample) => [sample, String(sample + 1)]);
    const fresh = { start: null, yours: null, revealed: false, frame: 0 };
    this.top.replaceChildren(
      choice("System", this.runs.titles, chosen.run, (name) => this.begin({ ...fresh, run: name, sample: 0 })),
      html(
        "div",
        { class: "ex-source" },
        html("span", { id: "ex-source" }, "Test simulation"),
        choice("Test simulation", samples, throwing ? null : chosen.sample, (sample) => this.begin({ ...fresh, mode: "test", sample })),
        html(
          "button",
          { type: "button", class: "ex-throw", "aria-pressed": String(throwing), onclick: () => this.throwAgain(fresh) },
          throwing ? "Throw again" : "Throw your own",
        ),
      ),
    );
    const button = (label, act) => html("button", { type: "button", onclick: act }, label);
    this.actions.replaceChildren(
      ...[
        throwing && !chosen.revealed ? button("Reveal the hidden graph", () => this.choose({ revealed: true })) : null,
        chosen.start ? button("Undo the new start", () => this.begin({ start: null })) : null,
        chosen.yours ? button("Discard yours", () => this.choose({ yours: null, graph: "refined" })) : null,
        button("Copy link", () => this.copyLink()),
      ].filter(Boolean),
    );
  }

  throwAgain(fresh) {
    this.begin({ ...fresh, mode: "throw", graph: "refined", seed: Math.floor(Math.random() * 1e6) });
  }

  /** Another choice, played from where it begins. */
  async begin(change) {
    await this.open({ ...this.choice, ...change });
    this.touched = true;
    this.remember();
    if (!this.still) this.transport.play();
    else this.transport.seek(this.run.frames + 20);
  }

  /** Another choice on the same scene. */
  choose(change) {
    this.touched = true;
    Object.assign(this.choice, change);
    this.buttons();
    this.predictAll();
    this.draw();
    this.remember();
  }

  /** Another start, while it is being dragged. */
  edit(state) {
    this.touched = true;
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
    set(this.root, { "aria-busy": "true" });
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
    set(this.root, { "aria-busy": "false" });
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
    while (this.wanted) {
      this.wanted = false;
      const { scene } = this;
      const predictions = new Map();
      for (const [key] of GRAPHS) {
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

  /** Draws the moment that the transport is at. */
  draw() {
    if (!this.scene) return;
    const { now } = this.transport;
    const { frames, start } = this.scene;
    const { graph } = this.choice;
    const editing = !this.transport.playing && now === start;
    this.stage.foresee(this.predictions.get(graph) ?? null);
    this.stage.draw(now, this.chances(graph, now), editing);
    const whole = Math.floor(now);
    if (this.drawn?.whole !== whole || this.drawn.scene !== this.scene || !this.transport.playing) this.drawGraphs(now);
    this.drawn = { whole, scene: this.scene };
    const error = this.chart.draw(now - frames, graph);
    this.error.textContent = error === undefined ? "begins after the frames seen" : `${error.toExponential(1)} after ${whole - frames} frames`;
  }

  drawGraphs(now) {
    const truth = this.hidden ? null : this.scene.types;
    for (const [key, { view, button, score, element }] of this.cards) {
      const chances = this.chances(key, now);
      if (chances) view.show(chances, key === "true" ? null : truth);
      else view.clear();
      set(button, { "aria-pressed": String(this.choice.graph === key) });
      element.classList.toggle("ex-waiting", !chances);
      score.textContent = this.score(key, chances, truth);
    }
    this.status.textContent = this.sentence(now);
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
    const name = { true: "true graph", encoder: "encoder's graph", refined: "refined graph", yours: "graph that is yours" }[this.choice.graph];
    return `Predicted from the ${name}. Click an edge to give it another type.`;
  }

  /** Keeps what is seen in the address. */
  remember() {
    this.choice.frame = this.transport.now;
    if (this.touched) history.replaceState(null, "", writeAddress(this.choice));
  }

  async copyLink() {
    this.touched = true;
    this.transport.pause();
    this.remember();
    try {
      await navigator.clipboard.writeText(location.href);
      this.status.textContent = "The link is copied.";
    } catch {
      this.status.textContent = "The link is in the address of this page.";
    }
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

function legend(run) {
  const item = (kind, text) => html("li", {}, html("span", { class: `ex-key ${kind}`, "aria-hidden": "true" }), text);
  const turns = run.system.kind === "oscillators";
  const types = run.types.map((name, type) => item(name === "none" ? "ex-key-none" : `ex-key-t${type % 4}`, name === "none" ? "no edge" : name));
  const motion = turns
    ? [item("ex-key-broad", "true hand"), item("ex-key-dashed", "predicted hand")]
    : [item("ex-key-thin", "seen"), item("ex-key-broad", "true future"), item("ex-key-dashed", "predicted")];
  return html("ul", { class: "ex-legend" }, ...motion, ...types);
}
