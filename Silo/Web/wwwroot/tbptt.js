// Updates an open page. The silo renders the pages; without this module they show the state as of when they were loaded.
import uPlot from './uPlot.esm.js';

const pollPeriod = 2000;      // ms between polls, where there is no stream
const silence = 8000;         // ms without a message after which a page is stale: the silo sends one at least every 3 s
const triesBeforePolling = 3;
const rateSmoothing = 0.9;
const mostPoints = 80;        // maximum number of points per series: more would hide its line

const line = document.getElementById('line');
const css = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/* Shows times in the viewer's time zone. */
function localTimes(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    time.title = at.toISOString();
    time.textContent = at.toDateString() === today ? at.toLocaleTimeString() : at.toLocaleString();
  }
}

/* Replaces markup, and keeps focus and scroll positions. */
function replace(place, markup) {
  const focusable = () => [...place.querySelectorAll('a, button, [tabindex]')];
  const focused = focusable().indexOf(document.activeElement);
  const scrolled = [...place.querySelectorAll('.scroll')].map(one => one.scrollLeft);
  place.innerHTML = markup;
  localTimes(place);
  place.querySelectorAll('.scroll').forEach((one, index) => { one.scrollLeft = scrolled[index] ?? 0; });
  if (focused >= 0) (focusable()[focused] ?? document.getElementById('main')).focus({ preventScroll: true });
}

/* Marks the page as stale or current. */
const freshness = {
  heard: Date.now(),
  well() {
    this.heard = Date.now();
    if (!document.body.classList.contains('stale')) return;
    document.body.classList.remove('stale');
    line.textContent = '';
  },
  broken() {
    if (document.body.classList.contains('stale')) return;
    document.body.classList.add('stale');
    line.textContent = `Stale since ${new Date(this.heard).toLocaleTimeString()}: this silo does not answer. Trying again; other silos have this page, too.`;
  },
};

/* Polling: the fallback, and the only update of pages that do not show a run. */
async function poll() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const place of document.querySelectorAll('[data-live]')) {
    const fresh = page.querySelector(`[data-live="${place.dataset.live}"]`);
    if (!fresh) continue;
    localTimes(fresh);
    if (fresh.innerHTML !== place.innerHTML) replace(place, fresh.innerHTML);
  }
  const shown = document.querySelector('[data-run]');
  if (shown) shown.dataset.number = page.querySelector('[data-run]').dataset.number;
}

