// What scripts add to charts that the silo has drawn: a readout under the pointer, zoom, and pictures as PNG.
import { view } from './view.js';

const pictureScale = 2;       // pixels of a picture per pixel of the drawing
const mostRead = 6;           // series in a readout
const leastDrag = 6;          // pixels: less is a click
const known = new WeakMap();

const figure = value => Number(value.toPrecision(5)).toString();

/* The points of a path, in thousandths of the chart's area. */
function points(path) {
  if (!known.has(path)) known.set(path, [...path.getAttribute('d').matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(one => [Number(one[1]), Number(one[2])]));
  return known.get(path);
}

function nearest(all, across) {
  let first = 0, last = all.length - 1;
  while (last - first > 1) {
    const middle = (first + last) >> 1;
    if (all[middle][0] < across) first = middle;
    else last = middle;
  }
  return Math.abs(all[first][0] - across) <= Math.abs(all[last][0] - across) ? all[first] : all[last];
}

/* The area that the axes enclose, and its scales. */
class Area {
  constructor(chart) {
    const box = chart.getBoundingClientRect();
    const [low, high, kind] = chart.dataset.chartY.split(' ');
    Object.assign(this, { left: box.left, top: box.top, width: box.width, height: box.height, low: Number(low), high: Number(high), log: kind === 'log' });
    [this.first, this.last] = chart.dataset.chartX.split(' ').map(Number);
  }

  across(event) { return Math.min(1, Math.max(0, (event.clientX - this.left) / this.width)); }

  x(across) { return this.first + across * (this.last - this.first); }

  y(up) { return this.log ? Math.exp(Math.log(this.low) + up * (Math.log(this.high) - Math.log(this.low))) : this.low + up * (this.high - this.low); }
}

function readout(chart) {
  let output = chart.parentElement.querySelector('.readout');
  if (!output) {
    output = document.createElement('p');
    output.className = 'readout';
    chart.after(output);
  }
  return output;
}

function mark(chart, name) {
  let shape = chart.querySelector(`.${name}`);
  if (!shape) {
    shape = document.createElementNS('http://www.w3.org/2000/svg', name === 'zoom' ? 'rect' : 'line');
    shape.setAttribute('class', name);
    shape.setAttribute(name === 'zoom' ? 'y' : 'y1', '0');
    shape.setAttribute(name === 'zoom' ? 'height' : 'y2', '100%');
    chart.append(shape);
  }
  return shape;
}

function read(chart, event) {
  const area = new Area(chart), across = area.across(event), down = (event.clientY - area.top) / area.height;
  const found = [...chart.querySelectorAll('.lines path[data-name]')].filter(path => points(path).length > 0).map(path => {
    const [x, y] = nearest(points(path), across * 1000);
    return { path, x, up: 1 - y / 1000, distance: Math.abs(y / 1000 - down) + Math.abs(x / 1000 - across) };
  }).sort((one, other) => one.distance - other.distance).slice(0, mostRead);
  if (found.length === 0) return;
  for (const path of chart.querySelectorAll('.near')) path.classList.remove('near');
  found[0].path.classList.add('near');
  const cursor = mark(chart, 'cursor');
  for (const end of ['x1', 'x2']) cursor.setAttribute(end, `${across * 100}%`);
  readout(chart).textContent = `at ${figure(area.x(across))}: ${found.map(one => `${one.path.dataset.name} ${figure(area.y(one.up))}`).join(' · ')}`;
}

function clear(chart) {
  for (const path of chart.querySelectorAll('.near')) path.classList.remove('near');
  chart.querySelector('.cursor')?.remove();
  chart.querySelector('.zoom')?.remove();
}

/* Draws a chart's file onto a canvas, and saves that. */
async function savePicture(link) {
  const picture = new Image();
  picture.src = link.href;
  await picture.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.width * pictureScale, picture.height * pictureScale];
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  const saved = document.createElement('a');
  saved.href = URL.createObjectURL(await new Promise(done => canvas.toBlob(done, 'image/png')));
  saved.download = link.download;
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 10000);
}

export const charts = {
  /* refresh: draws the page's parts anew, as the address asks. */
  begin(refresh) {
    view.onChange = refresh;
    for (const link of document.querySelectorAll('[data-png]')) link.hidden = false;
    let drag = null;
    const at = event => event.target.closest?.('svg.chart');
    document.addEventListener('click', event => {
      const link = event.target.closest('[data-png]');
      if (!link) return;
      event.preventDefault();
      savePicture(link);
    });
    document.addEventListener('pointermove', event => {
      const chart = drag?.chart ?? at(event);
      if (!chart) return document.querySelectorAll('svg.chart:has(.cursor)').forEach(clear);
      read(chart, event);
      if (!drag) return;
      const area = new Area(chart), [from, to] = [drag.from, area.across(event)].sort((one, other) => one - other), zoom = mark(chart, 'zoom');
      zoom.setAttribute('x', `${from * 100}%`);
      zoom.setAttribute('width', `${(to - from) * 100}%`);
    });
    document.addEventListener('pointerdown', event => {
      const chart = at(event);
      if (!chart || event.button !== 0 || event.pointerType !== 'mouse' || !chart.closest('[data-zoom]')) return;
      event.preventDefault();
      drag = { chart, from: new Area(chart).across(event) };
    });
    document.addEventListener('pointerup', event => {
      if (!drag) return;
      const { chart, from } = drag, area = new Area(chart), to = area.across(event);
      drag = null;
      clear(chart);
      if (Math.abs(to - from) * area.width < leastDrag) return;
      const [left, right] = [from, to].map(one => area.x(one)).sort((one, other) => one - other);
      view.set({ from: figure(left), to: figure(right) });
      view.onChange();
    });
    document.addEventListener('dblclick', event => {
      if (!at(event)?.closest('[data-zoom]')) return;
      view.set({ from: null, to: null });
      view.onChange();
    });
  },
};
