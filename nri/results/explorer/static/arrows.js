// Directed edges of a graph between places: one path for all edges of a type.

import { set, svg } from "./dom.js";
import { edgesOf } from "./graph.js";

const CROWD = 40; // with more edges than this of a type they become fainter
const BEND = 0.1; // of an edge's length, to the side, so that both directions are seen
const HEAD = 1.7; // of an arrow, in the middle of its edge

/** Lines of edges; `types` are their names. */
export class Arrows {
  constructor(nodes, types) {
    this.nodes = nodes;
    this.lines = types.map((_, type) => svg("path", { class: `ex-edge ex-t${type % 4} ex-arrows` }));
    this.element = svg("g", { "aria-hidden": "true" }, ...this.lines);
  }

  /** Draws lists of edges, one for each type, between places (x, y) of the nodes. */
  draw(drawn, places) {
    const { senders, receivers } = edgesOf(this.nodes);
    this.lines.forEach((line, type) => {
      const edges = drawn?.[type] ?? [];
      const opacity = Math.min(1, Math.sqrt(CROWD / (edges.length || 1)));
      const paths = edges.map((edge) => arrow(places[senders[edge]], places[receivers[edge]]));
      set(line, { d: paths.join(""), opacity: (0.75 * opacity).toFixed(2) });
    });
  }
}

/** A bent line from one place to another, with a head in its middle. */
function arrow([ax, ay], [bx, by]) {
  const [x, y] = [bx - ax, by - ay];
  const length = Math.hypot(x, y) || 1;
  const [cx, cy] = [(ax + bx) / 2 + 2 * BEND * y, (ay + by) / 2 - 2 * BEND * x];
  const [mx, my] = [(ax + bx) / 2 + BEND * y, (ay + by) / 2 - BEND * x];
  const [ux, uy] = [(HEAD * x) / length, (HEAD * y) / length];
  const head = `M${point(mx - ux - uy / 2, my - uy + ux / 2)}L${point(mx, my)}L${point(mx - ux + uy / 2, my - uy - ux / 2)}`;
  return `M${point(ax, ay)}Q${point(cx, cy)} ${point(bx, by)}${head}`;
}

function point(x, y) {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
