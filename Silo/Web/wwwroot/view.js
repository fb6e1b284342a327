// How charts are shown: all of it stands in the page's address, so that a link shows the same view to others.
const keys = ['x', 'y', 'smooth', 'from', 'to'];
const usual = { x: 'step', y: 'log', smooth: '0.8' };
const query = () => new URLSearchParams(location.search);

export const view = {
  /* Called after the view has changed. */
  onChange() { },

  text(key) { return query().get(key); },

  number(key) {
    const text = query().get(key);
    return text === null || text === '' || Number.isNaN(Number(text)) ? null : Number(text);
  },

  /* Changes the address without a reload; null removes a key. */
  set(changes) {
    const address = new URL(location.href);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === '') address.searchParams.delete(key);
      else address.searchParams.set(key, value);
    }
    history.replaceState(null, '', address);
    for (const field of document.querySelectorAll('form[data-view] [name]')) {
      if (field.name in changes) field.value = changes[field.name] ?? usual[field.name] ?? '';
    }
    this.follow();
  },

  /* Downloads are of the view that is shown. */
  follow() {
    for (const link of document.querySelectorAll('[data-download]')) {
      const address = new URL(link.href);
      for (const key of keys) {
        address.searchParams.delete(key);
        if (query().get(key)) address.searchParams.set(key, query().get(key));
      }
      link.href = address;
    }
  },

  /* Controls take effect at once. */
  begin() {
    for (const form of document.querySelectorAll('form[data-view]')) {
      form.querySelector('[data-scriptless]')?.setAttribute('hidden', '');
      const apply = () => {
        const fields = [...form.elements].filter(one => keys.includes(one.name));
        this.set(Object.fromEntries(fields.map(one => [one.name, one.value === usual[one.name] ? null : one.value])));
        this.onChange();
      };
      form.addEventListener('submit', event => {
        event.preventDefault();
        apply();
      });
      form.addEventListener('change', event => keys.includes(event.target.name) ? apply() : form.submit());
      form.querySelector('[name=smooth]')?.addEventListener('input', apply);
      form.querySelector('[data-reset]')?.addEventListener('click', event => {
        event.preventDefault();
        this.reset();
      });
    }
  },

  /* The whole of the data, as without a query. */
  reset() {
    this.set({ y: null, smooth: null, from: null, to: null });
    this.onChange();
  },
};
