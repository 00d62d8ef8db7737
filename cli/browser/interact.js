// What a page of pictures does in a browser: pointing at a trial shows it in every picture and in the
// table, brushing an axis or moving its sliders filters, headings sort. The page says all of it without
// this script too. It goes into the page as it is, so it imports nothing; tsc checks its types.

/** @typedef {readonly [x: number, y: number]} Point In the units of its picture. */
/** @typedef {{ element: SVGElement, trial: string, points: readonly Point[] }} Shape */

/** How near one must point, in pixels of the screen. */
const REACH = 14;

const tip = document.createElement('div');
tip.className = 'tip';
tip.hidden = true;
document.body.append(tip);

const pictures = /** @type {SVGSVGElement[]} */ ([...document.querySelectorAll('figure svg')]);
const shapes = new Map(pictures.map((picture) => [picture, shapesOf(picture)]));
/** @type {Map<string, string>} */
const hints = new Map();
/** @type {Map<string, Element[]>} */
const marked = new Map();
for (const element of document.querySelectorAll('[data-trial]')) {
  const trial = element.getAttribute('data-trial') ?? '';
  marked.set(trial, [...(marked.get(trial) ?? []), element]);
  // The browser's own hint would appear beside ours.
  const title = element.querySelector('title');
  if (title === null) continue;
  hints.set(trial, title.textContent ?? '');
  title.remove();
}

/** @type {string | undefined} */
let shown;

/** @param {string | undefined} trial */
function show(trial) {
  if (trial === shown) return;
  for (const element of marked.get(shown ?? '') ?? []) element.classList.remove('on');
  shown = trial;
  document.body.classList.toggle('pointing', trial !== undefined);
  for (const element of marked.get(trial ?? '') ?? []) {
    element.classList.add('on');
    if (element instanceof SVGElement) element.parentNode?.append(element);
  }
}

/**
 * @param {SVGSVGElement} picture
 * @returns {readonly Shape[]}
 */
function shapesOf(picture) {
  /** @type {NodeListOf<SVGElement>} */
  const elements = picture.querySelectorAll('[data-trial]');
  return [...elements].map((element) => ({
    element,
    trial: element.dataset['trial'] ?? '',
    points: pointsOf(element),
  }));
}

/**
 * @param {SVGElement} element
 * @returns {Point[]}
 */
