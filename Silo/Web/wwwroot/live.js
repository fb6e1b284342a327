// The live charts and parts of a run's page.
import uPlot from './uPlot.esm.js';
import { speak } from './spoken.js';
import { view } from './view.js';

const silence = 8000;         // ms without a message after which a page is stale: the silo sends one at least every 3 s
const triesBeforePolling = 3;
const rateSmoothing = 0.9;
const usualSmoothing = 0.8;
const mostPoints = 80;        // maximum number of points per series: more would hide its line
const leastDrag = 6;          // pixels: less is a click
const css = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/* The steps of a run, from the silo's rows. */
class Steps {
  width = 0;
  columns = {};
  epochs = [];
  marks = [];

  /* Adds rows; false where they do not match the known ones, and all must be fetched. */
  add(rows) {
    if (rows.from > this.x.length || (rows.width !== this.width && rows.from > 0)) return false;
    this.width = rows.width;
    for (const name of ['steps', 'loss', 'learningRate', 'gradientNorm', 'clipShare', 'stepsPerSecond'])
      this.columns[name] = (this.columns[name] ?? []).slice(0, rows.from).concat(rows[name]);
    const first = rows.epochs.length > 0 ? rows.epochs[0].epoch : Infinity;
    this.epochs = this.epochs.filter(epoch => epoch.epoch < first).concat(rows.epochs);
    this.marks = rows.marks;
    return true;
  }

  get x() { return this.columns.steps ?? []; }

  /* Validation losses at the rows of their epochs' ends. */
  get validation() {
    const x = this.x, at = new Array(x.length).fill(null);
    let row = 0;
    for (const epoch of x.length > 0 ? this.epochs : []) {
      while (row < x.length - 1 && x[row] < epoch.step) row++;
      if (epoch.validationLoss !== null) at[row] = epoch.validationLoss;
    }
    return at;
  }
}

/* An exponential mean with bias correction. */
function smooth(values, weight) {
  let sum = 0, count = 0;
  return values.map(value => {
    if (value === null || weight === 0) return value;
    sum = weight * sum + (1 - weight) * value;
    count++;
    return sum / (1 - weight ** count);
  });
}

const positive = values => values.map(value => value !== null && value > 0 ? value : null);
const figure = value => value === null || value === undefined ? '–' : Number(value.toPrecision(4)).toString();

/* One live chart; redrawn when colours, axis or width change. What it shows of the horizontal axis stands in the page's address. */
class Chart {
  static pending = 0;

  constructor(place, series, { log = false, percent = false, label } = {}) {
    Object.assign(this, { place, series, log, percent, label, data: null, marks: [], plot: null, onZoom: () => this.draw(), onPick: () => {} });
    new ResizeObserver(() => this.plot && this.plot.width !== place.clientWidth && this.plot.setSize(this.size)).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  get size() { return { width: this.place.clientWidth, height: this.place.classList.contains('tall') ? 260 : 150 }; }

  set(data, marks) {
    [this.data, this.marks] = [data, marks];
    if (this.plot) this.plot.setData(data);
    else this.draw();
  }

  draw() {
    if (!this.data || this.data[0].length === 0) return;
    this.plot?.destroy();
    this.place.replaceChildren();
    const axis = { stroke: css('dim'), grid: { stroke: css('grid'), width: 1 }, ticks: { stroke: css('grid'), width: 1 }, font: '11px system-ui' };
    const scales = { x: { time: false, range: (_, least, most) => [view.number('from') ?? least, view.number('to') ?? most] }, y: this.log ? { distr: 3 } : {} };
    const axes = [{ ...axis, size: 28 }, { ...axis, size: 56, values: (_, ticks) => ticks.map(tick => tick === null ? '' : figure(tick)) }];
    if (this.percent) {
      scales.share = { range: [0, 1] };
      axes.push({ ...axis, scale: 'share', side: 1, size: 48, grid: { show: false }, values: (_, ticks) => ticks.map(tick => `${Math.round(tick * 100)}%`) });
    }
    this.plot = new uPlot({
      ...this.size, scales, axes,
      cursor: { sync: { key: 'steps' }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => this.zoom(null, null) } },
      series: [{ label: 'step' }, ...this.series.map(one => ({
        label: one.label, scale: one.scale ?? 'y', stroke: () => css(one.colour), width: one.width ?? 1.5, spanGaps: one.points ?? false, dash: one.dash,
        fill: one.fill ? () => `color-mix(in srgb, ${css(one.colour)} 22%, transparent)` : undefined,
        points: { show: one.points ? (plot, index) => plot.data[index].reduce((count, value) => count + (value !== null), 0) <= mostPoints : false, size: 6, fill: () => css(one.colour) },
        value: (_, value) => one.scale === 'share' && value !== null ? `${Math.round(value * 100)} %` : figure(value),
      }))],
      hooks: { draw: [plot => this.drawMarks(plot)], setSelect: [plot => this.select(plot)] },
    }, this.data, this.place);
    this.plot.over.addEventListener('click', () => this.pick(this.plot));
    this.plot.root.setAttribute('role', 'img');
    this.plot.root.setAttribute('aria-label', this.label);
  }

  /* Zooms to what was marked with the pointer. Synchronised charts receive the selection, too; they follow through onZoom. */
  select(plot) {
    const { left, width } = plot.select;
    if (width < leastDrag) return;
    this.zoom(Math.floor(plot.posToVal(left, 'x')), Math.ceil(plot.posToVal(left + width, 'x')));
  }

