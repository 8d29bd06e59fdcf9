/* Before MathJax starts: no menu, no hidden copies, nothing to fetch. */
window.MathJax = {
  tex: {
    inlineMath: [["$", "$"], ["\\(", "\\)"]],
    processEscapes: true,
    tags: "ams",
  },
  svg: { fontCache: "local" },
  options: { enableMenu: false, enableAssistiveMml: false },
};
