// The graph by the decoder's likelihood: nri/model/posterior, without its race. What one transition
// says is a table of its own, so that the posterior of a longer sequence costs one table more.

import { advance, decoderInputs, edgeMessage, firstLayer, nodeChange } from "./decoder.js";
import { edgesOf } from "./graph.js";
import { linear, softmax } from "./layers.js";

const GRAPHS = 2 ** 16; // undirected graphs that are enumerated, as in infer.py
const ASSIGNMENTS = 2 ** 12; // of a receiver that are scored, as in infer.py

/** "exact", "blocks", or null where a receiver has too many assignments for the page. */
export function chooseMethod(nodes, types, undirected) {
  if (types ** (nodes - 1) > ASSIGNMENTS) return null;
  return undirected && types ** ((nodes * (nodes - 1)) / 2) > GRAPHS ? "blocks" : "exact";
}

/**
 * log p(next_i | now, a) of every receiver i and assignment a of its incoming edges: (N, A).
 *
 * before, now, next (N, D), normalised. The digits of a in base K are the types of the edges, the first
 * sender's the most significant.
 */
export function transitionTable(model, before, now, next) {
  const { nodes, types, likelihood } = model;
  const net = model.posteriorDecoder;
  const features = now.length / nodes;
  const inputs = decoderInputs(net, now, before);
  const width = inputs.length / nodes;
  const first = net.output.out_fc1;
  const own = linear(inputs, nodes, first.weight, first.bias, 0, width);
  const terms = typeMessages(model, net, inputs);
  const hidden = first.bias.data.length;
  const count = types ** (nodes - 1);
  const table = new Float64Array(nodes * count);
  for (let i = 0; i < nodes; i++) {
    const start = own.subarray(i * hidden, (i + 1) * hidden);
    const sums = outerSums(start, terms, i * (nodes - 1), nodes - 1, types, hidden);
    const change = nodeChange(net, sums, count);
    const here = now.subarray(i * features, (i + 1) * features);
    for (let a = 0; a < count; a++) {
      const predicted = advance(net, here, change.subarray(a * features, (a + 1) * features));
      const residual = predicted.map((value, d) => value - next[i * features + d]);
      table[i * count + a] = -cost(likelihood, residual);
    }
  }
  return table;
}

/** Minus the log-likelihood of a residual (D), up to constants: nri/model/likelihood.py. */
function cost(likelihood, residual) {
  let sum = 0;
  likelihood.features.forEach((d, at) => {
    const squared = residual[d] * residual[d];
    sum += likelihood.precision
      ? ((likelihood.degrees_of_freedom + 1) / 2) * Math.log1p(squared * likelihood.precision[at])
      : squared / (2 * likelihood.variance);
  });
  return sum;
}

/** The message of every edge under every type through the first layer of the node network: (E, K, H). */
function typeMessages(model, net, inputs) {
  const { nodes, types, skipFirst } = model;
  const { count, senders, receivers } = edgesOf(nodes);
  const first = net.output.out_fc1.weight;
  const features = inputs.length / nodes;
  const hidden = first.shape[0];
  const terms = new Float64Array(count * types * hidden);
  for (let k = skipFirst ? 1 : 0; k < types; k++) {
    const { sent, own } = firstLayer(net.messages, k, inputs, nodes);
    for (let edge = 0; edge < count; edge++) {
      const message = edgeMessage(net.messages, k, sent, own, senders[edge], receivers[edge], hidden);
      terms.set(linear(message, 1, first, null, features, hidden), (edge * types + k) * hidden);
    }
  }
  return terms;
}

/** start + Σ_m terms[m, a_m] of every assignment a of `places` edges: (A, H). */
function outerSums(start, terms, edge, places, types, hidden) {
  let sums = start;
  for (let m = 0; m < places; m++) {
    const rows = sums.length / hidden;
    const wider = new Float64Array(rows * types * hidden);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < types; k++) {
        const to = (row * types + k) * hidden;
        const from = ((edge + m) * types + k) * hidden;
        for (let h = 0; h < hidden; h++) wider[to + h] = sums[row * hidden + h] + terms[from + h];
      }
    }
    sums = wider;
  }
  return sums;
}

/** Marginals (E, K) from tables (N, A), by the method that `chooseMethod` gives. */
export function marginals(model, tables) {
  const { nodes, types, undirected } = model;
  const prior = model.prior.map(Math.log);
  if (!undirected) return receiverMarginals(addPrior(tables, nodes, types, prior), nodes, types);
  if (chooseMethod(nodes, types, undirected) === "exact") return exactUndirected(tables, nodes, types, prior);
  return propagate(tables, nodes, types, prior);
}

