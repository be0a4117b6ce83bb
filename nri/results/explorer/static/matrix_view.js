// A graph of many edges as a table of squares: who sends (across), who receives (down).

import { set, svg } from "./dom.js";
import { edgesOf } from "./graph.js";

/** The picture of a graph of N nodes whose edge types have these names. */
export class MatrixView {
  constructor({ nodes, names, label }) {
    this.nodes = nodes;
    this.names = names;
    this.label = label;
    this.squares = names.map((name, type) => svg("path", { class: name === "none" ? "ex-no-square" : `ex-square ex-s${type % 4}` }));
    this.picture = svg(
      "svg",
      { viewBox: `-0.5 -0.5 ${nodes + 1} ${nodes + 1}`, class: "ex-graph ex-matrix", role: "img", "aria-label": `${label}: not known` },
      svg("rect", { width: nodes, height: nodes, class: "ex-table" }),
      ...this.squares,
      svg("path", { d: `M0 0L${nodes} ${nodes}`, class: "ex-diagonal" }),
    );
  }

  /** Shows lists of edges, one for each type; null where the graph is not known. */
  show(drawn, said) {
    if (this.shown === drawn) return;
    this.shown = drawn;
    const { senders, receivers } = edgesOf(this.nodes);
    this.squares.forEach((square, type) => {
      const edges = drawn?.[type] ?? [];
      set(square, { d: edges.map((edge) => `M${senders[edge]} ${receivers[edge]}h1v1h-1z`).join("") });
    });
    set(this.picture, { "aria-label": `${this.label}: ${said}` });
  }
}
