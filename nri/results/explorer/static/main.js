// The same program in the page and in its worker: here it finds out where it is.

import { Explorer } from "./app.js";
import { makeServer } from "./engine.js";

if (typeof document === "undefined") {
  const serve = makeServer((message) => postMessage(message));
  addEventListener("message", ({ data }) => serve(data));
} else {
  const payloads = [...document.querySelectorAll("script[data-explorer-run]")];
  const names = payloads.map((script) => script.dataset.explorerRun);
  const read = (name) => JSON.parse(payloads[names.indexOf(name)].textContent);
  const titles = payloads.map((script) => [script.dataset.explorerRun, script.dataset.title]);
  const root = document.getElementById("explorer-app");
  root.explorer = new Explorer(root, { names, titles, read }, document.getElementById("explorer-program"));
  root.explorer.start();
}
