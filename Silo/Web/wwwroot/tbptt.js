// Updates an open page. The silo renders the pages; without this module they show the state as of when they were loaded.
import { charts } from './charts.js';
import { keys } from './keys.js';
import { speak } from './spoken.js';
import { view } from './view.js';

const pollPeriod = 2000;      // ms between polls, where there is no stream

const line = document.getElementById('line');

/* Shows times in the viewer's time zone. */
function localTimes(root) {
  for (const time of root.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    time.title = at.toISOString();
    time.textContent = at.toLocaleString();
  }
}

/* Replaces markup, and keeps focus, scroll positions, open details, and what was chosen. */
function replace(place, markup) {
  const focusable = () => [...place.querySelectorAll('a, button, input, select, summary, [tabindex]')];
  const focused = focusable().indexOf(document.activeElement);
  const scrolled = [...place.querySelectorAll('.scroll')].map(one => one.scrollLeft);
  const chosen = new Set([...place.querySelectorAll('input[type=checkbox]:checked')].map(one => `${one.name}=${one.value}`));
  const open = new Set([...place.querySelectorAll('details[open][id]')].map(one => one.id));
  place.innerHTML = markup;
  localTimes(place);
  for (const one of place.querySelectorAll('input[type=checkbox]')) one.checked ||= chosen.has(`${one.name}=${one.value}`);
  for (const id of open) place.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');
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
async function poll(address = location.href) {
  const answer = await fetch(address, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const place of document.querySelectorAll('[data-live]')) {
    const fresh = page.querySelector(`[data-live="${place.dataset.live}"]`);
    if (!fresh) continue;
    localTimes(fresh);
    if (fresh.innerHTML !== place.innerHTML) replace(place, fresh.innerHTML);
  }
  const shown = document.querySelector('[data-run]');
  speak();
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

/* Draws the page's parts anew, as its address asks; requests that arrive meanwhile are answered by one more. */
let drawing = false, again = false;
async function refresh() {
  if (drawing) {
    again = true;
    return;
  }
  drawing = true;
  try {
    await poll();
    freshness.well();
  } catch {
    freshness.broken();
  }
  drawing = false;
  if (again) {
    again = false;
    refresh();
  }
}

/* Of a page whose other figures no longer change, only the part that has an address of its own is polled. */
async function look() {
  const part = document.querySelector('[data-part]');
  if (!document.querySelector('[data-still]')) await poll();
  else if (part) await poll(part.dataset.part);
}

localTimes(document);
view.begin();
charts.begin(refresh);
keys.begin();
speak();
const run = document.querySelector('[data-run]');
if (run) import('./live.js').then(live => live.runPage(run, { replace, poll, pollFor, freshness, pollPeriod }));
else if (document.querySelector('[data-live]')) pollFor(look);
