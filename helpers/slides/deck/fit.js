/* Lays each frame out on screens.  It measures in the page and guesses
   nothing: tries layouts and sizes, takes the one that shows most, and parts
   what does not fit.  What it could not fit stands in fitReport.trouble. */
const Fit = (() => {
  const SCALES = [1.25, 1, 0.88, 0.8]; // of the text
  const LEFT = [0.3, 0.4, 0.5]; // of the width
  const LEAST = { picture: 0.75, code: 15, zoom: 0.75, shrunk: 0.5 };
  const MOST = { picture: 1.6, code: 22 };
  const report = (window.fitReport = { seconds: 0, frames: 0, screens: 0, trouble: [] });
  const widths = new WeakMap();
  let frames;

  const make = (name, ...children) => {
    const element = document.createElement("div");
    element.className = name;
    element.append(...children);
    return element;
  };
  const is = (kind) => (block) => block.classList.contains(kind);
  const all = (root, what) => [...root.querySelectorAll(what)];

  /* --- One layout --- */

  /* Code and what it prints stand side by side where both are short. */
  function pairs(blocks) {
    const found = [];
    for (const block of blocks) {
      const last = found.at(-1);
      const same = last?.dataset.cell === block.dataset.cell;
      if (same && is("pair")(last)) last.append(block);
      else if (same && is("code")(last) && is("output")(block)) {
        found.push(make("pair", found.pop(), block));
        found.at(-1).dataset.cell = block.dataset.cell;
      } else found.push(block);
    }
    return found;
  }

  function arrange(body, blocks, left) {
    const drawn = blocks.some(is("picture")) ? ["picture"] : ["code", "output"];
    const shown = blocks.filter((b) => drawn.some((kind) => is(kind)(b)));
    const told = blocks.filter((b) => !shown.includes(b));
    body.classList.toggle("beside", left > 0);
    if (!left) return body.replaceChildren(...pairs(blocks));
    body.style.setProperty("--left", `${left}fr`);
    body.style.setProperty("--right", `${1 - left}fr`);
    body.replaceChildren(
      make("column", ...pairs(told)), make("column", ...pairs(shown)));
  }

  /* The width of the longest line of a block's code, in its letters' size. */
  function lineWidth(block) {
    if (widths.has(block)) return widths.get(block);
    block.classList.remove("wraps");
    const size = parseFloat(getComputedStyle(block).fontSize);
    const lines = all(block, "pre").map((pre) => {
      const range = document.createRange();
      range.selectNodeContents(pre);
      return range.getBoundingClientRect().width / size;
    });
    widths.set(block, Math.max(0, ...lines));
    return widths.get(block);
  }

  /* Makes lines of code as large as they fit; those of the least size wrap. */
  function sizeCode(body, scale) {
    const blocks = all(body, ".code, .output");
    const lines = blocks.map(lineWidth);
    const rooms = blocks.map((b) => b.closest(".column, .body").clientWidth - 34);
    const sizes = blocks.map((_, at) =>
      Math.min(MOST.code, 20 * scale, rooms[at] / lines[at]));
    blocks.forEach((block, at) => {
      block.classList.toggle("wraps", sizes[at] < LEAST.code);
      block.style.fontSize = `${Math.max(sizes[at], LEAST.code)}px`;
    });
    return Math.min(Infinity, ...sizes);
  }

  /* Makes formulas and tables that are too wide smaller. */
  function zoomWide(body) {
    const found = all(body, "mjx-container[display], table, .explorer > *");
    for (const wide of found) wide.style.zoom = "";
    const shares = found.map((wide) => {
      const inner = wide.querySelector(":scope > svg") ?? wide;
      const width = Math.max(inner.getBoundingClientRect().width, wide.scrollWidth);
      return wide.closest(".block").clientWidth / (width || 1);
    });
    found.forEach((wide, at) => {
      const zoom = Math.max(0.99 * shares[at], LEAST.shrunk);
      if (shares[at] < 1) wide.style.zoom = zoom;
    });
    return Math.min(1, ...shares);
  }

  /* How large pictures are, of the size at which their letters read well. */
  function pictures(body) {
    return Math.min(Infinity, ...all(body, ".picture img").map((image) => {
      const { naturalWidth: width, naturalHeight: height } = image;
      const shown = Math.min(
        image.clientWidth / width, image.clientHeight / height);
      return shown / Math.min(1, 800 / width, 500 / height);
    }));
  }

  /* Gives each picture its own shape, so that its numbers stand under it. */
  function settle(body) {
    const images = all(body, ".picture img");
    const sizes = images.map((image) => {
      const { naturalWidth: width, naturalHeight: height } = image;
      const share = Math.min(image.clientWidth / width, image.clientHeight / height,
        MOST.picture * Math.min(1, 800 / width, 500 / height));
      return `flex: none; width: ${share * width}px; height: ${share * height}px`;
    });
    images.forEach((image, at) => (image.style.cssText = sizes[at]));
  }

  const overflows = (body) =>
    [body, ...all(body, ".column, .block")].some((e) =>
      e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1);

  /* Returns how good a layout is, 0 if something does not fit. */
  function value(body, left, scale) {
    body.style.setProperty("--scale", scale);
    for (const image of all(body, ".picture img")) image.style.cssText = "";
    const code = sizeCode(body, scale);
    const zoom = zoomWide(body);
    const picture = pictures(body);
    if (overflows(body) || picture < LEAST.picture) return 0;
    if (left && (code < LEAST.code || zoom < LEAST.zoom)) return 0;
    return 2 * Math.min(picture, MOST.picture) + Math.min(scale, 1.15)
      + Math.min(code, 20) / 40 + zoom + (left ? 0 : 0.02);
  }

  /* Columns, where there is something for both; else none. */
  const lefts = (blocks) =>
    blocks.some(is("text")) && !blocks.every(is("text")) ? [0, ...LEFT] : [0];

  /* Lays blocks out as well as it can; says whether they fit. */
  function best(body, blocks) {
    let found = { value: 0 };
    for (const left of lefts(blocks)) {
      arrange(body, blocks, left);
      for (const scale of SCALES) {
        const now = value(body, left, scale);
        if (now > found.value) found = { value: now, left, scale };
        if (now) break;
      }
    }
    if (found.value) {
      arrange(body, blocks, found.left);
      value(body, found.left, found.scale);
      settle(body);
    }
    return found.value > 0;
  }

  const fits = (body, blocks) => lefts(blocks).some((left) => {
    arrange(body, blocks, left);
    return value(body, left, SCALES.at(-1));
  });

  /* --- What does not fit on one screen --- */

  /* Returns how many of the first blocks a screen takes, 0 if not even one:
     as many as fit, code and what it shows rather together. */
  function prefix(body, blocks) {
    const together = (n) => blocks[n] && is("output")(blocks[n])
      && blocks[n].dataset.cell === blocks[n - 1].dataset.cell;
    const counts = blocks.map((_, at) => blocks.length - at);
    const order = [
      ...counts.filter((n) => !together(n)), ...counts.filter(together)];
    return order.find((n) => fits(body, blocks.slice(0, n))) ?? 0;
  }

  /* Parts the first block: what fits, and the rest. */
  function divide(body, block) {
    let [low, high] = [1, Parts.count(block)];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(body, [Parts.part(block, 0, middle)])) low = middle;
      else high = middle - 1;
    }
    return low < Parts.count(block)
      ? [Parts.part(block, 0, low), Parts.part(block, low, Parts.count(block))] : [block];
  }

  /* --- Frames and screens --- */

  function screens(frame) {
    let left = frame.blocks;
    const made = [];
    do {
      const screen = frame.shell.cloneNode(true);
      const body = screen.querySelector(".body");
      frame.stack.append(screen);
      for (const e of [screen, frame.stack]) e.classList.add("measured");
      let count = left.length && (best(body, left) ? left.length : prefix(body, left));
      if (left.length && !count) {
        left = [...divide(body, left[0]), ...left.slice(1)];
        count = 1;
      }
      const taken = left.slice(0, count);
      if (taken.length && !best(body, taken)) shrink(frame, body, taken);
      left = left.slice(count);
      steps(taken);
      for (const e of [screen, frame.stack]) e.classList.remove("measured");
      made.push(screen);
    } while (left.length);
    return made;
  }

  /* The last resort: one thing that fits on no screen. */
  function shrink(frame, body, blocks) {
    arrange(body, blocks, 0);
    value(body, 0, SCALES.at(-1));
    const zoom = zoomWide(body);
    const [block] = blocks;
    let share = 1;
    while (overflows(body) && share > 0.2) {
      share *= 0.9;
      block.style.zoom = share;
    }
    const least = Math.min(share, zoom, pictures(body));
    if (least < LEAST.shrunk)
      report.trouble.push(
        { slide: frame.shell.id, what: `shown at ${Math.round(100 * least)} %` });
  }

  function steps(blocks) {
    const first = Math.min(...blocks.map((block) => +block.dataset.step));
    for (const block of blocks) {
      const step = block.dataset.step - first;
      block.classList.toggle("fragment", step > 0);
      if (step) block.dataset.fragmentIndex = step;
    }
  }

  function remember(section) {
    const blocks = all(section, ".body > .block");
    const code = blocks.filter(is("hidden-code"));
    const panel = section.querySelector(".panel");
    panel.append(...code);
    section.querySelector(".show-code").hidden = !code.length;
    section.querySelector(".body").replaceChildren();
    const stack = section.parentElement;
    section.remove();
    return { shell: section, stack, blocks: blocks.filter((b) => !code.includes(b)) };
  }

  /* Lays all frames out anew for a page of this size. */
  function deck(size) {
    const begin = performance.now();
    const root = document.documentElement;
    root.style.setProperty("--width", `${size.width}px`);
    root.style.setProperty("--height", `${size.height}px`);
    root.dataset.shape = size.width > 1000 ? "wide" : "narrow";
    frames ??= all(document, "section section").map(remember);
    for (const old of all(document, "section section")) old.remove();
    root.classList.add("fitting");
    Object.assign(report, { frames: frames.length, screens: 0, trouble: [] });
    for (const frame of frames) {
      const made = screens(frame);
      made.forEach((screen, at) => {
        screen.id = at ? `${frame.shell.id}-${at + 1}` : frame.shell.id;
        screen.dataset.minutes = at ? 0 : frame.shell.dataset.minutes;
        if (made.length > 1)
          screen.querySelector(".part").textContent = `${at + 1} of ${made.length}`;
      });
      report.screens += made.length;
    }
    root.classList.remove("fitting");
    const pages = all(document, ".page");
    pages.forEach((page, at) =>
      (page.textContent = `${at + 2} / ${pages.length + 1}`));
    report.seconds = (performance.now() - begin) / 1000;
    return report;
  }

  return { deck };
})();
