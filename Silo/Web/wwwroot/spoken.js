// Reports changes to screen readers: a new state at once, figures from time to time.
const pause = 20000;          // ms between two reports of figures
const place = document.getElementById('spoken');
let state = null, reported = 0;
const states = new Map();

/* Of a run's page. */
function ofRun() {
  const source = document.querySelector('[data-spoken]');
  if (!source) return;
  const first = state === null, changed = source.dataset.spoken !== state;
  state = source.dataset.spoken;
  if (first) reported = Date.now();
  else if ((changed || Date.now() - reported > pause) && place.textContent !== source.textContent) {
    place.textContent = source.textContent;
    reported = Date.now();
  }
}

/* Of the list of runs. */
function ofList() {
  const changes = [];
  for (const row of document.querySelectorAll('tr[data-id]')) {
    const { id, state: now } = row.dataset;
    if (states.has(id) && states.get(id) !== now) changes.push(`${id} ${now}`);
    states.set(id, now);
  }
  if (changes.length > 0) place.textContent = changes.join(', ');
}

/* To be called after each update of the page. */
export function speak() {
  ofRun();
  ofList();
}
