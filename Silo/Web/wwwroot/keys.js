// Keyboard shortcuts. None needs a modifier, and none works while a field has the focus.
const places = { r: '/', c: '/compare', m: '/models', k: '/cluster' };
const patience = 1500;        // ms from g to the next key
const dialog = () => document.getElementById('shortcuts');
const ofKey = key => document.querySelector(`[data-key="${CSS.escape(key)}"]`);

/* Moves the focus along the runs or models of the list. */
function step(by) {
  const runs = [...document.querySelectorAll('tbody th.id a')];
  const at = runs.indexOf(document.activeElement.closest('tr')?.querySelector('th.id a'));
  runs[Math.min(runs.length - 1, Math.max(0, at + by))]?.focus();
}

const actions = {
  '?': () => dialog().open ? dialog().close() : dialog().showModal(),
  j: () => step(1),
  k: () => step(-1),
  s: () => document.activeElement.closest('tr')?.querySelector('input[type=checkbox]')?.click(),
};

/* Uses a control by its key; false where the page has none. */
function use(control) {
  if (!control) return false;
  if (control.matches('select')) {
    control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
    control.dispatchEvent(new Event('change', { bubbles: true }));
  } else if (control.matches('input')) control.focus();
  else control.click();
  return true;
}

export const keys = {
  begin() {
    const opener = document.querySelector('[data-shortcuts]');
    if (!dialog() || !opener) return;
    opener.hidden = false;
    opener.addEventListener('click', actions['?']);
    let leader = -Infinity;
    document.addEventListener('keydown', event => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (event.target.closest?.('input:not([type=checkbox]), select, textarea')) {
        if (event.key === 'Escape') event.target.blur();
        return;
      }
      const isSecond = event.timeStamp - leader < patience;
      leader = event.key === 'g' ? event.timeStamp : -Infinity;
      if (isSecond && places[event.key]) location.assign(places[event.key]);
      else if (dialog().open && event.key !== '?') return;
      else if (actions[event.key]) actions[event.key]();
      else if (!use(ofKey(event.key))) return;
      event.preventDefault();
    });
  },
};
