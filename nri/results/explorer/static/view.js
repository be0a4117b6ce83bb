// What every run has: a stage, a transport, a card for each graph, the error of its predictions.

import { choice, html, set } from "./dom.js";
import { ErrorChart } from "./error_chart.js";
import { Transport } from "./transport.js";

/**
 * A run of the explorer. A view of a kind of run says what its stage is (`makeStage`, `drawStage`),
 * how a card pictures a graph (`graphPicture`, `drawCard`), and which choices there are beside.
 */
export class View {
  /** graphs: [key, title, note] of each, of which `usual` is shown; samples of `total` frames. */
  constructor(explorer, run, { graphs, samples, total, usual }) {
    this.explorer = explorer;
    this.run = run;
    this.graphs = graphs;
    this.samples = samples;
    this.usual = usual;
    this.stage = this.makeStage();
    this.cards = new Map(graphs.map(([key, title, note]) => [key, this.makeCard(key, title, note)]));
    this.chart = new ErrorChart(graphs);
    this.transport = new Transport({ ...run, total }, () => this.draw(), () => this.remember());
    this.error = html("p", { class: "ex-value" });
    this.top = html("div", { class: "ex-top" });
    this.actions = html("div", { class: "ex-actions" });
    this.status = html("p", { class: "ex-status", role: "status" });
    this.elements = [
      this.top,
      html(
        "div",
        { class: "ex-main" },
        html(
          "div",
          { class: "ex-left" },
          this.stage.picture,
          this.transport.element,
          legend([...this.legend(), ...typeKeys(run.types)]),
          html("div", { class: "ex-errors" }, html("h3", {}, "Error of the prediction"), this.error, this.chart.picture),
        ),
        html(
          "div",
          { class: "ex-right" },
          this.status,
          ...this.filters(),
          html("div", { class: "ex-cards" }, ...graphs.map(([key]) => this.cards.get(key).element)),
          this.actions,
        ),
      ),
    ];
  }

  makeCard(key, title, note) {
    const view = this.graphPicture(key, title);
    const button = html("button", { type: "button", onclick: () => this.choose({ graph: key }) }, title);
    const score = html("p", { class: "ex-score" });
    const element = html("div", { class: `ex-card ex-of-${key}` }, button, view.picture, score, html("p", { class: "ex-note" }, note));
    return { view, button, score, element };
  }

  /** Keys of lines: [class, text]. */
  legend() {
    return [["ex-key-thin", "seen"], ["ex-key-broad", "true future"], ["ex-key-dashed", "predicted"]];
  }

  filters() {
    return [];
  }

  sources() {
    return [];
  }

  tools() {
    return [];
  }

  /** What another scene does not keep of this one. */
  fresh() {
    return { start: null, yours: null, revealed: false, frame: 0 };
  }

  /** Shows what is chosen, at once; what a model has to say of it follows. */
  open(chosen) {
    const sample = Math.min(Math.max(0, chosen.sample), this.samples - 1);
    this.choice = { ...chosen, sample, graph: this.cards.has(chosen.graph) ? chosen.graph : this.usual };
    this.fill(true);
  }

  leave() {
    this.transport.pause();
  }

  buttons() {
    const { choice: chosen, explorer } = this;
    const samples = Array.from({ length: this.samples }, (_, sample) => [sample, String(sample + 1)]);
    const shown = chosen.mode === "throw" ? null : chosen.sample;
    this.top.replaceChildren(
      choice("System", explorer.runs.titles, chosen.run, (name) => this.begin({ ...this.fresh(), run: name, sample: 0 })),
      html(
        "div",
        { class: "ex-source" },
        html("span", { id: "ex-source" }, this.sampleWord()),
        choice(this.sampleWord(), samples, shown, (sample) => this.begin({ ...this.fresh(), mode: "test", sample })),
        ...this.sources(),
      ),
    );
    const link = html("button", { type: "button", onclick: () => this.copyLink() }, "Copy link");
    this.actions.replaceChildren(...[...this.tools(), link].filter(Boolean));
  }

  /** Another choice, played from where it begins. */
  begin(change) {
    this.explorer.begin({ ...this.choice, ...change });
  }

  /** Another choice on the same scene. */
  choose(change) {
    this.explorer.touched = true;
    Object.assign(this.choice, change);
    this.buttons();
    this.draw();
    this.remember();
  }

  /** Draws the moment that the transport is at. */
  draw() {
    if (!this.scene) return;
    const { now } = this.transport;
    const { frames } = this.scene;
    const { graph } = this.choice;
    this.drawStage(now);
    const whole = Math.floor(now);
    if (this.latest?.whole !== whole || this.latest.scene !== this.scene || !this.transport.playing) this.drawGraphs(now);
    this.latest = { whole, scene: this.scene };
    const error = this.chart.draw(now - frames, graph);
    const others = this.chart.found.size > 1 ? "; thin: from the other graphs" : "";
    this.error.textContent = error === undefined ? "begins after the frames seen" : `${error.toExponential(1)} after ${whole - frames} frames${others}`;
  }

  drawGraphs(now) {
    for (const [key, card] of this.cards) {
      set(card.button, { "aria-pressed": String(this.choice.graph === key) });
      card.score.textContent = this.drawCard(key, card, now);
    }
    this.status.textContent = this.sentence(now);
  }

  /** Keeps what is seen in the address. */
  remember() {
    this.choice.frame = this.transport.now;
    this.explorer.remember(this.choice);
  }

  async copyLink() {
    this.explorer.touched = true;
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

function legend(keys) {
  return html(
    "ul",
    { class: "ex-legend" },
    ...keys.map(([kind, text]) => html("li", {}, html("span", { class: `ex-key ${kind}`, "aria-hidden": "true" }), text)),
  );
}

function typeKeys(names) {
  return names.map((name, type) => (name === "none" ? ["ex-key-none", "no edge"] : [`ex-key-t${type % 4}`, name]));
}
