// Search in a page. Index and reader are loaded when somebody begins to search, as scripts: a page that was opened as a
// file may load nothing else. `search.py` makes the index.

(() => {
  const MOST = 12;
  const form = document.querySelector("form.search");
  const input = form.querySelector("input");
  const hits = form.querySelector(".hits");
  let known = null; // what reads the index, once it is there
  let shown = [];

  const load = (source) =>
    new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: source, onload: resolve, onerror: reject });
      document.head.append(script);
    });

  globalThis.courseSearch = (index, sections) => {
    known = globalThis.lunr.Index.load(index);
    shown = sections;
  };

  let loading = null;
  const ready = () => (loading ??= load(form.dataset.reader).then(() => load(form.dataset.index)));

  // Each word, and each word that begins so: what is being typed is found before it is whole.
  const found = (words) =>
    known.query((query) => {
      for (const word of words) {
        query.term(word, { boost: 10 });
        query.term(word, { wildcard: globalThis.lunr.Query.wildcard.TRAILING, usePipeline: false });
      }
    });

  function line([at, title, text]) {
    const link = document.createElement("a");
    link.href = at;
    link.append(Object.assign(document.createElement("strong"), { textContent: title }), ` ${text} …`);
    return link;
  }

  async function search() {
    const words = input.value.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    try {
      await ready();
    } catch {
      hits.textContent = "The index of this site is missing: write the site again with make site.";
      return;
    }
    const best = words.length ? found(words).slice(0, MOST) : [];
    hits.replaceChildren(...best.map(({ ref }) => line(shown[Number(ref)])));
    if (words.length && !best.length) hits.textContent = `Nothing here says “${input.value.trim()}”.`;
  }

  form.hidden = false;
  input.addEventListener("focus", () => ready().catch(() => {}));
  input.addEventListener("input", search);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search().then(() => hits.querySelector("a")?.click());
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hits.replaceChildren();
    const elsewhere = !event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && elsewhere) {
      event.preventDefault();
      input.focus();
    }
  });
  hits.addEventListener("click", () => hits.replaceChildren());
})();
