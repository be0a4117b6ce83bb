// A play of basketball on its half of the court: players by team and number, and the ball.

import { Arrows } from "./arrows.js";
import { svg } from "./dom.js";
import { HALF, PlaneStage } from "./plane_stage.js";

const MARGIN = 4; // of the picture's side
const RADIUS = { ball: 1.8 }; // others are players

/** The picture of a play; `pick(object)` is called for a click on a player. */
export class CourtStage extends PlaneStage {
  constructor({ run, pick }) {
    const { teams, lines } = run.system;
    super({ colours: teams.map((team) => `ex-of-${team}`), width: 2, label: "The play on the court" });
    this.marks = marks(teams);
    this.lines = lines;
    this.items.forEach(({ ball }, i) => {
      ball.append(svg("title", {}, run.system.names[i]), svg("circle", { r: RADIUS[teams[i]] ?? 2.9 }), svg("text", { y: 1.5 }, this.marks[i]));
      ball.addEventListener("click", () => pick(i));
    });
    this.ground = svg("path", { class: "ex-court" });
    this.behind.append(this.ground);
    this.arrows = new Arrows(this.nodes, run.types);
    this.edges.append(this.arrows.element);
  }

  makeBall(colour) {
    return svg("g", { class: `ex-body ${colour}` });
  }

  /** The whole half of the court, and as far beyond it as the true motion goes. */
  fit() {
    const { motion } = this.scene;
    const points = [...this.lines.flat(), ...Array.from({ length: motion.length / 2 }, (_, at) => [motion[2 * at], motion[2 * at + 1]])];
    const [xs, ys] = [0, 1].map((d) => points.map((point) => point[d]));
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    this.centre = [(left + right) / 2, (low + high) / 2];
    this.scale = (2 * HALF - 2 * MARGIN) / Math.max(right - left, high - low);
    const path = (line) => `M${line.map(([x, y]) => this.screen(x, y).map((value) => value.toFixed(2)).join(" ")).join("L")}`;
    this.ground.setAttribute("d", this.lines.map(path).join(""));
  }

  /** Draws the moment `now`; `drawn`: edges of each type. */
  draw(now, drawn) {
    this.drawPaths(now);
    this.arrows.draw(drawn, this.here);
  }
}

/** The number of each player in his team; the ball has none. */
export function marks(teams) {
  return teams.map((team, i) => (team === "ball" ? "" : String(teams.slice(0, i + 1).filter((other) => other === team).length)));
}
