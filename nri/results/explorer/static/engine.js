// The model in a worker, so that nothing it computes holds up the picture.

import { infer, predict, readModel, refine } from "./model.js";

const PAUSE = 12; // milliseconds of refinement between looks at what else is asked

/** Answers requests {id, kind, …}; a later refinement ends an earlier one. */
export function makeServer(post) {
  let model = null;
  let latest = null;
  const pause = () => new Promise((resume) => setTimeout(resume, 0));
  return async (request) => {
    const { id, kind } = request;
    if (kind === "load") {
      model = readModel(request.run);
      latest = null;
      post({ id });
    } else if (kind === "infer") {
      post({ id, answer: infer(model, request.x, request.frames) });
    } else if (kind === "predict") {
      post({ id, answer: predict(model, request.frame, request.before, request.graph, request.steps) });
    } else if (kind === "refine") {
      latest = id;
      let since = performance.now();
      for (const answer of refine(model, request.x, request.frames)) {
        post({ id, answer, more: true });
        if (performance.now() - since > PAUSE) {
          await pause();
          if (latest !== id) break;
          since = performance.now();
        }
      }
      post({ id });
    }
  };
}

/** Asks the model; the program itself, in `script`, is what the worker runs. */
export class Engine {
  constructor(script) {
    this.waiting = new Map();
    this.count = 0;
    const receive = (message) => this.receive(message);
    try {
      const address = URL.createObjectURL(new Blob([script.textContent], { type: "text/javascript" }));
      const worker = new Worker(address);
      worker.onmessage = ({ data }) => receive(data);
      this.send = (request) => worker.postMessage(request);
    } catch {
      // Where a page may start no worker, its own thread computes.
      const serve = makeServer((message) => setTimeout(() => receive(message), 0));
      this.send = (request) => setTimeout(() => serve(request), 0);
    }
  }

  receive({ id, answer, more }) {
    const { resolve, step } = this.waiting.get(id);
    if (more) return step(answer);
    this.waiting.delete(id);
    return resolve(answer);
  }

  /** The answer to a request; `step` gets each of several. */
  ask(kind, about, step = null) {
    const id = ++this.count;
    return new Promise((resolve) => {
      this.waiting.set(id, { resolve, step });
      this.send({ id, kind, ...about });
    });
  }
}
