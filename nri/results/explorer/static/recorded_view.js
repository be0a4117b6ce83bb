// A run on recordings: what its model said of them beforehand, played and looked into.

import { choice, html, set } from "./dom.js";
import { CourtStage, marks } from "./court_stage.js";
import { edgesOf } from "./graph.js";
import { percent } from "./graph_view.js";
import { MatrixView } from "./matrix_view.js";
import { unpack } from "./model.js";
import { SkeletonStage } from "./skeleton_stage.js";
import { View } from "./view.js";

const STAGES = { skeleton: SkeletonStage, court: CourtStage };
const GRAPHS = [
  ["encoder", "Encoder's", "one look at the frames seen"],
  ["moving", "Re-estimated", "the encoder's before each step, of the latest frames, predicted ones too"],
  ["refined", "Refined", "what the decoder's likelihood says of the frames seen"],
];
const NAMES = { encoder: "encoder's graph", moving: "re-estimated graph", refined: "refined graph" };

/** Predictions of a run that the page holds, and its graphs by type, threshold and object. */
export class RecordedView extends View {
  constructor(explorer, run) {
    const graphs = GRAPHS.filter(([key]) => key in run.samples.graphs);
    const { shape } = run.samples.motion;
    const usual = "moving" in run.samples.graphs ? "moving" : "encoder";
    super(explorer, run, { graphs, samples: shape[0] / run.model.nodes, total: shape[1], usual });
    this.motion = unpack(run.samples.motion).data;
    this.said = new Map(graphs.map(([key]) => [key, unpackGraphs(run.samples.graphs[key])]));
    this.lists = new Map();
  }

  makeStage() {
    const { run } = this;
    const pick = (object) => this.choose({ only: this.choice.only === object ? null : object });
    return new STAGES[run.system.kind]({ run, pick, turn: (degrees) => this.choose({ turn: Math.round(degrees) }) });
  }

  graphPicture(_, title) {
    return new MatrixView({ nodes: this.run.model.nodes, names: this.run.types, label: title });
  }

  legend() {
    const { kind, names, teams } = this.run.system;
    if (kind === "skeleton") return [["ex-key-broad", "true body"], ["ex-key-body", "predicted body"]];
    const number = marks(teams);
    return [...super.legend(), ...names.map((name, i) => [`ex-key-dot ex-of-${teams[i]}`, number[i] ? `${number[i]} ${name}` : name])];
  }

  sampleWord() {
    return "Test recording";
  }

  /** Which edges are drawn. */
  filters() {
    const { names, kind } = this.run.system;
    this.types = html("span");
    this.over = slider("Least probability of an edge, percent", { min: 0, max: 99 }, (over) => this.choose({ over }));
    this.overText = html("output");
    this.only = html(
      "select",
      { "aria-label": "Edges of", onchange: () => this.choose({ only: this.only.value === "" ? null : Number(this.only.value) }) },
      html("option", { value: "" }, "all objects"),
      ...names.map((name, i) => html("option", { value: i }, name)),
    );
    this.turn = slider("Direction of the look, degrees", { min: 0, max: 359 }, (turn) => this.choose({ turn }));
    this.text = html("ul");
    this.list = html("details", { class: "ex-list", ontoggle: () => this.draw() }, html("summary", {}, "The edges as text"), this.text);
    const field = (word, ...what) => html("label", {}, html("span", {}, word), ...what);
    return [
      html(
        "div",
        { class: "ex-filters" },
        html("div", {}, html("span", {}, "Edges"), this.types),
        field("more likely than", this.over, this.overText),
        field("of", this.only),
        kind === "skeleton" ? field("seen from", this.turn) : null,
      ),
    ];
  }

  tools() {
    return [html("p", { class: "ex-note ex-wide" }, "In the tables senders are across, receivers down."), this.list];
  }

  buttons() {
    super.buttons();
    const { hidden, over, only, turn } = this.choice;
    const shown = (type) => !hidden.includes(type);
    const flip = (type) => this.choose({ hidden: shown(type) ? [...hidden, type] : hidden.filter((other) => other !== type) });
    const types = this.run.types.map((name, type) => [type, name]).filter(([, name]) => name !== "none");
    const group = choice("Types of edges", types, null, flip);
    [...group.children].forEach((button, at) => set(button, { "aria-pressed": String(shown(types[at][0])) }));
    const focused = [...(this.types.firstChild?.children ?? [])].indexOf(document.activeElement);
    this.types.replaceChildren(group);
    group.children[focused]?.focus();
    this.over.value = over;
    this.overText.textContent = `${over} %`;
    this.only.value = only ?? "";
    this.turn.value = turn;
  }

