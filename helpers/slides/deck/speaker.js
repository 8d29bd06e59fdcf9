/* The speaker's window: notes, the next slide, and where the clock should be. */
const Speaker = (() => {
  const PAGE = `
    <p class="clock"><b data-is="passed"></b> passed
      <span>should be <b data-is="planned"></b></span>
      <span>this section <b data-is="section"></b></span>
      <button data-is="restart">restart the clock</button></p>
    <div class="halves">
      <div data-is="notes" class="notes"></div>
      <div><p>next</p><div class="reveal"><div data-is="next" class="slides"></div></div></div>
    </div>`;
  let view;
  let began;

  const part = (name) => view.document.querySelector(`[data-is=${name}]`);
  const time = (seconds) => {
    const pad = (n) => String(Math.floor(n)).padStart(2, "0");
    return `${Math.floor(seconds / 3600)}:${pad((seconds / 60) % 60)}:${pad(seconds % 60)}`;
  };

  /* Minutes planned before a slide, and those of the part that it is in. */
  function plan(slide) {
    let [before, now] = [0, 0];
    for (const one of Reveal.getSlides()) {
      const minutes = Number(one.dataset.minutes ?? 0);
      if (minutes) [before, now] = [before + now, minutes];
      if (one === slide) break;
    }
    return { before, now };
  }

  function tick() {
    if (!view || view.closed) return;
    part("passed").textContent = time((Date.now() - began) / 1000);
  }

  function next() {
    const slides = Reveal.getSlides();
    const slide = slides[slides.indexOf(Reveal.getCurrentSlide()) + 1];
    if (!slide) return "";
    const copy = slide.cloneNode(true);
    copy.classList.remove("past", "future");
    copy.classList.add("present");
    copy.removeAttribute("hidden");
    copy.style.cssText = "display: block";
    for (const e of copy.querySelectorAll(".fragment"))
      e.classList.add("visible");
    return copy;
  }

  function show() {
    if (!view || view.closed) return;
    const slide = Reveal.getCurrentSlide();
    const { before, now } = plan(slide);
    part("planned").textContent = `${time(60 * before)} to ${time(60 * (before + now))}`;
    part("section").textContent = `${now} min`;
    part("notes").innerHTML = slide.querySelector(".notes")?.innerHTML ?? "";
    part("next").replaceChildren(next());
    tick();
  }

  function open() {
    view = window.open("", "speaker", "width=1100,height=700");
    if (!view) return;
    began ??= Date.now();
    const { document: page } = view;
    page.title = "Notes";
    page.documentElement.className = "speaker";
    page.documentElement.style.cssText = document.documentElement.style.cssText;
    Object.assign(page.documentElement.dataset, document.documentElement.dataset);
    page.head.replaceChildren(
      ...[...document.querySelectorAll("style")].map((e) => page.importNode(e, true)));
    page.body.innerHTML = PAGE;
    part("restart").onclick = () => {
      began = Date.now();
      tick();
    };
    page.onkeydown = ({ key }) => {
      if (["ArrowRight", "ArrowDown", " ", "PageDown"].includes(key)) Reveal.next();
      if (["ArrowLeft", "ArrowUp", "PageUp"].includes(key)) Reveal.prev();
    };
    for (const event of ["slidechanged", "fragmentshown", "fragmenthidden"]) {
      Reveal.off(event, show);
      Reveal.on(event, show);
    }
    setInterval(tick, 1000);
    show();
  }

  return { open };
})();
