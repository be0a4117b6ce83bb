// A trained model from what nri/results/explorer/payload.py wrote, and what it says of frames.

import { order, rollOut } from "./decoder.js";
import { encode } from "./encoder.js";
import { chooseMethod, marginals, transitionTable } from "./posterior.js";

/** The model of a run; types are in the model's own order. */
export function readModel(run) {
  const weights = nested(run.weights);
  return {
    ...run.model,
    skipFirst: run.model.skip_first,
    weights,
    decoder: weights.decoder,
    posteriorDecoder: weights.joint_decoder ?? weights.decoder,
    minimum: run.normalisation.minimum,
    range: run.normalisation.maximum.map((top, d) => top - run.normalisation.minimum[d] || 1),
  };
}

/** Own units to [-1, 1]: rows of D features. */
export function normalise(model, x) {
  const width = model.range.length;
  return Float64Array.from(x, (value, at) => ((value - model.minimum[at % width]) * 2) / model.range[at % width] - 1);
}

/** [-1, 1] to own units. */
export function restore(model, x) {
  const width = model.range.length;
  return Float64Array.from(x, (value, at) => ((value + 1) * model.range[at % width]) / 2 + model.minimum[at % width]);
}

/** Frame t of x (N, T, D): (N, D). */
export function frameAt(x, nodes, frames, t) {
  const width = x.length / nodes / frames;
  const frame = new Float64Array(nodes * width);
  for (let i = 0; i < nodes; i++) {
    frame.set(x.subarray((i * frames + t) * width, (i * frames + t + 1) * width), i * width);
  }
  return frame;
}

/** The encoder's probabilities (E, K) of x (N, T, D) in own units; null without an encoder's weights. */
export function infer(model, x, frames) {
  return model.weights.graph ? encode(model, normalise(model, x), frames) : null;
}

/**
 * The decoder's probabilities (E, K) after every transition of x (N, T, D) in own units, one after the
 * other; nothing where a receiver has too many assignments.
 */
export function* refine(model, x, frames) {
  const { nodes, types, undirected } = model;
  if (!chooseMethod(nodes, types, undirected)) return;
  const scaled = normalise(model, x);
  const tables = new Float64Array(nodes * types ** (nodes - 1));
  const at = (t) => frameAt(scaled, nodes, frames, t);
  const first = order(model.posteriorDecoder) - 1; // a decoder of two frames tells nothing of the second
  for (let t = 0; t + 1 < frames; t++) {
    if (t >= first) {
      const table = transitionTable(model, at(Math.max(0, t - 1)), at(t), at(t + 1));
      for (let entry = 0; entry < tables.length; entry++) tables[entry] += table[entry];
    }
    yield marginals(model, tables);
  }
}

/**
 * The `steps` frames after one (N, D) and the one before it, in own units, under weights of types
 * (E, K): (steps, N, D).
 */
export function predict(model, frame, before, graph, steps) {
  const [now, past] = [normalise(model, frame), normalise(model, before)];
  const motion = rollOut(model.decoder, now, past, graph, model.nodes, model.skipFirst, steps);
  return restore(model, motion);
}

/** Weights by their names, "decoder.output.out_fc1.weight", as nested objects. */
function nested(packed) {
  const root = {};
  for (const [name, array] of Object.entries(packed)) {
    const parts = name.split(".");
    const last = parts.pop();
    let place = root;
    for (const part of parts) place = place[part] ??= {};
    place[last] = unpack(array);
  }
  return root;
}

/** An array that nri/results/explorer/arrays.py packed: {shape, data}. */
export function unpack({ shape, values, scale }) {
  const bytes = Uint8Array.from(atob(values), (character) => character.charCodeAt(0)).buffer;
  if (!scale) return { shape, data: new Float32Array(bytes) };
  const whole = new Int16Array(bytes);
  const units = unpack({ values: scale }).data;
  const width = whole.length / shape[0];
  return { shape, data: Float32Array.from(whole, (value, at) => value * units[Math.floor(at / width)]) };
}
