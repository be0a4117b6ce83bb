// What is seen, in the fragment of the page's address: a link restores it.

const MARK = "#explorer&";

/** What is seen of a run before anything has been chosen; the graph is the view's usual one. */
export function freshChoice(run) {
  const live = { mode: "test", seed: 1, yours: null, start: null, revealed: false };
  return { run, sample: 0, frame: 0, graph: null, ...live, hidden: [], over: 50, only: null, turn: 45 };
}

/** The choices that an address holds; null where it holds none. */
export function readAddress(hash, runs) {
  if (!hash.startsWith(MARK)) return null;
  const fields = new URLSearchParams(hash.slice(MARK.length));
  const run = fields.get("run");
  if (!runs.includes(run)) return null;
  const whole = (name, otherwise) => (/^\d+$/.test(fields.get(name) ?? "") ? Number(fields.get(name)) : otherwise);
  const start = fields.get("start")?.split(",").map(Number);
  const fresh = freshChoice(run);
  return {
    ...fresh,
    mode: fields.has("throw") ? "throw" : "test",
    sample: whole("sample", 1) - 1,
    seed: whole("throw", 1),
    frame: whole("frame", 0),
    graph: fields.get("graph"),
    yours: fields.get("yours") ? Uint8Array.from(fields.get("yours"), Number) : null,
    start: start?.every(Number.isFinite) ? Float64Array.from(start) : null,
    revealed: fields.has("revealed"),
    hidden: (fields.get("hidden") ?? "").split(",").filter(Boolean).map(Number),
    over: Math.min(whole("over", fresh.over), 99),
    only: whole("only", null),
    turn: whole("turn", fresh.turn),
  };
}

/** The fragment of choices. */
export function writeAddress(choice) {
  const fields = [["run", choice.run]];
  if (choice.mode === "throw") fields.push(["throw", choice.seed]);
  else fields.push(["sample", choice.sample + 1]);
  fields.push(["frame", Math.round(choice.frame)], ["graph", choice.graph]);
  if (choice.yours) fields.push(["yours", choice.yours.join("")]);
  if (choice.start) fields.push(["start", Array.from(choice.start, (value) => Number(value.toFixed(4))).join(",")]);
  if (choice.revealed) fields.push(["revealed", ""]);
  const fresh = freshChoice(choice.run);
  if (choice.hidden.length) fields.push(["hidden", choice.hidden.join(",")]);
  for (const name of ["over", "only", "turn"]) if (choice[name] !== fresh[name]) fields.push([name, choice[name]]);
  return MARK + fields.map(([name, value]) => (value === "" ? name : `${name}=${value}`)).join("&");
}
