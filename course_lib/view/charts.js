// Drawing by Vega on the page: the part that every widget with charts shares (`script` in live.py puts it before theirs).
// Views are embedded once; afterwards only their data change.

const BUNDLES = (globalThis.__courseVega ??= new Map());

const childModel = (model, reference) => model.widget_manager.get_model(reference.slice("IPY_MODEL_".length));

// anywidget gives a model's script two seconds, which a busy machine may not have, and passes on nothing of what the kernel
// says from then on. Once the script is here, the model listens as every other widget's does.
async function hear(model) {
  if (!model.get("own")) return; // a page without a kernel
  const own = await Promise.resolve(model.widget_manager.get_model(model.get("own"))).catch(() => null);
  if (!own?.comm?.jsServicesComm) return; // JupyterLab's, which has one listener; elsewhere all stays as it is
  const { _handle_comm_msg: plain } = Object.getPrototypeOf(Object.getPrototypeOf(own));
  if (plain) own.comm.on_msg(plain.bind(own));
}

// One bundle a page, even when several notebooks are open in it.
function loadVega(model) {
  const version = model.get("specs")[0].$schema;
  if (!BUNDLES.has(version)) {
    const loading = childModel(model, model.get("vega")).then((bundle) => {
      const url = URL.createObjectURL(new Blob([bundle.get("source")], { type: "text/javascript" }));
      return import(url).finally(() => URL.revokeObjectURL(url));
    });
    BUNDLES.set(version, loading);
    loading.catch(() => BUNDLES.delete(version));
  }
  return BUNDLES.get(version);
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// ---- numbers -------------------------------------------------------------------------------------------------------

// Reads what `pack` in picture.py wrote: a Map from key to {data, numbers}.
function unpack(header, bytes) {
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  let at = 0;
  const take = (count) => floats.subarray(at, (at += count));
  const pictures = header.keys.map(() => ({ data: {}, numbers: {} }));
  for (const [name, { rows, shared, own }] of Object.entries(header.datasets)) {
    const common = shared.map((column) => [column, take(rows)]);
    for (const picture of pictures) picture.data[name] = { rows, columns: new Map(common) };
    for (const column of own) for (const picture of pictures) picture.data[name].columns.set(column, take(rows));
  }
  for (const name of header.numbers) for (const picture of pictures) picture.numbers[name] = take(1)[0];
  return new Map(header.keys.map((key, i) => [key, pictures[i]]));
}

function rowsOf(dataset) {
  if (!dataset) return [];
  const columns = [...dataset.columns];
  return Array.from({ length: dataset.rows }, (_, i) => {
    const row = {};
    for (const [name, values] of columns) row[name] = values[i];
    return row;
  });
}

function numberText(value, { unit, one, digits, missing }) {
  if (value === undefined) return "…";
  if (!Number.isFinite(value)) return missing;
  const text = (Math.abs(value) < 1e-9 ? 0 : Number(value.toPrecision(digits))).toLocaleString("en-GB", { maximumSignificantDigits: digits });
  const word = text === "1" ? one ?? unit : unit;
  return word ? `${text} ${word}` : text;
}

// ---- the drawing loop ----------------------------------------------------------------------------------------------

// Draws the newest target; what comes while a drawing is under way replaces the one that waits.
class Painter {
  constructor(charts) {
    Object.assign(this, { charts, drawn: {}, waiting: null, busy: false });
  }

  async draw(target) {
    this.waiting = target;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.waiting) {
        const next = this.waiting;
        this.waiting = null;
        await this.#drawNow(next);
      }
    } finally {
      this.busy = false;
    }
  }

  async #drawNow({ datasets, after }) {
    const changed = Object.keys(datasets).filter((name) => datasets[name] !== this.drawn[name]);
    for (const { view, names } of this.charts) {
      const own = changed.filter((name) => names.has(name));
      for (const name of own) view.data(name, rowsOf(datasets[name]));
      await view.runAsync();
    }
    Object.assign(this.drawn, datasets);
    after();
  }
}

