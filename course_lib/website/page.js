// A published page's side of its live parts: what the kernel does in a notebook is done here from data.
//
// `live.js` and `prediction.js` draw them as they do there. This file stands in for their models: it holds a panel's
// pictures, says so where it holds none, and keeps predictions in this browser, where nobody else sees them.

const STORE = "course.predictions";
const NOBODY = "a stored default; nobody predicted here";
const COUNTS = ["None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
const SURE = ["a guess", "fairly sure", "certain"];
const TITLE_WIDTH = 72; // characters, as `_title` in prediction.py has it; on a phone as many as fit
const LETTER = 8; // px, at most, on average

class Model {
  constructor(traits) {
    Object.assign(this, { traits, calls: new Map() });
  }

  get(name) {
    return this.traits[name];
  }

  set(name, value) {
    if (this.get(name) === value) return;
    this.traits[name] = value;
    this.tell(`change:${name}`);
  }

  save_changes() {}

  send() {}

  on(event, call) {
    this.calls.set(event, [...(this.calls.get(event) ?? []), call]);
  }

  off(event, call) {
    this.calls.set(event, (this.calls.get(event) ?? []).filter((known) => known !== call));
  }

  tell(event, ...what) {
    for (const call of this.calls.get(event) ?? []) call(...what);
  }
}

// ---- what deflate and byte planes made of numbers (coding.py) --------------------------------------------------------

async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / 4;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < 4; plane++) for (let i = 0; i < count; i++) bytes[4 * i + plane] = planes[plane * count + i];
  return bytes;
}

async function pictures({ parts, data }) {
  const bytes = await inflate(data);
  let at = 0;
  return parts.map(({ kind, header, floats }) => ({ kind, header, buffer: bytes.subarray(at, (at += 4 * floats)) }));
}

// ---- controls --------------------------------------------------------------------------------------------------------

const traitOf = ({ kind }) => (kind === "index" ? "index" : "value");

const valueAt = ({ kind, values }, position) => (kind === "index" ? position : kind === "switch" ? Boolean(position) : values[position]);

function controlModel(about, position) {
  const model = new Model({ [traitOf(about)]: valueAt(about, position) });
  return Object.assign(model, { about, first: position });
}

// The browser's own slider, list or check box, moved by hand or by the panel.
function controlView(model) {
  const { about, first } = model;
  const { texts, values, kind } = about;
  const words = values.some((value) => typeof value === "string");
  const input =
    kind === "switch" ? element("input", { type: "checkbox", checked: Boolean(first) })
    : words ? element("select", {}, ...texts.map((text, i) => element("option", { value: i, selected: i === first }, text)))
    : element("input", { type: "range", min: 0, max: texts.length - 1, step: 1, value: first });
  const position = () => (kind === "switch" ? Number(input.checked) : Number(input.value));
  input.addEventListener("input", () => model.set(traitOf(about), valueAt(about, position())));
  model.on(`change:${traitOf(about)}`, () => {
    const value = model.get(traitOf(about));
    if (kind === "switch") input.checked = value;
    else input.value = kind === "index" ? value : values.indexOf(value);
  });
  const inner = words || kind === "switch" ? input : element("div", { class: "slider-container" }, input);
  return { el: element("div", {}, inner), remove() {} };
}

// ---- a panel without its kernel --------------------------------------------------------------------------------------

class PanelModel extends Model {
  constructor(data, first) {
    const { layout, specs, start } = data;
    const controls = layout.controls.map((about, i) => controlModel(about, start[i]));
    super({ layout_data: layout, specs, first, seed: layout.seed, fresh: false, controls: controls.map((_, i) => `IPY_MODEL_${i}`) });
    Object.assign(this, { data, controls, reached: 0 });
    this.held = new Set(first.filter(({ kind }) => kind === "frame").flatMap(({ header }) => header.keys));
    this.widget_manager = {
      get_model: async (index) => controls[index],
      create_view: async (control) => controlView(control),
    };
  }

  send({ type }) {
    if (type !== "open") return;
    for (const [key, text] of Object.entries(this.data.refused)) this.answer({ type: "problem", keys: [key], text: `The model refuses these settings: ${text}` });
    for (const control of this.controls) control.on(`change:${traitOf(control.about)}`, () => this.#moved());
    this.#rest();
  }

  answer(message) {
    this.tell("msg:custom", message, []);
  }

  get positions() {
    const at = (control) => control.about.values.indexOf(control.get("value"));
    return this.controls.map((control) => (control.about.kind === "linear" ? at(control) : Number(control.get(traitOf(control.about)))));
  }

  // A preset moves several controls in one go: only where they come to stand counts.
  #moved() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.#rest(), 0);
  }