  /** Shows a recording from its frame. */
  fill() {
    const { run, samples, choice: chosen } = this;
    const { nodes } = run.model;
    const size = this.motion.length / samples;
    const total = run.samples.motion.shape[1];
    const motion = this.motion.subarray(chosen.sample * size, (chosen.sample + 1) * size);
    this.scene = { motion, nodes, total, frames: run.frames };
    this.predictions = new Map(this.graphs.map(([key]) => [key, this.predicted(key)]));
    const errors = ([key]) => [key, run.samples.predictions[key].errors[chosen.sample]];
    this.lists.clear();
    this.stage.show(this.scene);
    this.chart.show(new Map(this.graphs.map(errors)));
    this.transport.seek(chosen.frame, true);
    this.buttons();
    this.draw();
    this.explorer.busy(false);
  }

  /** The motion (steps, N, D) that was predicted under a graph. */
  predicted(key) {
    const packed = this.run.samples.predictions[key].motion;
    const [all, steps, width] = packed.shape;
    const { data } = (packed.unpacked ??= unpack(packed));
    const nodes = all / this.samples;
    const motion = new Float32Array(steps * nodes * width);
    const first = this.choice.sample * nodes;
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < nodes; i++) {
        const at = ((first + i) * steps + t) * width;
        motion.set(data.subarray(at, at + width), (t * nodes + i) * width);
      }
    }
    return motion;
  }

  /** The graph of a moment, (E) types and how sure they are; null before the model has seen enough. */
  graph(key, now) {
    const { frames } = this.scene;
    const said = this.said.get(key)[this.choice.sample];
    if (now < frames - (key !== "moving")) return null;
    return Array.isArray(said) ? said[Math.min(Math.floor(now) - frames, said.length - 1)] : said;
  }

  /** The edges to draw at a moment, a list for each type; the same lists while nothing changes. */
  drawn(key, now) {
    const graph = this.graph(key, now);
    if (!graph) return null;
    const { hidden, over, only } = this.choice;
    const filter = [hidden, over, only].join("|");
    const kept = this.lists.get(key);
    if (kept?.graph === graph && kept.filter === filter) return kept.edges;
    const edges = pickEdges(graph, this.run, this.choice);
    this.lists.set(key, { graph, filter, edges });
    return edges;
  }

  drawStage(now) {
    const { graph, turn } = this.choice;
    this.stage.foresee(this.predictions.get(graph));
    this.stage.draw(now, this.drawn(graph, now), turn);
    if (this.list.open && !this.transport.playing) this.write(this.graph(graph, now), this.drawn(graph, now));
  }

  drawCard(key, { view }, now) {
    const drawn = this.drawn(key, now);
    const said = drawn ? this.count(drawn) : `needs ${this.scene.frames} frames`;
    view.show(drawn, said);
    return said;
  }

  count(drawn) {
    const { types } = this.run;
    return types.map((name, type) => (name === "none" ? null : `${drawn[type].length} of ${name}`)).filter(Boolean).join(", ");
  }

  /** The edges that are drawn, in words. */
  write(graph, drawn) {
    if (this.written === drawn) return;
    this.written = drawn;
    const { names } = this.run.system;
    const { senders, receivers } = edgesOf(this.run.model.nodes);
    const line = (edge) => `${names[senders[edge]]} to ${names[receivers[edge]]}: ${this.run.types[graph.types[edge]]}, ${percent(graph.sure[edge])}`;
    this.text.replaceChildren(...(drawn ?? []).flat().map((edge) => html("li", {}, line(edge))));
  }

  sentence(now) {
    const { frames } = this.scene;
    if (now <= frames) return `${Math.min(Math.floor(now) + 1, frames)} of ${frames} frames of a recording seen.`;
    return `Predicted beforehand, under the ${NAMES[this.choice.graph]}. The model does not run here.`;
  }
}

function slider(label, range, change) {
  const input = html("input", { type: "range", "aria-label": label, ...range, oninput: () => change(Number(input.value)) });
  return input;
}

/** Edges (numbers) of each type that are as likely as is asked for, shown and of the object. */
export function pickEdges({ types, sure }, { types: names, model }, { hidden, over, only }) {
  const { senders, receivers } = edgesOf(model.nodes);
  const lists = names.map(() => []);
  types.forEach((type, edge) => {
    const left = names[type] === "none" || hidden.includes(type) || 100 * sure[edge] <= over;
    const others = only !== null && senders[edge] !== only && receivers[edge] !== only;
    if (!left && !others) lists[type].push(edge);
  });
  return lists;
}

/** What `pack_graphs` of nri/results/explorer/arrays.py wrote: a graph of each sample, or one of each step. */
export function unpackGraphs({ shape, types: count, values }) {
  const bytes = Uint8Array.from(atob(values), (character) => character.charCodeAt(0));
  const edges = shape[shape.length - 1];
  const levels = Math.floor(256 / count) - 1;
  const graph = (at) => {
    const some = bytes.subarray(at * edges, (at + 1) * edges);
    return { types: some.map((byte) => byte % count), sure: Float64Array.from(some, (byte) => Math.floor(byte / count) / levels) };
  };
  const steps = shape.length > 2 ? shape[1] : 0;
  const sample = (s) => (steps ? Array.from({ length: steps }, (_, t) => graph(s * steps + t)) : graph(s));
  return Array.from({ length: shape[0] }, (_, s) => sample(s));
}