function pointsOf(element) {
  const number = (/** @type {string} */ name) => Number(element.getAttribute(name));
  if (element.tagName === 'circle') return [[number('cx'), number('cy')]];
  if (element.tagName === 'rect') {
    const middle = number('y') + number('height') / 2;
    const [left, width] = [number('x'), number('width')];
    const steps = Math.max(1, Math.ceil(width / REACH));
    return Array.from({ length: steps + 1 }, (_, n) => [left + (width * n) / steps, middle]);
  }
  const path = element.getAttribute('d') ?? '';
  return [...path.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

/**
 * The trial that one points at.
 *
 * @param {SVGSVGElement} picture
 * @param {MouseEvent} event
 */
function nearest(picture, event) {
  const box = picture.getBoundingClientRect();
  const scale = picture.viewBox.baseVal.width / box.width;
  /** @type {Point} */
  const at = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  /** @type {string | undefined} */
  let best;
  let least = REACH * scale;
  for (const { element, trial, points } of shapes.get(picture) ?? []) {
    if (element.classList.contains('off')) continue;
    for (const [n, point] of points.entries()) {
      const before = element.tagName === 'path' ? points[n - 1] : undefined;
      const distance = distanceTo(at, before ?? point, point);
      if (distance >= least) continue;
      best = trial;
      least = distance;
    }
  }
  return best;
}

/**
 * From a point to a stretch of a line.
 *
 * @param {Point} at
 * @param {Point} from
 * @param {Point} to
 */
function distanceTo(at, from, to) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((at[0] - from[0]) * dx + (at[1] - from[1]) * dy) / length;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(at[0] - from[0] - share * dx, at[1] - from[1] - share * dy);
}

for (const picture of pictures) {
  picture.addEventListener('pointermove', (event) => {
    const trial = nearest(picture, event);
    show(trial);
    const hint = trial === undefined ? undefined : hints.get(trial);
    tip.hidden = hint === undefined;
    tip.textContent = hint ?? '';
    tip.style.left = `${Math.min(event.pageX + 14, document.body.clientWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  });
  picture.addEventListener('pointerleave', () => {
    show(undefined);
    tip.hidden = true;
  });
  picture.addEventListener('click', (event) => {
    const trial = nearest(picture, event);
    const row = rowsByTrial.get(trial ?? '');
    row?.scrollIntoView({ block: 'center', behavior: 'smooth' });
    row?.focus({ preventScroll: true });
  });
}

/** @type {NodeListOf<HTMLTableRowElement>} */
const rowList = document.querySelectorAll('tbody tr[data-trial]');
const rows = [...rowList];
const rowsByTrial = new Map(rows.map((row) => [row.dataset['trial'] ?? '', row]));
for (const row of rows) {
  row.addEventListener('focusin', () => show(row.dataset['trial']));
  row.addEventListener('focusout', () => show(undefined));
  row.addEventListener('pointerenter', () => show(row.dataset['trial']));
  row.addEventListener('pointerleave', () => show(undefined));
}

for (const button of document.querySelectorAll('th button')) {
  const heading = button.closest('th');
  if (heading !== null) button.addEventListener('click', () => sortBy(heading));
}

/** @param {HTMLTableCellElement} heading */
function sortBy(heading) {
  const isAscending = heading.getAttribute('aria-sort') !== 'ascending';
  for (const other of heading.parentElement?.children ?? []) other.removeAttribute('aria-sort');
  heading.setAttribute('aria-sort', isAscending ? 'ascending' : 'descending');
  const key = (/** @type {HTMLTableRowElement} */ row) =>
    row.cells[heading.cellIndex]?.dataset['sort'] ?? '';
  const sorted = rows.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === '' || right === '') return Number(left === '') - Number(right === '');
    const numbers = Number(left) - Number(right);
    const order = Number.isNaN(numbers) ? left.localeCompare(right) : numbers;
    return isAscending ? order : -order;
  });
  rows[0]?.parentElement?.append(...sorted);
}

/**
 * An axis of parallel coordinates, and the sliders that say which heights (0 to 1) it lets through.
 *
 * @typedef {{ x: number, top: number, height: number, from: HTMLInputElement, to: HTMLInputElement,
 *   brush: SVGRectElement, shapes: readonly Shape[] }} Rail
 */

/** @type {NodeListOf<SVGGElement>} */
const groups = document.querySelectorAll('.rail');
const rails = [...groups].flatMap((group) => {
  const line = group.querySelector('line');
  /** @type {NodeListOf<HTMLInputElement>} */
  const sliders = document.querySelectorAll(`input[data-rail="${group.dataset['rail'] ?? ''}"]`);
  const [from, to] = sliders;
  const picture = group.ownerSVGElement;
  if (line === null || from === undefined || to === undefined || picture === null) return [];
  const [top, bottom] = [Number(line.getAttribute('y1')), Number(line.getAttribute('y2'))];
  const x = Number(line.getAttribute('x1'));
  const brush = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  brush.setAttribute('class', 'brush');
  brush.setAttribute('x', String(x - 12));
  brush.setAttribute('width', '24');
  group.append(brush);
  /** @type {Rail} */
  const rail = { x, top, height: bottom - top, from, to, brush, shapes: shapes.get(picture) ?? [] };
  brush.addEventListener('pointerdown', (event) => brushWith(rail, picture, event));
  for (const slider of [from, to]) slider.addEventListener('input', filter);
  return [rail];
});

/**
 * The heights between where the pointer went down and where it is now; a click frees the axis.
 *
 * @param {Rail} rail
 * @param {SVGSVGElement} picture
 * @param {PointerEvent} down
 */
function brushWith(rail, picture, down) {
  const heightAt = (/** @type {PointerEvent} */ { clientY }) => {
    const box = picture.getBoundingClientRect();
    const y = ((clientY - box.top) * picture.viewBox.baseVal.width) / box.width;
    return Math.min(1, Math.max(0, 1 - (y - rail.top) / rail.height));
  };
  const start = heightAt(down);
  const drag = (/** @type {PointerEvent} */ event) => {
    const now = heightAt(event);
    const isClick = Math.abs(now - start) < 0.01;
    rail.from.value = String(isClick ? 0 : Math.min(start, now));
    rail.to.value = String(isClick ? 1 : Math.max(start, now));
    filter();
  };
  down.preventDefault();
  rail.brush.setPointerCapture(down.pointerId);
  rail.brush.addEventListener('pointermove', drag);
  const end = (/** @type {PointerEvent} */ event) => {
    drag(event);
    rail.brush.removeEventListener('pointermove', drag);
  };
  rail.brush.addEventListener('pointerup', end, { once: true });
}

function filter() {
  /** @type {Set<string>} */
  const hidden = new Set();
  for (const { x, top, height, from, to, brush, shapes: lines } of rails) {
    const [low, high] = [Number(from.value), Number(to.value)];
    const isFree = low <= 0 && high >= 1;
    brush.classList.toggle('set', !isFree);
    brush.setAttribute('y', String(top + (isFree ? 0 : 1 - high) * height));
    brush.setAttribute('height', String(isFree ? height : Math.max(0, high - low) * height));
    if (isFree) continue;
    for (const { trial, points } of lines) {
      // A trial without a value on this axis is not between two of them.
      const point = points.find(([at]) => Math.abs(at - x) < 0.5);
      const place = point === undefined ? Number.NaN : 1 - (point[1] - top) / height;
      if (!(place >= low - 1e-6 && place <= high + 1e-6)) hidden.add(trial);
    }
  }
  for (const [trial, elements] of marked) {
    for (const element of elements) element.classList.toggle('off', hidden.has(trial));
  }
  const status = document.querySelector('#shown');
  const left = rows.filter((row) => !row.classList.contains('off')).length;
  if (status !== null) status.textContent = `${left} of ${rows.length} trials`;
}
filter();
