/* After MathJax and reveal.js: fit, begin, keys, themes, progress. */
const printing = /print-pdf/i.test(location.search);
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function size() {
  const wide = printing || innerWidth / innerHeight > 1.5;
  return { width: wide ? 1280 : 960, height: 720 };
}

function theme(name) {
  root.dataset.theme = printing ? "light" : name;
}

/* One piece of the line for each section, as wide as it is long. */
function drawProgress() {
  const line = document.querySelector("nav.sections");
  line.replaceChildren();
  for (const stack of document.querySelectorAll(".slides > section")) {
    const piece = document.createElement("span");
    const length = Math.max(1, stack.querySelectorAll(":scope > section").length);
    piece.style.flexGrow = length;
    piece.append(document.createElement("i"));
    line.append(piece);
  }
}

function showProgress() {
  const { h, v } = Reveal.getIndices();
  const pieces = [...document.querySelector("nav.sections").children];
  pieces.forEach((piece, at) => {
    const share = ((v ?? 0) + 1) / piece.style.flexGrow;
    const done = at < h ? 1 : at > h ? 0 : Math.min(1, share);
    piece.firstChild.style.width = `${100 * done}%`;
  });
}

function toggleCode() {
  const slide = Reveal.getCurrentSlide();
  if (slide.querySelector(".panel")?.childElementCount)
    slide.classList.toggle("with-code");
}

/* Explorers of our own notebooks: modules of the kind that anywidget runs,
   on a model that only holds a state. */
function model(state) {
  const heard = {};
  return {
    get: (name) => state[name],
    set(name, to) {
      state[name] = to;
      for (const call of heard[`change:${name}`] ?? []) call();
    },
    on: (event, call) => (heard[event] ??= []).push(call),
    off(event, call) {
      heard[event] = (heard[event] ?? []).filter((one) => one !== call);
    },
    save_changes() {},
  };
}

async function explore(element) {
  const { module, state } = element.dataset;
  const { default: explorer } = await import(
    `data:text/javascript;base64,${module}`);
  await explorer.render({ model: model(JSON.parse(state)), el: element });
}

function refit() {
  const { width } = size();
  if (Reveal.getConfig().width === width) return;
  const id = Reveal.getCurrentSlide()?.id.replace(/^(s\d+-\d+)-\d+$/, "$1");
  begin();
  Reveal.configure(size());
  Reveal.sync();
  const at = Reveal.getIndices(document.getElementById(id));
  Reveal.slide(at.h, at.v);
}

function begin() {
  Fit.deck(size());
  drawProgress();
}

async function start() {
  theme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
  await MathJax.startup.promise;
  await document.fonts.ready;
  await Promise.allSettled([...document.images].map((image) => image.decode()));
  begin();
  Reveal.on("ready", showProgress);
  Reveal.on("slidechanged", showProgress);
  Reveal.on("slidechanged", ({ previousSlide }) =>
    previousSlide?.classList.remove("with-code"));
  await Reveal.initialize({
    ...size(),
    margin: 0,
    center: false,
    controls: false,
    progress: false,
    hash: true,
    postMessage: false,
    transition: "none",
    backgroundTransition: "none",
    pdfSeparateFragments: false,
  });
  const key = (code, name, description, call) =>
    Reveal.addKeyBinding({ keyCode: code, key: name, description }, call);
  key(67, "C", "Show the code of this slide", toggleCode);
  key(68, "D", "Dark or light", () =>
    theme(root.dataset.theme === "dark" ? "light" : "dark"));
  key(83, "S", "Speaker's notes and clock", Speaker.open);
  document.addEventListener("click", ({ target }) =>
    target.closest(".show-code") && toggleCode());
  addEventListener("resize", refit);
  const explorers = document.querySelectorAll("[data-module]");
  await Promise.all([...explorers].map(explore));
  root.classList.add("ready");
}

start();
