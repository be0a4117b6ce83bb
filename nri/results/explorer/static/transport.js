// Play, pause, scrub, speed: the moment that is shown, in frames.

import { choice, html, set } from "./dom.js";

const SPEEDS = [0.5, 1, 2, 4];
const SLOW = [0.05, 0.1, 0.25, 1]; // for what is over within seconds
const SHORT = 3; // seconds

/** The moment `now`; `draw` is called for each picture, `settle` when a hand or the end stops it. */
export class Transport {
  /** `frames` of the `total` are seen, the others predicted. */
  constructor({ frame_interval: interval, frames, total }, draw, settle) {
    this.rate = 1 / interval;
    this.frames = frames;
    this.last = total - 1;
    this.draw = draw;
    this.settle = settle;
    this.now = 0;
    this.options = this.last * interval < SHORT ? SLOW : SPEEDS;
    this.speed = this.options[1];
    this.playing = false;
    this.button = html("button", { type: "button", class: "ex-play", onclick: () => this.toggle() });
    this.slider = html("input", {
      type: "range",
      min: 0,
      max: this.last,
      step: 1,
      "aria-label": "Frame",
      oninput: () => this.scrub(),
      onchange: () => this.settle(),
    });
    this.time = html("output", { class: "ex-time" });
    this.speeds = html("div");
    const share = ((100 * this.frames) / this.last).toFixed(1);
    this.element = html(
      "div",
      { class: "ex-transport" },
      this.button,
      html("div", { class: "ex-track", style: `--seen: ${share}%` }, this.slider),
      this.time,
      this.speeds,
    );
    this.showSpeed();
    this.showNow();
  }

  showSpeed() {
    const options = this.options.map((speed) => [speed, `${speed}×`]);
    this.speeds.replaceChildren(choice("Speed", options, this.speed, (speed) => {
      this.speed = speed;
      this.showSpeed();
    }));
  }

  toggle() {
    if (this.playing) {
      this.pause();
      this.settle();
    } else this.play();
  }

  play() {
    if (this.now >= this.last) this.now = 0;
    this.playing = true;
    this.before = null;
    requestAnimationFrame((time) => this.tick(time));
    this.showNow();
  }

  pause() {
    this.playing = false;
    this.showNow();
  }

  tick(time) {
    if (!this.playing || !this.element.isConnected) return;
    const passed = this.before === null ? 0 : Math.min(0.1, (time - this.before) / 1000);
    this.before = time;
    this.now = Math.min(this.last, this.now + passed * this.rate * this.speed);
    if (this.now >= this.last) this.pause();
    this.showNow();
    this.draw();
    if (this.playing) requestAnimationFrame((next) => this.tick(next));
    else this.settle();
  }

  scrub() {
    this.seek(Number(this.slider.value));
  }

  /** Goes to a frame; `quietly` draws nothing yet. */
  seek(frame, quietly = false) {
    this.now = Math.max(0, Math.min(this.last, frame));
    this.pause();
    if (!quietly) this.draw();
  }

  showNow() {
    const label = this.playing ? "Pause" : "Play";
    if (this.button.getAttribute("aria-label") !== label) {
      set(this.button, { "aria-label": label, title: label });
      this.button.textContent = this.playing ? "❚❚" : "▶";
    }
    const whole = Math.floor(this.now);
    if (Number(this.slider.value) !== whole) this.slider.value = whole;
    const text = `frame ${whole} of ${this.last}`;
    if (this.time.textContent !== text) {
      this.time.textContent = text;
      set(this.slider, { "aria-valuetext": whole > this.frames ? `${text}, predicted` : `${text}, seen` });
    }
  }
}
