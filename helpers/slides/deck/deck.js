/* After MathJax and reveal.js: the layout follows the shape of the window. */
const printing = /print-pdf/i.test(location.search);

function size() {
  const wide = printing || innerWidth / innerHeight > 1.5;
  const name = wide ? "wide" : "narrow";
  document.documentElement.dataset.layout = name;
  return { width: LAYOUTS[name].width, height: HEIGHT };
}

size();
MathJax.startup.promise.then(() => document.fonts.ready).then(() => {
  addEventListener("resize", () => Reveal.configure(size()));
  return Reveal.initialize({
    ...size(),
    margin: 0,
    center: false,
    controls: false,
    hash: true,
    transition: "none",
    backgroundTransition: "none",
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
  });
});
