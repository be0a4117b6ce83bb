// The explorer: which run is shown, and the address that says what is seen of it.

import { freshChoice, readAddress, writeAddress } from "./address.js";
import { set } from "./dom.js";
import { Engine } from "./engine.js";
import { LiveView } from "./live_view.js";
import { RecordedView } from "./recorded_view.js";

/** The explorer in `root`; `runs` are the payloads by name, read when they are needed. */
export class Explorer {
  constructor(root, runs, program) {
    this.root = root;
    this.runs = runs;
    this.engine = new Engine(program);
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.linked = readAddress(location.hash, runs.names);
    addEventListener("hashchange", () => {
      const linked = readAddress(location.hash, runs.names);
      if (linked) this.open(linked);
    });
  }

  start() {
    this.open(this.linked ?? freshChoice(this.runs.names[0]));
    if (this.linked) this.root.scrollIntoView({ block: "start" });
    else if (this.still) this.showPrediction();
    else this.playWhenSeen();
  }

  playWhenSeen() {
    const { view } = this;
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      watch.disconnect();
      if (!this.touched) view.transport.play();
    }, { threshold: 0.5 });
    watch.observe(view.stage.picture);
  }

  /** Shows what is chosen. */
  open(chosen) {
    if (this.view?.run.name !== chosen.run) {
      this.view?.leave();
      const run = { ...this.runs.read(chosen.run), name: chosen.run };
      this.view = new (run.weights ? LiveView : RecordedView)(this, run);
      this.root.replaceChildren(...this.view.elements);
    }
    this.view.open(chosen);
  }

  busy(busy) {
    set(this.root, { "aria-busy": String(busy) });
  }

  /** Another choice, played from where it begins. */
  begin(chosen) {
    this.open(chosen);
    this.touched = true;
    if (this.still) this.showPrediction();
    else this.view.transport.play();
    this.view.remember();
  }

  /** A moment of the prediction, for whoever wants no motion. */
  showPrediction() {
    this.view.transport.seek(this.view.run.frames + 20);
  }

  /** Keeps a choice in the address. */
  remember(choice) {
    if (this.touched) history.replaceState(null, "", writeAddress(choice));
  }
}