function setSignal(view, name, value) {
  if (name in view.getState({ signals: (known) => known === name, data: () => false }).signals) view.signal(name, value);
}

// The names of the datasets a specification draws from (`named_data` in style.py).
function namedData(spec, found = new Set()) {
  if (Array.isArray(spec)) spec.forEach((part) => namedData(part, found));
  else if (spec && typeof spec === "object") {
    if (spec.data?.name) found.add(spec.data.name);
    for (const [key, part] of Object.entries(spec)) if (key !== "datasets") namedData(part, found);
  }
  return found;
}

// A chart of one view is as wide as its place and as high as the window allows; one made of several keeps its size and is
// shrunk by the style sheet where it does not fit.
const flexible = (spec) => spec.usermeta?.flexible === true;
const SHORT_WINDOW = 560;

function heightOf(spec) {
  const { height } = spec.usermeta ?? {};
  return flexible(spec) && globalThis.innerHeight < SHORT_WINDOW ? Math.min(height, 160) : height;
}

// Before anything is drawn, so that nothing below moves when it is.
function reserve(spec, place) {
  if (!flexible(spec)) return;
  place.style.height = `${heightOf(spec)}px`;
  place.style.maxWidth = `${Math.round(1.4 * spec.usermeta.width)}px`;
}

async function embed(model, spec, datasets, place) {
  const { vegaEmbed } = await loadVega(model);
  const names = namedData(spec);
  const filled = structuredClone(spec);
  filled.datasets = Object.fromEntries([...names].map((name) => [name, rowsOf(datasets[name])]));
  if (flexible(spec)) Object.assign(filled, { width: place.clientWidth || spec.width, height: heightOf(spec) });
  const { view, finalize } = await vegaEmbed(place, filled, { actions: false, renderer: "canvas", ast: false });
  if (!flexible(spec)) return { view, names, finalize, themes: spec.usermeta?.themes };
  const observer = new ResizeObserver(() => {
    if (place.clientWidth && place.clientWidth !== view.width()) resize(view, place.clientWidth);
  });
  observer.observe(place);
  return { view, names, themes: spec.usermeta.themes, finalize: () => (observer.disconnect(), finalize()) };
}

function resize(view, width) {
  view.width(width).runAsync();
}

// Whether a computed colour (of the ink: then the ground is dark) is a light one.
function isLight(colour) {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
}

// Ink, paper and the colours of words follow the theme of the page, also when it is switched.
function followTheme(root, charts) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const forced = matchMedia("(forced-colors: active)");
  const apply = () => {
    const { color, backgroundColor } = getComputedStyle(root);
    if (!color) return; // not on the page yet
    const paper = forced.matches ? backgroundColor : getComputedStyle(root).getPropertyValue("--course-paper").trim();
    const words = charts[0]?.themes?.[isLight(color) ? "dark" : "light"] ?? {};
    const drawn = charts.map(({ view }) => {
      for (const [name, value] of Object.entries({ ...words, ink: color, paper })) setSignal(view, name, value);
      return view.runAsync();
    });
    Promise.all(drawn).then(() => (root.dataset.ink = color));
  };
  // The theme's style sheet may arrive after the attribute that announces it.
  const soon = () => [0, 100, 400].forEach((delay) => setTimeout(apply, delay));
  const observer = new MutationObserver(soon);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "class"] });
  for (const media of [dark, forced]) media.addEventListener("change", soon);
  // JupyterLab draws what is scrolled away before it puts it on the page, where alone a style is known.
  const placed = new ResizeObserver(() => root.dataset.ink || apply());
  placed.observe(root);
  apply();
  return () => {
    observer.disconnect();
    placed.disconnect();
    for (const media of [dark, forced]) media.removeEventListener("change", soon);
  };
}
