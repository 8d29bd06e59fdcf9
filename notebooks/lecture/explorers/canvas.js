// Pen, finger and mouse are all pointers; what was drawn is sent a few times
// a second and when the pen lifts.
function render({ model, el }) {
  const size = model.get("size");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Draw a digit here, with mouse or finger");
  canvas.style.cssText =
    "touch-action: none; cursor: crosshair; outline: 2px solid #666666;" +
    "display: block; margin: 4px";
  const clear = document.createElement("button");
  clear.textContent = "Clear";
  clear.className = "jupyter-button widget-button";
  el.append(canvas, clear);

  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.lineWidth = model.get("pen");
  pen.lineCap = pen.lineJoin = "round";
  let last = null;
  let timer = null;

  function send() {
    clearTimeout(timer);
    timer = null;
    const { data } = pen.getImageData(0, 0, size, size);
    const ink = new Uint8Array(size * size);
    for (let i = 0; i < ink.length; i++) ink[i] = 255 - data[4 * i];
    const blank = ink.every((pixel) => pixel === 0);
    model.set("pixels", new DataView(blank ? new ArrayBuffer(0) : ink.buffer));
    model.save_changes();
  }
  function show() {
    if (last) return;
    const pixels = model.get("pixels");
    const image = pen.createImageData(size, size);
    image.data.fill(255);
    for (let i = 0; i < pixels.byteLength; i++) {
      const paper = 255 - pixels.getUint8(i);
      image.data.fill(paper, 4 * i, 4 * i + 3);
    }
    pen.putImageData(image, 0, 0);
  }
  function draw(event) {
    const scale = size / canvas.clientWidth;
    const point = [event.offsetX * scale, event.offsetY * scale];
    pen.beginPath();
    pen.moveTo(...(last.point ?? point));
    pen.lineTo(...point);
    pen.stroke();
    last.point = point;
    timer ??= setTimeout(send, 250);
  }
  function lift(event) {
    if (last?.pointer !== event.pointerId) return;
    last = null;
    send();
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (last || event.button !== 0) return;
    last = { pointer: event.pointerId };
    canvas.setPointerCapture(event.pointerId);
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last?.pointer === event.pointerId) draw(event);
  });
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  clear.addEventListener("click", () => {
    last = null;
    pen.clearRect(0, 0, size, size);
    pen.fillStyle = "white";
    pen.fillRect(0, 0, size, size);
    send();
  });
  model.on("change:pixels", show);
  show();
  return () => {
    clearTimeout(timer);
    model.off("change:pixels", show);
  };
}
export default { render };
