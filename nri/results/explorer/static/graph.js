// The complete directed graph: the order of its edges, as in nri/graph.py (receiver-major).

const known = new Map();

/** Sender, receiver, reverse edge and pair of each of the N(N-1) edges. */
export function edgesOf(nodes) {
  if (known.has(nodes)) return known.get(nodes);
  const count = nodes * (nodes - 1);
  const senders = new Int32Array(count);
  const receivers = new Int32Array(count);
  const reverse = new Int32Array(count);
  const pair = new Int32Array(count);
  for (let edge = 0; edge < count; edge++) {
    const i = Math.floor(edge / (nodes - 1));
    const place = edge % (nodes - 1);
    const j = place < i ? place : place + 1;
    receivers[edge] = i;
    senders[edge] = j;
    reverse[edge] = edgeNumber(nodes, j, i);
    const first = Math.min(i, j);
    pair[edge] = (first * (2 * nodes - first - 1)) / 2 + Math.max(i, j) - first - 1;
  }
  const edges = { nodes, count, senders, receivers, reverse, pair, pairs: count / 2 };
  known.set(nodes, edges);
  return edges;
}

/** The number of the edge from a sender to a receiver. */
export function edgeNumber(nodes, receiver, sender) {
  return receiver * (nodes - 1) + (sender < receiver ? sender : sender - 1);
}
