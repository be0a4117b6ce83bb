// What is to be seen: the true motion of a test simulation or of a throw, and its graph.

import { frameAt, unpack } from "./model.js";
import { draw, phaseRates, simulate } from "./simulation.js";

/**
 * The scene of a choice {mode, sample, seed, start}.
 *
 * motion (N, T, D) in own units; before (N, D): the frame before the last one seen;
 * phases (N, T) of oscillators, else null; types (E), the true graph;
 * start: the frame that another start replaces, 0 of a throw, and `state` there, as the simulators
 * take it: (N, 4) or (N, 2) of phase and ω.
 */
export function makeScene(run, choice) {
  const scene = choice.mode === "throw" ? thrown(run, choice) : recorded(run, choice);
  const { nodes } = run.model;
  const at = (t) => frameAt(scene.motion, nodes, scene.total, t);
  const [now, next] = [at(run.frames), at(run.frames + 1)];
  // What came before another start is not known: the motion is continued backwards.
  const cut = choice.start && choice.mode === "test";
  const before = cut ? now.map((value, i) => 2 * value - next[i]) : at(run.frames - 1);
  return { ...scene, before, nodes, frames: run.frames };
}

function thrown(run, { seed, start }) {
  const { system, model } = run;
  const drawn = draw(system, model.nodes, seed);
  const state = start ?? drawn.state;
  const total = run.samples.motion.shape[2];
  return { ...moved(system, state, drawn.types, model.nodes, total), types: drawn.types, start: 0, state, total };
}

function recorded(run, { sample, start }) {
  const { nodes } = run.model;
  const [samples, , total, features] = run.samples.motion.shape;
  const all = (run.samples.unpacked ??= unpack(run.samples.motion).data);
  const size = all.length / samples;
  const motion = Float64Array.from(all.subarray(sample * size, (sample + 1) * size));
  const types = Uint8Array.from(run.samples.edges[sample]);
  const turns = run.system.kind === "oscillators";
  const phases = turns ? phasesOf(motion, nodes, total, run.frame_interval) : null;
  const scene = { motion, phases, types, start: run.frames, total };
  const state = start ?? stateAt(scene, nodes, run.frames, features);
  if (start) follow(run.system, scene, state, nodes, run.frames);
  return { ...scene, state };
}

/** Replaces the motion from a frame on by what follows from a state there. */
function follow(system, scene, state, nodes, from) {
  const { motion, phases, types, total } = scene;
  const width = motion.length / nodes / total;
  const after = moved(system, state, types, nodes, total - from);
  for (let i = 0; i < nodes; i++) {
    const rows = after.motion.subarray(i * (total - from) * width, (i + 1) * (total - from) * width);
    motion.set(rows, (i * total + from) * width);
    phases?.set(after.phases.subarray(i * (total - from), (i + 1) * (total - from)), i * total + from);
  }
}

/** `frames` frames of which the first is the state itself. */
function moved(system, state, types, nodes, frames) {
  const after = simulate(system, state, types, nodes, frames - 1);
  const turns = system.kind === "oscillators";
  const width = turns ? 3 : 4;
  const motion = new Float64Array(nodes * frames * width);
  const phases = turns ? new Float64Array(nodes * frames) : null;
  const first = turns ? oscillatorFrame(state, types, nodes) : state;
  for (let i = 0; i < nodes; i++) {
    motion.set(first.subarray(i * width, (i + 1) * width), i * frames * width);
    motion.set(after.subarray(i * (frames - 1) * width, (i + 1) * (frames - 1) * width), (i * frames + 1) * width);
    if (turns) {
      phases[i * frames] = state[2 * i];
      phases.set(after.phases.subarray(i * (frames - 1), (i + 1) * (frames - 1)), i * frames + 1);
    }
  }
  return { motion, phases };
}

/** The features (N, 3) of phases and frequencies (N, 2). */
function oscillatorFrame(state, types, nodes) {
  const phases = Float64Array.from({ length: nodes }, (_, i) => state[2 * i]);
  const omega = Float64Array.from({ length: nodes }, (_, i) => state[2 * i + 1]);
  const rates = phaseRates(phases, omega, types, nodes);
  return Float64Array.from({ length: 3 * nodes }, (_, at) => {
    const i = Math.floor(at / 3);
    return [rates[i], Math.sin(phases[i]), omega[i]][at % 3];
  });
}

function stateAt({ motion, phases, total }, nodes, frame, features) {
  const now = frameAt(motion, nodes, total, frame);
  if (!phases) return now;
  return Float64Array.from({ length: 2 * nodes }, (_, at) => {
    const i = Math.floor(at / 2);
    return at % 2 ? now[i * features + 2] : phases[i * total + frame];
  });
}

/** Phases (N, T) of oscillators (N, T, 3) that start from either side of the circle. */
function phasesOf(motion, nodes, total, interval) {
  const phases = new Float64Array(nodes * total);
  for (let i = 0; i < nodes; i++) {
    const rows = motion.subarray(3 * i * total, 3 * (i + 1) * total);
    const angle = Math.asin(limited(rows[1]));
    const tries = [angle, Math.PI - angle].map((first) => followPhase(rows, first, interval));
    phases.set(tries[0].missed <= tries[1].missed ? tries[0].phases : tries[1].phases, i * total);
  }
  return phases;
}

/**
 * Phases of one oscillator, rows of dφ/dt, sin φ, ω: of the two angles with the right sine, the one
 * nearer to where the rate has led.
 */
export function followPhase(rows, first, interval) {
  const phases = new Float64Array(rows.length / 3);
  phases[0] = first;
  let missed = 0;
  for (let t = 1; t < phases.length; t++) {
    const expected = phases[t - 1] + (interval * (rows[3 * t - 3] + rows[3 * t])) / 2;
    const angle = Math.asin(limited(rows[3 * t + 1]));
    const found = [angle, Math.PI - angle].map((one) => nearest(one, expected));
    phases[t] = Math.abs(found[0] - expected) <= Math.abs(found[1] - expected) ? found[0] : found[1];
    missed += (phases[t] - expected) ** 2;
  }
  return { phases, missed };
}

function limited(sine) {
  return Math.max(-1, Math.min(1, sine));
}

/** The angle plus full turns that comes nearest to another. */
function nearest(angle, to) {
  return angle + 2 * Math.PI * Math.round((to - angle) / (2 * Math.PI));
}