/** The digit of a place in a number of `places` digits, the first the most significant. */
function digit(number, place, places, types) {
  return Math.floor(number / types ** (places - 1 - place)) % types;
}

/** The types of all places of all numbers: (K^M, M), cached. */
const allDigits = (() => {
  const found = new Map();
  return (places, types) => {
    const key = `${places},${types}`;
    if (!found.has(key)) {
      const count = types ** places;
      const table = new Uint8Array(count * places);
      for (let a = 0; a < count; a++) {
        for (let m = 0; m < places; m++) table[a * places + m] = digit(a, m, places, types);
      }
      found.set(key, table);
    }
    return found.get(key);
  };
})();

function addPrior(tables, nodes, types, prior) {
  const places = nodes - 1;
  const digits = allDigits(places, types);
  const count = types ** places;
  return tables.map((value, at) => {
    const a = at % count;
    let sum = value;
    for (let m = 0; m < places; m++) sum += prior[digits[a * places + m]];
    return sum;
  });
}

/** Marginals of every receiver's incoming edges from scores (N, A), each receiver by itself: (E, K). */
function receiverMarginals(scores, nodes, types) {
  const places = nodes - 1;
  const count = types ** places;
  const digits = allDigits(places, types);
  const chances = softmax(Float64Array.from(scores), count);
  const result = new Float64Array(nodes * places * types);
  for (let i = 0; i < nodes; i++) {
    for (let a = 0; a < count; a++) {
      const chance = chances[i * count + a];
      if (chance === 0) continue;
      for (let m = 0; m < places; m++) {
        result[(i * places + m) * types + digits[a * places + m]] += chance;
      }
    }
  }
  return result;
}

/** Marginals of graphs with z_ij = z_ji: every graph is a sum of N table entries. */
function exactUndirected(tables, nodes, types, prior) {
  const { count: edges, pair, pairs } = edgesOf(nodes);
  const digits = allDigits(pairs, types);
  const graphs = types ** pairs;
  const places = nodes - 1;
  const assignments = types ** places;
  const scores = new Float64Array(graphs);
  for (let graph = 0; graph < graphs; graph++) {
    let score = 0;
    for (let p = 0; p < pairs; p++) score += prior[digits[graph * pairs + p]];
    for (let i = 0, edge = 0; i < nodes; i++) {
      let a = 0;
      for (let m = 0; m < places; m++, edge++) a = a * types + digits[graph * pairs + pair[edge]];
      score += tables[i * assignments + a];
    }
    scores[graph] = score;
  }
  softmax(scores, graphs);
  const ofPairs = new Float64Array(pairs * types);
  for (let graph = 0; graph < graphs; graph++) {
    if (scores[graph] === 0) continue;
    for (let p = 0; p < pairs; p++) ofPairs[p * types + digits[graph * pairs + p]] += scores[graph];
  }
  const result = new Float64Array(edges * types);
  for (let edge = 0; edge < edges; edge++) {
    for (let k = 0; k < types; k++) result[edge * types + k] = ofPairs[pair[edge] * types + k];
  }
  return result;
}

const LARGEST = 300; // log-odds of a message, as in propagation.py
const TINY = 2.2250738585072014e-308;
const ROUNDS = 8;
const DAMPING = 0.3;

/** Marginals by sum-product on the graph of receivers: nri/model/posterior/propagation.py. */
function propagate(tables, nodes, types, prior) {
  const { count: edges, reverse } = edgesOf(nodes);
  const places = nodes - 1;
  const assignments = types ** places;
  const digits = allDigits(places, types);
  let heard = Float64Array.from({ length: edges * types }, (_, at) => prior[at % types]);
  for (let round = 0; ; round++) {
    const scores = tables.map((value, at) => {
      const a = at % assignments;
      const from = Math.floor(at / assignments) * places;
      let sum = value;
      for (let m = 0; m < places; m++) sum += heard[(from + m) * types + digits[a * places + m]];
      return sum;
    });
    const found = receiverMarginals(scores, nodes, types);
    if (round === ROUNDS) {
      return found.map((value, at) => (value + found[reverse[Math.floor(at / types)] * types + (at % types)]) / 2);
    }
    const news = found.map((value, at) => Math.log(Math.max(value, TINY)) - heard[at]);
    const said = news.map((_, at) => news[reverse[Math.floor(at / types)] * types + (at % types)] + prior[at % types]);
    for (let from = 0; from < said.length; from += types) {
      const top = Math.max(...said.subarray(from, from + types));
      for (let k = 0; k < types; k++) said[from + k] = Math.max(said[from + k] - top, -LARGEST);
    }
    heard = round === 0 ? said : said.map((value, at) => DAMPING * heard[at] + (1 - DAMPING) * value);
  }
}
