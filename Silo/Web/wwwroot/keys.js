// Keyboard shortcuts. None needs a modifier, and none works while a field has the focus.
const places = { r: '/', c: '/compare', k: '/cluster' };
const dialog = () => document.getElementById('shortcuts');

function press(key) {
  if (key === '?') return dialog().open ? dialog().close() : dialog().showModal();
  if (key === '/') return document.querySelector('[data-key="/"]')?.focus();
  const place = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (place) return place.click();
}

export const keys = {
  begin() {
    const opener = document.querySelector('[data-shortcuts]');
    if (!dialog() || !opener) return;
    opener.hidden = false;
    opener.addEventListener('click', event => {
      event.preventDefault();
      press('?');
    });
    let leader = 0;
    document.addEventListener('keydown', event => {
      const field = event.target.closest?.('input:not([type=checkbox], [type=radio]), select, textarea');
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (field) {
        if (event.key === 'Escape') field.blur();
        return;
      }
      if (event.key === 'g') {
        leader = event.timeStamp;
        return;
      }
      if (leader > 0 && event.timeStamp - leader < 1500 && places[event.key]) {
        location.assign(places[event.key]);
        return;
      }
      leader = 0;
      if (event.key === '?' || event.key === '/' || document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)) {
        event.preventDefault();
        press(event.key);
      }
    });
  },
};
