// Draws a process diagram and shows where a case is in it.
//
// The page has, for each diagram, a frame with `data-diagram`: the id of a
// <script type="application/json"> that holds the data, or `data-diagram-url` with an address of
// our own that answers the same:
//   {"xml": "<definitions …>", "done": ["id"], "current": ["id"], "duty": ["id"], "warning": ["id"]}
// `done` has the ids of steps and of flows. When `done` or `current` is given, every other step is
// marked as not reached.
//
// The drawing is as large as the zoom makes it and the frame scrolls, so that finger, wheel,
// keyboard and scroll bar all move it as they move any page.
import Viewer from 'bpmn-js/lib/Viewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';

const FONT_SIZE = 12;
const READABLE = 14 / FONT_SIZE;
const OVERVIEW = 9 / FONT_SIZE; // below this the names can't be read: tags say where the case is
const MARGIN = 16;
const STEP = 1.25;
const NARROW = 640;

const dataOf = async (frame) => {
  const { diagram, diagramUrl } = frame.dataset;
  if (diagram) return JSON.parse(document.getElementById(diagram).textContent);
  const response = await fetch(diagramUrl, { headers: { Accept: 'application/json' } });
  if (!response.ok) throw new Error(`the diagram was answered with ${response.status}`);
  return response.json();
};

const isStep = (element) =>
  !element.labelTarget &&
  ['bpmn:Activity', 'bpmn:Event', 'bpmn:Gateway'].some((type) =>
    element.businessObject?.$instanceOf?.(type),
  );

// Whether it is a sub-process that is drawn around some of these.
const isAround = (element, ids) => (element.children ?? []).some(({ id }) => ids.includes(id));

function mark(viewer, { done = [], current = [], duty = [], warning = [] }) {
  const canvas = viewer.get('canvas');
  const elements = viewer.get('elementRegistry');
  const marked = { done, current, duty, warning };
  for (const [marker, ids] of Object.entries(marked)) {
    for (const id of ids) {
      const element = elements.get(id);
      if (element) canvas.addMarker(id, isAround(element, ids) ? `${marker}-around` : marker);
    }
  }
  if (!done.length && !current.length) return;

  const reached = new Set([...done, ...current]);
  for (const element of elements.filter(isStep)) {
    if (!reached.has(element.id)) canvas.addMarker(element, 'todo');
  }
}

// What is marked, without a sub-process that is drawn around it.
const innermost = (viewer, ids) =>
  ids
    .map((id) => viewer.get('elementRegistry').get(id))
    .filter((element) => element && !isAround(element, ids));

function tag(viewer, ids) {
  for (const { id, businessObject } of innermost(viewer, ids)) {
    const html = document.createElement('div');
    html.className = 'tr-diagram-tag';
    html.ariaHidden = 'true';
    html.textContent = businessObject.name ?? '';
    viewer.get('overlays').add(id, 'now', { position: { bottom: -8, left: 0 }, html, scale: false });
  }
}

class Drawing {
  constructor(frame, viewer, current) {
    this.frame = frame;
    this.scroll = frame.querySelector('.tr-diagram-scroll');
    this.holder = frame.querySelector('.tr-diagram-canvas');
    this.canvas = viewer.get('canvas');
    [this.first] = innermost(viewer, current);
  }

  // Zoom at which the whole width is seen, never larger than what is comfortable to read.
  fit() {
    const { width } = this.canvas.viewbox().inner;
    return Math.min((this.scroll.clientWidth - 2 * MARGIN) / width, READABLE);
  }

