// Comfort on top of a page that is complete without it.
(() => {
  // Tables fold their further rows behind a button.
  for (const button of document.querySelectorAll(".unfold")) {
    const figure = button.closest("figure"), words = button.textContent;
    const fold = (folded) => {
      figure.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
      button.textContent = folded ? words : "Fewer rows";
    };
    button.hidden = false;
    button.addEventListener("click", () => fold(!figure.classList.contains("folded")));
    fold(true);
  }

  // A number says what it is where the pointer or the keyboard's focus is.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const show = (event) => {
    const cell = event.target.closest?.("[data-about]");
    tip.hidden = !cell;
    if (!cell) return;
    tip.textContent = cell.dataset.about;
    const place = cell.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const left = Math.min(place.left, innerWidth - size.width - 8);
    const above = place.top - size.height - 6;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above > 0 ? above : place.bottom + 6}px`;
  };
  const hide = () => { tip.hidden = true; };
  document.addEventListener("pointerover", show);
  document.addEventListener("focusin", (event) => (event.target.matches(":focus-visible") ? show(event) : hide()));
  for (const event of ["focusout", "scroll", "click"]) document.addEventListener(event, hide, { capture: true, passive: true });

  // Figures are packed; the page is there before they are.
  const unpack = async (image) => {
    const bytes = Uint8Array.from(atob(image.dataset.packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    image.src = `data:image/svg+xml,${encodeURIComponent(await new Response(stream).text())}`;
  };
  requestAnimationFrame(() => setTimeout(async () => {
    for (const image of document.querySelectorAll("img[data-packed]")) await unpack(image);
  }));

  // A link to an origin opens it; paper shows what is folded.
  const open = () => {
    const target = location.hash.startsWith("#origin-") && document.getElementById(location.hash.slice(1));
    if (target) target.showPopover?.();
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
})();