  /* A click, which is no drag, chooses the point under the pointer. */
  pick(plot) {
    if (plot.cursor.idx !== null && plot.cursor.idx !== undefined && plot.select.width < leastDrag) this.onPick(plot.cursor.idx);
  }

  /* Drawn anew later and once, because synchronised charts are in the middle of the same event. */
  zoom(from, to) {
    view.set({ from, to });
    clearTimeout(Chart.pending);
    Chart.pending = setTimeout(this.onZoom);
  }

  /* Where training was interrupted. */
  drawMarks(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = css('mark');
    ctx.setLineDash([4, 4]);
    for (const mark of this.marks) {
      const x = plot.valToPos(mark.step, 'x', true);
      if (['move', 'handover', 'resize'].includes(mark.kind) || x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}

export function runPage(page, { replace, poll, pollFor, freshness, pollPeriod }) {
  const id = page.dataset.run;
  const place = name => page.querySelector(`[data-chart="${name}"]`);
  let steps = new Steps();
  const charts = {
    loss: new Chart(place('loss'), [
      { label: 'train', colour: 'raw', width: 1 }, { label: 'train, smoothed', colour: 's0', width: 2 }, { label: 'validation', colour: 's3', points: true },
    ], { log: true, label: 'Training and validation loss by step; the table of epochs has the figures' }),
    throughput: new Chart(place('throughput'), [{ label: 'steps/s', colour: 'raw', width: 1, fill: true }, { label: 'smoothed', colour: 's0', width: 2 }], { label: 'Steps per second by step' }),
    norm: new Chart(place('norm'), [{ label: 'norm', colour: 's0' }, { label: 'clipped', colour: 's1', scale: 'share', fill: true, width: 1 }],
      { log: true, percent: true, label: 'Gradient norm before clipping, and share of clipped steps' }),
    lr: new Chart(place('lr'), [{ label: 'learning rate', colour: 's0' }], { label: 'Learning rate by step' }),
  };
  for (const chart of Object.values(charts)) chart.onZoom = redraw;
  for (const chart of [charts.loss, charts.norm]) chart.onPick = choose;
  view.onChange = redraw;

  /* Puts a step in the place of the newest one in the commands for a step. */
  function choose(index) {
    const chosen = { step: `${steps.x[index]}`, loss: figure(steps.columns.loss[index]) };
    for (const one of page.querySelectorAll('[data-chosen]')) one.textContent = chosen[one.dataset.chosen];
    for (const one of page.querySelectorAll('[data-step-page]')) one.href = `/runs/${id}/steps/${chosen.step}`;
  }

  /* Draws all charts anew, because their axes have changed. */
  function redraw() {
    for (const chart of Object.values(charts)) {
      chart.plot?.destroy();
      chart.plot = null;
    }
    draw();
  }

  function drawLoss() {
    const log = view.text('y') !== 'linear', smoothing = view.number('smooth') ?? usualSmoothing;
    const only = values => log ? positive(values) : values;
    const loss = steps.columns.loss ?? [];
    charts.loss.log = charts.norm.log = log;
    charts.loss.set([steps.x, only(loss), only(smooth(loss, smoothing)), only(steps.validation)], steps.marks);
  }

  function draw() {
    if (steps.x.length < 2) return;
    drawLoss();
    const { stepsPerSecond, gradientNorm, clipShare, learningRate } = steps.columns;
    charts.throughput.set([steps.x, stepsPerSecond, smooth(stepsPerSecond, rateSmoothing)], steps.marks);
    charts.norm.set([steps.x, charts.norm.log ? positive(gradientNorm) : gradientNorm, clipShare], steps.marks);
    charts.lr.set([steps.x, learningRate], steps.marks);
  }

  async function fetchSteps() {
    const answer = await fetch(`/api/runs/${id}/steps`, { cache: 'no-store' });
    if (!answer.ok) throw new Error(`${answer.status}`);
    steps = new Steps();
    steps.add(await answer.json());
    draw();
  }

  let state = null;
  function take(update) {
    freshness.well();
    for (const [name, markup] of Object.entries(update.parts)) replace(page.querySelector(`[data-live="${name}"]`), markup);
    speak();
    if (update.steps && !steps.add(update.steps)) fetchSteps().catch(() => freshness.broken());
    else if (update.steps) draw();
    if (state !== null && state !== update.state) document.title = `${update.state} · ${id}`;
    page.dataset.state = state = update.state;
    page.dataset.number = update.number;
  }

  // A reconnect continues after the number of the last message.
  let source = null, failures = 0, stopPolling = null;
  function open() {
    if (source || document.hidden) return;
    source = new EventSource(`/runs/${id}/live`);
    source.onmessage = message => {
      failures = 0;
      stopPolling?.();
      stopPolling = null;
      take(JSON.parse(message.data));
    };
    source.onerror = () => {
      if (!stopPolling) freshness.broken();
      if (++failures >= triesBeforePolling) stopPolling ??= pollFor(async () => { await poll(); await fetchSteps(); });
      if (source.readyState === EventSource.CLOSED) {
        close();
        setTimeout(open, pollPeriod);
      }
    };
  }

  function close() {
    source?.close();
    source = null;
  }

  // A browser keeps at most six connections to a server: hidden pages close theirs.
  document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
  setInterval(() => source && Date.now() - freshness.heard > silence && freshness.broken(), 1000);
  open();
}