function pollFor(look) {
  let timer = 0, stopped = false;
  const next = async () => {
    if (!document.hidden) {
      try {
        await look();
        freshness.well();
      } catch {
        freshness.broken();
      }
    }
    if (!stopped) timer = setTimeout(next, pollPeriod);
  };
  timer = setTimeout(next, pollPeriod);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

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

/* One chart; redrawn when colours, axis or width change. */
class Chart {
  constructor(place, series, { log = false, percent = false, label } = {}) {
    Object.assign(this, { place, series, log, percent, label, data: null, marks: [], plot: null });
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
    const scales = { x: { time: false }, y: this.log ? { distr: 3 } : {} };
    const axes = [{ ...axis, size: 28 }, { ...axis, size: 56, values: (_, ticks) => ticks.map(tick => tick === null ? '' : figure(tick)) }];
    if (this.percent) {
      scales.share = { range: [0, 1] };
      axes.push({ ...axis, scale: 'share', side: 1, size: 48, grid: { show: false }, values: (_, ticks) => ticks.map(tick => `${Math.round(tick * 100)}%`) });
    }
    this.plot = new uPlot({
      ...this.size, scales, axes,
      cursor: { sync: { key: 'steps' }, drag: { x: true, y: false } },
      series: [{ label: 'step' }, ...this.series.map(one => ({
        label: one.label, scale: one.scale ?? 'y', stroke: () => css(one.colour), width: one.width ?? 1.5, spanGaps: one.points ?? false, dash: one.dash,
        fill: one.fill ? () => `color-mix(in srgb, ${css(one.colour)} 22%, transparent)` : undefined,
        points: { show: one.points ? (plot, index) => plot.data[index].reduce((count, value) => count + (value !== null), 0) <= mostPoints : false, size: 6, fill: () => css(one.colour) },
        value: (_, value) => one.scale === 'share' && value !== null ? `${Math.round(value * 100)} %` : figure(value),
      }))],
      hooks: { draw: [plot => this.drawMarks(plot)] },
    }, this.data, this.place);
    this.plot.root.setAttribute('role', 'img');
    this.plot.root.setAttribute('aria-label', this.label);
  }

  /* Where training was interrupted. */
  drawMarks(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = css('mark');
    ctx.setLineDash([4, 4]);
    for (const mark of this.marks) {
      const x = plot.valToPos(mark.step, 'x', true);
      if (mark.kind === 'move' || mark.kind === 'handover' || x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}

/* The controls of a loss chart. */
function lossControls(redraw) {
  const log = document.getElementById('log-axis'), smoothing = document.getElementById('smooth');
  log.closest('.controls').hidden = false;
  log.addEventListener('change', redraw);
  smoothing.addEventListener('input', redraw);
  return { get log() { return log.checked; }, get smoothing() { return Number(smoothing.value); } };
}

function runPage(page) {
  const id = page.dataset.run;
  const place = name => page.querySelector(`[data-chart="${name}"]`);
  let steps = new Steps();
  const charts = {
    loss: new Chart(place('loss'), [
      { label: 'train', colour: 'raw', width: 1 }, { label: 'train, smoothed', colour: 'a', width: 2 }, { label: 'validation', colour: 'valid', points: true },
    ], { log: true, label: 'Training and validation loss by step; the table of epochs has the figures' }),
    throughput: new Chart(place('throughput'), [{ label: 'steps/s', colour: 'raw', width: 1, fill: true }, { label: 'smoothed', colour: 'a', width: 2 }], { label: 'Steps per second by step' }),
    norm: new Chart(place('norm'), [{ label: 'norm', colour: 'a' }, { label: 'clipped', colour: 'b', scale: 'share', fill: true, width: 1 }],
      { log: true, percent: true, label: 'Gradient norm before clipping, and share of clipped steps' }),
    lr: new Chart(place('lr'), [{ label: 'learning rate', colour: 'a' }], { label: 'Learning rate by step' }),
  };
  const controls = lossControls(() => { drawLoss(true); });

  function drawLoss(anew) {
    const only = values => controls.log ? positive(values) : values;
    const loss = steps.columns.loss ?? [];
    if (anew || charts.loss.log !== controls.log) [charts.loss.log, charts.loss.plot] = [controls.log, (charts.loss.plot?.destroy(), null)];
    charts.loss.set([steps.x, only(loss), only(smooth(loss, controls.smoothing)), only(steps.validation)], steps.marks);
  }

  function draw() {
    if (steps.x.length < 2) return;
    drawLoss(false);
    const { stepsPerSecond, gradientNorm, clipShare, learningRate } = steps.columns;
    charts.throughput.set([steps.x, stepsPerSecond, smooth(stepsPerSecond, rateSmoothing)], steps.marks);
    charts.norm.set([steps.x, positive(gradientNorm), clipShare], steps.marks);
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

async function comparePage(place) {
  const ids = [place.dataset.compareA, place.dataset.compareB];
  const both = await Promise.all(ids.map(async id => {
    const steps = new Steps();
    steps.add(await (await fetch(`/api/runs/${id}/steps`)).json());
    return steps;
  }));
  const chart = new Chart(place, [{ label: 'A', colour: 'a', width: 2 }, { label: 'B', colour: 'b', width: 2 }, { label: 'A validation', colour: 'a', points: true, dash: [2, 4] },
    { label: 'B validation', colour: 'b', points: true, dash: [2, 4] }], { log: true, label: `Losses of ${ids[0]} and ${ids[1]} by step` });
  const controls = lossControls(draw);
  function draw() {
    const only = values => controls.log ? positive(values) : values;
    const joined = uPlot.join(both.map(steps => [steps.x, only(smooth(steps.columns.loss, controls.smoothing)), only(steps.validation)]));
    chart.log = controls.log;
    chart.plot?.destroy();
    chart.plot = null;
    for (const series of chart.series) series.points ??= false;
    chart.set([joined[0], joined[1], joined[3], joined[2], joined[4]], []);
  }
  draw();
}

localTimes(document);
const run = document.querySelector('[data-run]'), compare = document.querySelector('[data-compare-a]');
if (run) runPage(run);
else if (compare) comparePage(compare).catch(() => freshness.broken());
else if (document.querySelector('[data-live]')) pollFor(poll);