  #rest() {
    const key = `${this.positions.join(",")}|${this.get("seed")}`;
    const now = this.reached | (this.data.reached[key] ?? 0);
    if (now === this.reached) return;
    this.reached = now;
    this.answer({ type: "reached", reached: this.data.layout.challenges.map((_, i) => Boolean(now & (1 << i))) });
  }

  // Of settings that are not held: the nearest preset, and what stands elsewhere than there.
  beyond(key) {
    if (this.held.has(key) || key in this.data.refused) return null;
    const { presets, controls } = this.data.layout;
    const away = Object.entries(presets).map(([name, places]) => [name, controls.filter((_, i) => places[i] !== this.positions[i])]);
    const [name, moved] = away.reduce((best, one) => (one[1].length < best[1].length ? one : best));
    const count = COUNTS[moved.length] ?? String(moved.length);
    return `${count} controls away from “${name}” (${moved.map(({ label }) => label).join(", ")}): the last picture stays. The notebook computes every setting.`;
  }
}

// ---- predictions -----------------------------------------------------------------------------------------------------

const answers = {
  all() {
    try {
      return JSON.parse(localStorage.getItem(STORE)) ?? {};
    } catch {
      return {};
    }
  },
  // A browser that stores nothing loses the answer with the page.
  keep(name, answer) {
    try {
      localStorage.setItem(STORE, JSON.stringify({ ...this.all(), [name]: answer }));
    } catch (error) {
      console.warn(error);
    }
  },
};

const reveals = new Map(); // name: what draws it

function questionModel({ name, question }) {
  const before = answers.all()[name];
  const model = new Model({ question, value: before?.value ?? null, confidence: before?.confidence ?? 0, committed: Boolean(before) });
  model.send = ({ type, value, confidence }) => {
    if (type === "commit") answers.keep(name, { value, confidence, at: new Date().toISOString() });
    reveals.get(name)?.(type === "commit" ? { value, confidence } : null);
  };
  return model;
}

function wrapped(text) {
  const width = Math.min(TITLE_WIDTH, document.querySelector("main").clientWidth / LETTER);
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

const filled = (part, words) =>
  typeof part === "string" ? part.replace(/\{(answer|who|how)\}/g, (_, which) => words[which])
  : Array.isArray(part) ? part.map((one) => filled(one, words))
  : part && typeof part === "object" ? Object.fromEntries(Object.entries(part).map(([name, one]) => [name, filled(one, words)]))
  : part;

function titled(spec, words) {
  const { title } = spec;
  if (!Array.isArray(title?.text)) return filled(spec, words);
  return filled({ ...spec, title: { ...title, text: wrapped(filled(title.text.join(" "), words)) } }, words);
}

// The chart of an answer: the sample that is laid out as it needs, with its own words and its own mark.
async function revealModel({ samples, spans, default: standing, unit, one }, answer) {
  const value = answer?.value ?? standing;
  const near = (first) => first <= value + 1e-9; // a slider's sums of steps may end a bit lower
  const which = spans.findLast(([first]) => typeof value === "number" && near(first))?.[1];
  const sample = samples[which] ?? samples.find((known) => known.value === value);
  const caption = typeof value === "number" ? numberText(value, { unit, one, digits: 3 }) : sample.caption;
  const words = { answer: caption, who: answer ? "you" : "default", how: answer ? `you, ${SURE[answer.confidence - 1]}` : NOBODY };
  const first = await pictures(sample.pictures);
  const shown = unpack(first[0].header, first[0].buffer).get("|0").data;
  const { prediction } = shown;
  if (prediction && typeof value === "number") {
    const moved = prediction.columns.get("predicted")[0] + value - sample.value;
    const buffer = new Uint8Array(new Float32Array([moved, prediction.columns.get("truth")[0]]).buffer);
    const datasets = { prediction: { rows: 1, shared: ["predicted", "truth"], own: [] } };
    first.push({ kind: "full", header: { keys: ["|0"], datasets, numbers: [] }, buffer });
  }
  const layout = { units: sample.units, datasets: Object.keys(shown) };
  return new Model({ layout_data: layout, specs: sample.specs.map((spec) => titled(spec, words)), controls: [], seed: 0, fresh: false, first });
}

// ---- the page --------------------------------------------------------------------------------------------------------

const began = {
  async panel(place, data) {
    await render({ model: new PanelModel(data, await pictures(data.pictures)), el: place });
  },

  question(place, data) {
    courseCard.render({ model: questionModel(data), el: place });
  },

  async reveal(place, data) {
    let close = () => {};
    const draw = async (answer) => {
      close();
      place.replaceChildren();
      close = await render({ model: await revealModel(data, answer), el: place });
      place.dataset.answered = "true";
    };
    reveals.set(data.name, draw);
    place.append(element("p", { class: "course-asking" }, "Commit to your prediction above, or skip it: what happens is drawn here then."));
    const before = answers.all()[data.name];
    if (before) await draw(before);
  },
};

for (const place of document.querySelectorAll("[data-place]")) {
  const data = globalThis.courseData?.[place.dataset.place];
  // What was shown without scripts stays where its live part cannot start.
  Promise.resolve(data && began[data.kind](place, data))
    .then(() => place.querySelector(".course-panel") && (place.dataset.live = "true"))
    .catch((error) => console.warn(error));
}
