// A graph as nodes on a circle; each edge is a button that gives it another type.

import { set, svg } from "./dom.js";
import { edgesOf } from "./graph.js";

const RADIUS = 38;

/** Places (x, y) of N nodes on a circle of this radius, the first at the top. */
export function circle(nodes, radius) {
  return Array.from({ length: nodes }, (_, i) => {
    const angle = (2 * Math.PI * i) / nodes - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** The edges that are drawn: one for a pair of a mutual graph, else one for each direction. */
export function drawnEdges(nodes, undirected) {
  const { count, reverse } = edgesOf(nodes);
  const all = Array.from({ length: count }, (_, edge) => edge);
  return undirected ? all.filter((edge) => edge > reverse[edge]) : all;
}

/** Most probable type of each edge of probabilities (E, K). */
export function likeliest(chances, types) {
  return Uint8Array.from({ length: chances.length / types }, (_, edge) => {
    let best = 0;
    for (let k = 1; k < types; k++) if (chances[edge * types + k] > chances[edge * types + best]) best = k;
    return best;
  });
}

/** A picture of a graph; `flip(edge)` is called for a click, Enter or Space on an edge. */
export class GraphView {
  constructor({ nodes, types, undirected, names, label, flip }) {
    this.types = types;
    this.names = names;
    this.undirected = undirected;
    const { senders, receivers } = edgesOf(nodes);
    const places = circle(nodes, RADIUS);
    this.edges = drawnEdges(nodes, undirected).map((edge) => {
      const path = curve(places[senders[edge]], places[receivers[edge]], undirected);
      const middle = [path.middle[0], path.middle[1]];
      const line = svg("path", { d: path.d, class: "ex-edge" });
      const wrong = svg("text", { x: middle[0], y: middle[1] + 2.6, class: "ex-wrong" }, "×");
      const group = svg(
        "g",
        {
          role: "button",
          tabindex: -1,
          class: "ex-flip",
          onclick: () => flip(edge),
          onkeydown: (event) => this.press(event, edge, flip),
        },
        svg("path", { d: path.d, class: "ex-hit" }),
        line,
        wrong,
      );
      return { edge, group, line, name: `${senders[edge] + 1} ${undirected ? "and" : "to"} ${receivers[edge] + 1}` };
    });
    set(this.edges[0].group, { tabindex: 0 });
    this.picture = svg(
      "svg",
      { viewBox: "-50 -50 100 100", class: nodes > 6 ? "ex-graph ex-many" : "ex-graph", role: "group", "aria-label": label },
      ...this.edges.map(({ group }) => group),
      ...places.map(([x, y], i) =>
        svg(
          "g",
          { class: `ex-node ex-p${i % 10}`, transform: `translate(${x} ${y})`, "aria-hidden": "true" },
          svg("circle", { r: 6.2 }),
          svg("text", { y: 2.6 }, String(i + 1)),
        ),
      ),
    );
    this.clear();
  }

  /** Arrow keys go from edge to edge; one of them is in the order of the Tab key. */
  press(event, edge, flip) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") flip(edge);
    else if (!step) return;
    event.preventDefault();
    if (!step) return;
    const at = this.edges.findIndex((one) => one.edge === edge);
    const next = this.edges[(at + step + this.edges.length) % this.edges.length];
    set(this.edges[at].group, { tabindex: -1 });
    set(next.group, { tabindex: 0 });
    next.group.focus();
  }

  /** Shows the nodes alone. */
  clear() {
    this.shown = null;
    for (const { line, group, name } of this.edges) {
      set(line, { class: "ex-edge" });
      set(group, { "aria-label": `${name}: not known` });
      group.classList.remove("ex-mistaken");
    }
  }

  /** Shows probabilities (E, K), and what is wrong where the true types (E) may be known. */
  show(chances, truth) {
    if (this.shown?.chances === chances && this.shown.truth === truth) return;
    this.shown = { chances, truth };
    const best = likeliest(chances, this.types);
    for (const { edge, group, line, name } of this.edges) {
      const type = best[edge];
      const chance = chances[edge * this.types + type];
      const sure = (chance - 1 / this.types) / (1 - 1 / this.types);
      set(line, { class: edgeClass(this.names, type), opacity: (0.12 + 0.88 * sure).toFixed(3) });
      group.classList.toggle("ex-mistaken", truth !== null && truth[edge] !== type);
      const verdict = truth === null ? "" : truth[edge] === type ? ", right" : ", wrong";
      set(group, { "aria-label": `${name}: ${this.names[type]}, ${percent(chance)}${verdict}` });
      if (group.dataset.said !== `${type} ${percent(chance)}`) {
        group.dataset.said = `${type} ${percent(chance)}`;
        group.querySelector("title")?.remove();
        group.prepend(svg("title", {}, `${name}: ${this.names[type]}, ${percent(chance)}`));
      }
    }
  }
}

/** The class of a line of this type. */
export function edgeClass(names, type) {
  return `ex-edge ${names[type] === "none" ? "ex-none" : `ex-t${type % 4}`}`;
}

/** A probability as the page says it: "97 %", and never 100 % before it rounds to it at one digit. */
export function percent(chance) {
  return chance > 0.9995 ? "100 %" : `${(100 * chance).toFixed(chance > 0.99 ? 1 : 0)} %`;
}

function curve([ax, ay], [bx, by], straight) {
  const bend = straight ? 0 : 0.09;
  const middle = [(ax + bx) / 2 + bend * (by - ay), (ay + by) / 2 - bend * (bx - ax)];
  const control = [2 * middle[0] - (ax + bx) / 2, 2 * middle[1] - (ay + by) / 2];
  const [a, b, c, d, e, f] = [ax, ay, ...control, bx, by].map((value) => value.toFixed(2));
  return { d: straight ? `M${a} ${b}L${e} ${f}` : `M${a} ${b}Q${c} ${d} ${e} ${f}`, middle };
}
