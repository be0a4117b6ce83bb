// The true equations: nri/data/simulated. `system` holds their constants, as
// nri/results/explorer/systems.py writes them; `types` (E) is a graph with z_ij = z_ji.

import { edgeNumber } from "./graph.js";

/** The `frames` frames after a state: (N, 4) or (N, 2) of phase and ω → (N, T, D). */
export function simulate(system, state, types, nodes, frames) {
  return system.kind === "particles"
    ? moveParticles(system, state, types, nodes, frames)
    : turnOscillators(system, state, types, nodes, frames);
}

/** particle_motion.py: kick, drift, reflect; velocities half a step behind positions. */
function moveParticles(system, state, types, nodes, frames) {
  const { time_step: step, steps_per_frame: steps, box, force_limit: limit } = system;
  const now = Float64Array.from(state);
  const force = new Float64Array(2 * nodes);
  const motion = new Float64Array(nodes * frames * 4);
  for (let frame = 0; frame < frames; frame++) {
    for (let n = 0; n < steps; n++) {
      fillForces(system, now, types, nodes, force);
      for (let i = 0; i < nodes; i++) {
        for (let axis = 0; axis < 2; axis++) {
          const f = Math.max(-limit, Math.min(limit, force[2 * i + axis]));
          let v = now[4 * i + 2 + axis] + step * f;
          let r = now[4 * i + axis] + step * v;
          if (r > box) [v, r] = [-Math.abs(v), 2 * box - r];
          else if (r < -box) [v, r] = [Math.abs(v), -2 * box - r];
          now[4 * i + axis] = r;
          now[4 * i + 2 + axis] = v;
        }
      }
    }
    for (let i = 0; i < nodes; i++) {
      motion.set(now.subarray(4 * i, 4 * i + 4), (i * frames + frame) * 4);
    }
  }
  return motion;
}

function fillForces(system, now, types, nodes, force) {
  force.fill(0);
  for (let i = 0; i < nodes; i++) {
    for (let j = 0; j < i; j++) {
      let strength = system.coefficients[types[edgeNumber(nodes, i, j)]];
      if (strength === 0) continue;
      const dx = now[4 * i] - now[4 * j];
      const dy = now[4 * i + 1] - now[4 * j + 1];
      if (system.inverse_square) {
        const squared = dx * dx + dy * dy;
        strength /= squared * Math.sqrt(squared);
      }
      force[2 * i] += strength * dx;
      force[2 * i + 1] += strength * dy;
      force[2 * j] -= strength * dx;
      force[2 * j + 1] -= strength * dy;
    }
  }
}

/** dφ_i/dt = ω_i + Σ_j k_ij sin(φ_j − φ_i). */
export function phaseRates(phases, omega, types, nodes) {
  const rates = Float64Array.from(omega);
  for (let i = 0; i < nodes; i++) {
    for (let j = 0; j < i; j++) {
      const pull = types[edgeNumber(nodes, i, j)] * Math.sin(phases[j] - phases[i]);
      rates[i] += pull;
      rates[j] -= pull;
    }
  }
  return rates;
}

/**
 * oscillator_motion.py, by the same tableau. Features are dφ/dt, sin φ and ω; the phases themselves
 * come as `phases` (N, T) of the result.
 */
function turnOscillators(system, state, types, nodes, frames) {
  const { time_step: step, steps_per_frame: steps, tableau } = system;
  const omega = Float64Array.from({ length: nodes }, (_, i) => state[2 * i + 1]);
  let phase = Float64Array.from({ length: nodes }, (_, i) => state[2 * i]);
  const motion = new Float64Array(nodes * frames * 3);
  motion.phases = new Float64Array(nodes * frames);
  const moved = (weights, slopes) =>
    phase.map((value, i) => value + step * slopes.reduce((sum, slope, m) => sum + weights[m] * slope[i], 0));
  for (let frame = 0; frame < frames; frame++) {
    for (let n = 0; n < steps; n++) {
      const slopes = [];
      for (const weights of tableau.slice(0, -1)) {
        slopes.push(phaseRates(moved(weights, slopes), omega, types, nodes));
      }
      phase = moved(tableau.at(-1), slopes);
    }
    const rates = phaseRates(phase, omega, types, nodes);
    for (let i = 0; i < nodes; i++) {
      motion.set([rates[i], Math.sin(phase[i]), omega[i]], (i * frames + frame) * 3);
      motion.phases[i * frames + frame] = phase[i];
    }
  }
  return motion;
}

/** Random numbers in [0, 1) that a seed fixes (mulberry32). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A start and a graph, drawn as the data sets are: state as `simulate` takes it, types (E). */
export function draw(system, nodes, seed) {
  const random = randomNumbers(seed);
  const types = drawTypes(system, nodes, random);
  if (system.kind === "oscillators") {
    const state = new Float64Array(2 * nodes);
    for (let i = 0; i < nodes; i++) {
      const [low, high] = system.frequencies;
      state.set([2 * Math.PI * random(), low + (high - low) * random()], 2 * i);
    }
    return { state, types };
  }
  const state = new Float64Array(4 * nodes);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let i = 0; i < nodes; i++) {
    const angle = 2 * Math.PI * random();
    const [x, y] = [normal() * system.position_scale, normal() * system.position_scale];
    state.set([x, y, system.initial_speed * Math.cos(angle), system.initial_speed * Math.sin(angle)], 4 * i);
  }
  return { state, types };
}

function drawTypes(system, nodes, random) {
  const types = new Uint8Array(nodes * (nodes - 1));
  const charges = Array.from({ length: nodes }, () => random() < 0.5);
  for (let i = 0; i < nodes; i++) {
    for (let j = 0; j < i; j++) {
      const type = system.probabilities ? drawOne(system.probabilities, random()) : Number(charges[i] === charges[j]);
      types[edgeNumber(nodes, i, j)] = types[edgeNumber(nodes, j, i)] = type;
    }
  }
  return types;
}

function drawOne(probabilities, uniform) {
  let reached = 0;
  const found = probabilities.findIndex((probability) => uniform < (reached += probability));
  return found < 0 ? probabilities.length - 1 : found;
}
