/* Parts of a block: lines of code, rows of a table, items, paragraphs. */
const Parts = (() => {
  /* What a block can be parted into: lines, rows, items, paragraphs. */
  function holder(block) {
    let found = block;
    while (found.children.length === 1 && !found.matches("pre, table, ul, ol, p"))
      found = found.firstElementChild;
    return found;
  }

  function count(block) {
    const inside = holder(block);
    if (inside.matches("pre")) return inside.textContent.trimEnd().split("\n").length;
    return inside.matches("table")
      ? inside.tBodies[0]?.rows.length ?? 1 : inside.children.length;
  }

  function part(block, from, to) {
    const copy = block.cloneNode(true);
    const inside = holder(copy);
    if (inside.matches("pre")) inside.replaceChildren(lines(inside, from, to));
    else {
      const list = inside.matches("table") ? inside.tBodies[0].rows : inside.children;
      [...list].forEach((e, at) => (at < from || at >= to) && e.remove());
      if (inside.matches("ol")) inside.start += from;
    }
    return copy;
  }

  function lines(pre, from, to) {
    const range = document.createRange();
    const walk = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
    let line = 0;
    range.selectNodeContents(pre);
    while (walk.nextNode())
      for (let at = 0; at < walk.currentNode.length; at += 1) {
        if (walk.currentNode.data[at] !== "\n") continue;
        line += 1;
        if (line === from) range.setStart(walk.currentNode, at + 1);
        if (line === to) {
          range.setEnd(walk.currentNode, at);
          return range.cloneContents();
        }
      }
    return range.cloneContents();
  }

  return { count, part };
})();
