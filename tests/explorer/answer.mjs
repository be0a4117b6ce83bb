// Answers the questions of tests/test_explorer.py with the page's own modules: JSON in, JSON out.

import { readFileSync } from "node:fs";

const [statics] = process.argv.slice(2);
const { infer, predict, readModel, refine } = await import(`${statics}/model.js`);
const { pickEdges, unpackGraphs } = await import(`${statics}/recorded_view.js`);
const { simulate, draw } = await import(`${statics}/simulation.js`);

const answers = {
  infer: ({ run, x, frames }) => infer(readModel(run), Float64Array.from(x), frames),
  refine: ({ run, x, frames }) => Array.from(refine(readModel(run), Float64Array.from(x), frames), (p) => Array.from(p)),
  predict: ({ run, frame, before, graph, steps }) =>
    predict(readModel(run), Float64Array.from(frame), Float64Array.from(before), graph, steps),
  graphs: ({ packed }) => unpackGraphs(packed).map(({ types, sure }) => ({ types: Array.from(types), sure: Array.from(sure) })),
  edges: ({ packed, run, choice }) => pickEdges(unpackGraphs(packed)[0], run, choice),
  simulate: ({ system, state, types, nodes, frames }) => simulate(system, state, types, nodes, frames),
  draw: ({ system, nodes, seeds }) =>
    Array.from({ length: seeds }, (_, seed) => {
      const { state, types } = draw(system, nodes, seed);
      return { state: Array.from(state), types: Array.from(types) };
    }),
};

const { question, ...about } = JSON.parse(readFileSync(0, "utf8"));
const answer = answers[question](about);
process.stdout.write(JSON.stringify(ArrayBuffer.isView(answer) ? Array.from(answer) : answer));
