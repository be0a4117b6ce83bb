// Elements with attributes, handlers and children in one call.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; attributes that begin with "on" are handlers. */
export function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  set(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Sets attributes that differ from what is there: an attribute that is set anew is drawn anew. */
export function set(element, attributes) {
  for (const name in attributes) {
    const value = attributes[name];
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
  return element;
}

/** A group of buttons of which one is chosen; `options` are [value, label]. */
export function choice(label, options, chosen, choose) {
  return html(
    "div",
    { class: "ex-choice", role: "group", "aria-label": label },
    ...options.map(([value, text]) =>
      html("button", { type: "button", "aria-pressed": String(value === chosen), onclick: () => choose(value) }, text),
    ),
  );
}

/** The point of a pointer event in the units of an SVG. */
export function pointIn(picture, event) {
  const point = new DOMPoint(event.clientX, event.clientY);
  return point.matrixTransform(picture.getScreenCTM().inverse());
}
