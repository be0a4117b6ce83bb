// What is seen, in the fragment of the page's address: a link restores it.

const MARK = "#explorer&";

/** The choices that an address holds; null where it holds none. */
export function readAddress(hash, runs) {
  if (!hash.startsWith(MARK)) return null;
  const fields = new URLSearchParams(hash.slice(MARK.length));
  const run = fields.get("run");
  if (!runs.includes(run)) return null;
  const whole = (name, otherwise) => (/^\d+$/.test(fields.get(name) ?? "") ? Number(fields.get(name)) : otherwise);
  const start = fields.get("start")?.split(",").map(Number);
  return {
    run,
    mode: fields.has("throw") ? "throw" : "test",
    sample: whole("sample", 1) - 1,
    seed: whole("throw", 1),
    frame: whole("frame", 0),
    graph: fields.get("graph") ?? "refined",
    yours: fields.get("yours") ? Uint8Array.from(fields.get("yours"), Number) : null,
    start: start?.every(Number.isFinite) ? Float64Array.from(start) : null,
    revealed: fields.has("revealed"),
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
  return MARK + fields.map(([name, value]) => (value === "" ? name : `${name}=${value}`)).join("&");
}