  zoomTo(zoom) {
    const { inner } = this.canvas.viewbox();
    const width = inner.width * zoom + 2 * MARGIN;
    const height = inner.height * zoom + 2 * MARGIN;
    const { scroll } = this;
    const at = this.zoom && {
      x: (scroll.scrollLeft + scroll.clientWidth / 2) / this.holder.clientWidth,
      y: (scroll.scrollTop + scroll.clientHeight / 2) / this.holder.clientHeight,
    };
    this.holder.style.width = `${width}px`;
    this.holder.style.height = `${height}px`;
    this.canvas.resized();
    this.canvas.viewbox({
      x: inner.x - MARGIN / zoom,
      y: inner.y - MARGIN / zoom,
      width: width / zoom,
      height: height / zoom,
    });
    this.zoom = zoom;
    this.frame.classList.toggle('is-overview', zoom < OVERVIEW);
    if (at) {
      scroll.scrollLeft = at.x * width - scroll.clientWidth / 2;
      scroll.scrollTop = at.y * height - scroll.clientHeight / 2;
    }
  }

  centre() {
    const element = this.first;
    if (!element) return;
    const { inner } = this.canvas.viewbox();
    const { scroll, zoom } = this;
    scroll.scrollLeft =
      (element.x + element.width / 2 - inner.x) * zoom + MARGIN - scroll.clientWidth / 2;
    scroll.scrollTop =
      (element.y + element.height / 2 - inner.y) * zoom + MARGIN - scroll.clientHeight / 2;
  }

  open() {
    this.zoomTo(window.innerWidth < NARROW ? READABLE : this.fit());
    this.centre();
  }
}

function wireButtons(frame, drawing) {
  const actions = {
    in: () => drawing.zoomTo(Math.min(drawing.zoom * STEP, 4)),
    out: () => drawing.zoomTo(Math.max(drawing.zoom / STEP, 0.2)),
    fit: () => drawing.zoomTo(drawing.fit()),
  };
  for (const button of frame.querySelectorAll('[data-zoom]')) {
    button.hidden = false;
    button.addEventListener('click', actions[button.dataset.zoom]);
  }
}

function wireDrag(scroll) {
  let from = null;
  scroll.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    from = { x: event.clientX + scroll.scrollLeft, y: event.clientY + scroll.scrollTop };
  });
  window.addEventListener('pointermove', (event) => {
    if (!from) return;
    scroll.classList.add('is-dragged');
    scroll.scrollLeft = from.x - event.clientX;
    scroll.scrollTop = from.y - event.clientY;
  });
  window.addEventListener('pointerup', () => {
    from = null;
    scroll.classList.remove('is-dragged');
  });
}

async function draw(frame) {
  const scroll = frame.querySelector('.tr-diagram-scroll');
  const holder = frame.querySelector('.tr-diagram-canvas');
  const data = await dataOf(frame);
  await document.fonts.ready;
  const font = { fontFamily: 'Inter, sans-serif', fontSize: FONT_SIZE, lineHeight: 1.2 };
  const waiting = [...holder.childNodes];
  const viewer = new Viewer({
    container: holder,
    textRenderer: { defaultStyle: font, externalStyle: { ...font, fontSize: 11 } },
  });
  const { warnings } = await viewer.importXML(data.xml);
  warnings.forEach((warning) => console.warn(warning));
  waiting.forEach((node) => node.remove());
  scroll.classList.add('is-drawn');
  mark(viewer, data);
  tag(viewer, data.current ?? []);

  const svg = holder.querySelector('svg');
  svg.removeAttribute('tabindex');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', scroll.getAttribute('aria-label'));
  // The bpmn.io mark must always be seen: it belongs to the frame, not to what scrolls.
  frame.append(holder.querySelector('.bjs-powered-by'));

  const drawing = new Drawing(frame, viewer, data.current ?? data.warning ?? []);
  drawing.open();
  viewer.on('root.set', () => drawing.zoomTo(drawing.fit()));
  wireButtons(frame, drawing);
  wireDrag(scroll);
  frame.dataset.drawn = 'true';
}

for (const frame of document.querySelectorAll('.tr-diagram')) {
  draw(frame).catch((error) => {
    console.error(error);
    frame.dataset.drawn = 'false';
    frame.querySelector('.tr-diagram-canvas').textContent = frame.dataset.failed;
  });
}
