// The page's side of a live panel.
//
// A picture is filed under its key: the positions of all controls and the seed. The kernel sends pictures ahead of the
// drag; a control that moves is answered from what is at hand, in the same animation frame, and from the kernel otherwise.
// What draws is `charts.js`, which stands before this file.

// ---- controls ------------------------------------------------------------------------------------------------------

class Control {
  constructor(about, model) {
    Object.assign(this, { about, model, event: about.kind === "index" ? "change:index" : "change:value" });
  }

  get position() {
    const { kind, low, step } = this.about;
    if (kind === "linear") return Math.round((this.model.get("value") - low) / step);
    return kind === "index" ? this.model.get("index") : Number(this.model.get("value"));
  }

  set position(position) {
    const { kind, values } = this.about;
    if (kind === "index") this.model.set("index", position);
    else this.model.set("value", kind === "switch" ? Boolean(position) : values[position]);
    this.model.save_changes();
  }

  get text() {
    return this.about.texts[this.position];
  }

  // What ipywidgets leaves out: an accessible name, a value with its unit, and how far the track is filled.
  name() {
    const { handle } = this;
    if (!handle) return;
    const slides = handle.matches(".noUi-handle, [type=range]");
    if (handle.getAttribute("aria-label") !== this.about.label) handle.setAttribute("aria-label", this.about.label);
    if (slides && handle.getAttribute("aria-valuetext") !== this.text) handle.setAttribute("aria-valuetext", this.text);
    this.output.textContent = this.about.kind === "index" && handle.tagName === "SELECT" ? "" : this.text;
    this.row.style.setProperty("--course-filled", `${(100 * this.position) / Math.max(1, this.about.texts.length - 1)}%`);
  }

  // Whether the control stands elsewhere than in the default preset: said beside its name.
  mark(start) {
    const moved = this.position !== start;
    this.row.dataset.moved = String(moved);
    this.moved.textContent = moved ? ` (not ${this.about.texts[start]})` : "";
  }

  get handle() {
    return this.view.el.querySelector(".noUi-handle, select, input");
  }

  async place(manager, attend) {
    this.view = await manager.create_view(this.model);
    this.view.el.classList.add("course-input");
    this.output = element("output", { class: "course-value" });
    this.moved = element("span", { class: "course-hidden" });
    const label = element("span", { class: "course-label", title: this.about.hint || null }, this.about.label, this.moved);
    const row = (this.row = element("div", { class: "course-control", "data-control": this.about.name }, label, this.#track(), this.output));
    for (const event of ["pointerenter", "pointerdown", "focusin"]) row.addEventListener(event, attend);
    this.name();
    // The slider writes its raw value whenever it is touched, even when nothing moves.
    this.observer = new MutationObserver(() => this.name());
    if (this.handle) this.observer.observe(this.handle, { attributes: true, attributeFilter: ["aria-valuetext"] });
    return row;
  }

  #track() {
    const { ends: [low, high] } = this.about;
    if (!this.view.el.querySelector(".noUi-target, .slider-container")) return this.view.el;
    const ends = element("div", { class: "course-ends", "aria-hidden": "true" }, element("span", {}, low), element("span", {}, high));
    return element("div", { class: "course-track" }, this.view.el, ends);
  }

  remove() {
    this.observer?.disconnect();
    this.view?.remove();
  }
}

// ---- what stands around the charts ---------------------------------------------------------------------------------

class Surroundings {
  constructor(layout, charts, actions) {
    Object.assign(this, { layout, actions, cells: new Map() });
    this.places = Array.from({ length: charts }, () => element("div", { class: "course-chart" }));
    this.root = element("div", { class: "course-panel", role: "group", "aria-label": layout.title ?? null });
    this.problem = element("p", { class: "course-problem", role: "alert", hidden: true });
    this.spoken = element("p", { class: "course-spoken", "aria-live": "polite" });
    this.status = element("p", { class: "course-status", role: "status" });
  }

  // Controls in the open, then those of each group, folded.
  build(controls) {
    const { layout, root } = this;
    const open = controls.filter(({ about }) => !about.more);
    const main = element("div", { class: "course-main" }, ...this.#columns());
    if (layout.title) root.append(element("h3", { class: "course-title" }, layout.title));
    if (layout.controls?.length) root.append(this.#presets(), this.#caption(), this.#rows(open), this.#groups(controls));
    root.append(...[this.status, this.problem, main, this.#table(), this.spoken].filter(Boolean));
    return root;
  }

  #rows(controls) {
    return element("div", { class: "course-controls" }, ...controls.map(({ row }) => row));
  }

  #groups(controls) {
    const names = [...new Set(controls.map(({ about }) => about.more).filter(Boolean))];
    this.groups = names.map((name) => {
      const members = controls.filter(({ about }) => about.more === name);
      const count = element("span", { class: "course-count" });
      const box = element("details", { class: "course-group" }, element("summary", {}, name, count), this.#rows(members));
      return { box, members, count };
    });
    return element("div", { class: "course-groups" }, ...this.groups.map(({ box }) => box));
  }

  #caption() {
    this.caption = element("p", { class: "course-caption" }, " ");
    return this.caption;
  }

  // What the preset is, and which controls stand elsewhere than in the default one.
  markMoved(controls, positions) {
    if (!controls.length) return;
    controls.forEach((control, i) => control.mark(this.layout.start[i]));
    for (const { members, count } of this.groups ?? []) {
      const moved = members.filter(({ row }) => row.dataset.moved === "true").length;
      count.textContent = moved ? ` · ${moved} moved` : "";
    }
    const preset = Object.entries(this.layout.presets).find(([, places]) => places.join() === positions.join());
    const said = preset ? `${preset[0]}: ${this.layout.captions?.[preset[0]] ?? "as it is"}` : "your own settings; a dot marks what differs from the start";
    if (this.caption && this.caption.textContent !== said) this.caption.textContent = said;
  }

  // Words in the place that is kept for them: nothing below moves when they come or go.
  tell(text = "") {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  // Charts one below the other on the left, numbers on the right. The phase map joins the numbers, and the notes then go
  // below the charts.
  #columns() {
    const notes = element("div", { class: "course-notes" }, this.#challenges(), this.#assumptions());
    const { map_controls: mapped, controls } = this.layout;
    if (!controls?.length) return this.places.map((place) => element("div", { class: "course-left" }, place));
    const maps = mapped?.length ? this.places.slice(-1) : [];
    const charts = this.places.slice(0, this.places.length - maps.length);
    this.map = maps.length && element("div", { class: "course-map" }, ...maps, element("p", { class: "course-map-word", hidden: true }, this.layout.words?.map ?? "the map is being drawn"));
    const left = element("div", { class: "course-left" }, ...charts, this.map ? notes : null);
    const side = element("div", { class: "course-side" }, this.#readouts(), this.map || notes);
    return [left, side];
  }

  // Another map than the right one is faded as a whole: cell by cell would show their seams.
  fadeMap(faded) {
    if (!this.map) return;
    this.map.dataset.faded = String(faded);
    this.map.querySelector(".course-map-word").hidden = !faded;
  }

  #presets() {
    const { presets, seed } = this.layout;
    const button = (text, act, title) => element("button", { type: "button", class: "course-button", title, onclick: act }, text);
    this.presetButtons = Object.entries(presets).map(([name, positions]) => [button(name, () => this.actions.move(positions)), positions.join()]);
    this.seedShown = element("span", { class: "course-seed" });
    const reset = () => this.actions.move(this.layout.start, seed);
    const surprise = () => this.actions.move(null, 1 + Math.floor(Math.random() * 9998));
    return element("div", { class: "course-presets", role: "group", "aria-label": "Presets" },
      ...this.presetButtons.map(([made]) => made),
      element("span", { class: "course-gap" }),
      button("reset", reset, "Back to where the panel started"),
      this.layout.words ? null : button("surprise me", surprise, "Another seed: the same settings, other chance events"),
      this.seedShown);
  }

  #readouts() {
    if (!this.layout.readouts?.length) return null;
    const list = element("dl", { class: "course-readouts" });
    for (const readout of this.layout.readouts) {
      const value = element("dd", { "data-readout": readout.name });
      this.cells.set(readout.name, value);
      list.append(element("div", {}, element("dt", {}, readout.label), value));
    }
    return list;
  }

  #challenges() {
    if (!this.layout.challenges?.length) return null;
    const beyond = this.layout.words?.challenges ?? [];
    this.goals = this.layout.challenges.map((text, i) => element("li", { "data-reached": "false" }, element("span", { class: "course-tick", "aria-hidden": "true" }, "☐"), " ", text, element("span", { class: "course-hidden" }), beyond[i] ? element("em", {}, ` ${beyond[i]}`) : null));
    this.progress = element("p", { class: "course-progress", "aria-live": "polite" }, `0 of ${this.goals.length} reached`);
    return element("section", { class: "course-challenges", "aria-label": "Challenges" }, element("h4", {}, "Challenges"), element("ol", {}, ...this.goals), this.progress);
  }

  #assumptions() {
    const lines = this.layout.assumptions ?? [];
    if (!lines.length) return null;
    return element("section", { class: "course-assumptions", "aria-label": "Assumptions" }, element("h4", {}, "Assumed here"), element("ul", {}, ...lines.map((line) => element("li", {}, line))));
  }

  #table() {
    if (!this.actions.data()) return null;
    this.table = element("details", { class: "course-table" }, element("summary", {}, "the numbers as a table"));
    this.table.addEventListener("toggle", () => this.fillTable());
    return this.table;
  }

  fillTable() {
    if (!this.table) return;
    this.table.querySelector("div")?.remove();
    const data = this.actions.data();
    if (!this.table.open || !data) return;
    const names = [...data.columns.keys()];
    const heads = names.map((name) => element("th", { scope: "col" }, this.layout.units?.[name] ? `${name} (${this.layout.units[name]})` : name));
    const every = Math.max(1, Math.ceil(data.rows / 60));
    const rows = [];
    for (let i = 0; i < data.rows; i += every) rows.push(element("tr", {}, ...names.map((name) => element("td", {}, numberText(data.columns.get(name)[i], { digits: 4, missing: "–" })))));
    const caption = every > 1 ? element("caption", {}, `Every ${every}th of ${data.rows} rows.`) : null;
    this.table.append(element("div", {}, element("table", {}, caption, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows))));
  }

  showNumbers(numbers, positions, seed) {
    for (const readout of this.layout.readouts ?? []) {
      const text = numberText(numbers[readout.name], readout);
      const cell = this.cells.get(readout.name);
      if (cell.textContent !== text) cell.textContent = text;
    }
    for (const [made, preset] of this.presetButtons ?? []) made.setAttribute("aria-pressed", String(preset === positions.join()));
    if (this.seedShown) this.seedShown.textContent = `seed ${seed}`;
  }

  // Said once at rest, so that a drag does not flood a screen reader.
  speak() {
    const said = (this.layout.readouts ?? []).map(({ name, label }) => `${label}: ${this.cells.get(name).textContent}`).join("; ");
    if (this.spoken.textContent !== said) this.spoken.textContent = said;
  }

  tick(reached) {
    if (!this.goals?.length || !reached) return;
    reached.forEach((done, i) => {
      this.goals[i].dataset.reached = String(done);
      this.goals[i].querySelector(".course-tick").textContent = done ? "☑" : "☐";
      this.goals[i].querySelector(".course-hidden").textContent = done ? " (reached)" : "";
    });
    const said = `${reached.filter(Boolean).length} of ${reached.length} reached`;
    if (this.progress.textContent !== said) this.progress.textContent = said;
  }

  complain(text = "") {
    if (this.problem.textContent !== text) this.problem.textContent = text;
    this.problem.hidden = !text;
  }
}

// ---- the panel -----------------------------------------------------------------------------------------------------

class PanelView {
  constructor(model) {
    this.model = model;
    this.layout = model.get("layout_data");
    this.filed = { frame: new Map(), full: new Map(), map: new Map() };
    this.shown = { frame: null, full: null, map: null, key: null };
    this.visits = new Map();
    this.refused = new Map();
    this.around = new Surroundings(this.layout, model.get("specs").length, { move: (to, seed) => this.move(to, seed), data: () => this.tabled() });
  }

  get positions() {
    return this.controls.map((control) => control.position);
  }

  keyOf(positions) {
    return `${positions.join(",")}|${this.model.get("seed")}`;
  }

  get key() {
    return this.keyOf(this.positions);
  }

  get mapKey() {
    return this.keyOf(this.positions.map((position, i) => (this.layout.map_controls?.includes(i) ? 0 : position)));
  }

  async open(el) {
    const references = this.model.get("controls");
    const models = await Promise.all(references.map((reference) => childModel(this.model, reference)));
    this.controls = models.map((child, i) => new Control(this.layout.controls[i], child));
    for (const { kind, header, buffer } of this.model.get("first")) this.file(kind, header, buffer);
    const attend = (control) => () => this.model.send({ type: "attend", control });
    await Promise.all(this.controls.map((control, i) => control.place(this.model.widget_manager, attend(i))));
    this.model.get("specs").forEach((spec, i) => reserve(spec, this.around.places[i]));
    el.append(this.around.build(this.controls));
    this.around.markMoved(this.controls, this.positions);
    await this.#embed();
    this.#listen();
    this.around.root.classList.add("course-live");
    this.show();
    this.model.send({ type: "open" });
    this.#land();
  }

  // Shift+Enter has moved on to the next cell by now: a panel that was just run is brought back into view.
  #land() {
    if (!this.model.get("fresh")) return;
    this.model.set("fresh", false);
    this.model.save_changes();
    const { root } = this.around;
    const cell = root.closest(".jp-Cell");
    const active = cell?.parentElement.querySelector(":scope > .jp-mod-active");
    if (!this.controls.length || !active || (active !== cell && active !== cell.nextElementSibling)) return;
    const into = () => {
      const top = root.getBoundingClientRect().top;
      const { top: edge, bottom } = root.closest(".jp-WindowedPanel-outer, .jp-Notebook")?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
      if (top < edge || top > bottom - 200) root.scrollIntoView({ block: "start" });
    };
    into();
    // JupyterLab scrolls once more when the cell has grown.
    for (const delay of [60, 250]) setTimeout(into, delay);
  }

  async #embed() {
    // After a reload the sliders may stand elsewhere than they did at first: the first picture tides over.
    this.choose(this.key, [...this.filed.frame][0]);
    const datasets = this.datasets();
    const { places } = this.around;
    this.charts = await Promise.all(this.model.get("specs").map((spec, i) => embed(this.model, spec, datasets, places[i])));
    this.around.root.courseMove = (positions) => this.move(positions);
    this.around.root.courseHolds = (key) => this.filed.frame.has(key);
    this.around.root.courseViews = this.charts.map(({ view }) => view);
    this.painter = new Painter(this.charts);
    Object.assign(this.painter.drawn, datasets);
    this.unfollow = followTheme(this.around.root, this.charts);
  }

  #listen() {
    this.onMessage = (message, buffers) => this.heard(message, buffers);
    this.onMove = () => this.moved();
    this.model.on("msg:custom", this.onMessage);
    this.model.on("change:seed", this.onMove);
    this.onLive = () => this.#waiting();
    this.model.on("comm_live_update", this.onLive);
    for (const control of this.controls) control.model.on(control.event, this.onMove);
  }

  close() {
    if (this.charts && this.connected) this.model.send({ type: "closed" });
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:seed", this.onMove);
    this.model.off("comm_live_update", this.onLive);
    clearTimeout(this.patience);
    for (const control of this.controls ?? []) {
      control.model.off(control.event, this.onMove);
      control.remove();
    }
    this.unfollow?.();
    for (const { finalize } of this.charts ?? []) finalize();
  }

  // Moves all controls at once (a preset), and the seed when given: one drawing, not one a control.
  move(positions, seed = this.model.get("seed")) {
    this.moving = true;
    positions?.forEach((position, i) => {
      if (this.controls[i].position !== position) this.controls[i].position = position;
    });
    if (seed !== this.model.get("seed")) {
      this.model.set("seed", seed);
      this.model.save_changes();
    }
    this.moving = false;
    this.moved();
  }

  moved() {
    if (this.moving) return;
    for (const control of this.controls) control.name();
    this.around.markMoved(this.controls, this.positions);
    this.visits.set(this.key, performance.now());
    this.show();
  }

  get connected() {
    return this.controls.every((control) => control.model.comm_live !== false);
  }

  // What a page without a kernel says of settings that it does not hold: their picture never comes, the last one stays.
  beyond(key) {
    return this.model.beyond?.(key);
  }

  // Says so when the kernel is gone, or when the picture lags behind the sliders for longer than a blink.
  #waiting() {
    clearTimeout(this.patience);
    const { root } = this.around;
    root.dataset.connected = String(this.connected);
    if (!this.connected) this.around.tell("The kernel is gone: run this cell to make the panel live again.");
    else if (root.dataset.drawn === this.key || this.refused.has(this.key)) this.around.tell();
    else if (this.beyond(this.key)) this.around.tell(this.beyond(this.key));
    else this.patience = setTimeout(() => this.around.tell("Waiting for the kernel …"), 300);
  }

  file(kind, header, bytes) {
    const shelf = this.filed[kind === "ahead" ? "frame" : kind];
    const pictures = unpack(header, bytes);
    for (const [key, picture] of pictures) shelf.set(key, picture);
    return pictures;
  }

  heard(message, buffers) {
    if (message.type === "forget") {
      for (const shelf of [...Object.values(this.filed), this.visits, this.refused]) shelf.clear();
    } else if (message.type === "problem") {
      for (const key of message.keys) this.refused.set(key, message.text);
      this.around.complain(this.refused.get(this.key));
    } else if (message.type === "reached") {
      this.around.tick(message.reached);
    } else if (message.type === "picture") {
      const pictures = this.file(message.kind, message.header, buffers[0]);
      this.around.tick(message.reached);
      this.show(message.kind === "frame" ? [...pictures.entries()][0] : null);
    }
  }

  // Picks what to show for a key. While the right frame is under way, one from the kernel (`late`) may stand in, unless
  // the sliders were there before they were where the drawn one is: a drag never runs backwards.
  choose(key, late = null) {
    const frame = this.filed.frame.get(key);
    if (frame) Object.assign(this.shown, { frame, key });
    else if (late && this.visited(late[0]) >= this.visited(this.shown.key)) Object.assign(this.shown, { frame: late[1], key: late[0] });
    const settled = this.shown.key === key || this.beyond(key);
    this.shown.full = settled ? this.filed.full.get(this.shown.key) ?? null : null;
    this.shown.map = this.filed.map.get(this.mapKey) ?? this.shown.map;
    return this.shown.key === key;
  }

  // What the table shows: the run, or else the longest dataset of more than a few rows.
  tabled() {
    const frame = this.shown.frame ?? [...this.filed.frame.values()][0];
    const long = Object.values(frame?.data ?? {}).filter(({ rows }) => rows > 3);
    return frame?.data.run ?? long.sort((one, other) => other.rows - one.rows)[0];
  }

  visited(key) {
    return this.visits.get(key) ?? 0;
  }

  // One row of slider values, of the picture that is drawn: "you are here".
  here(key) {
    const [places, seed] = key.split("|");
    const columns = new Map([["seed", [Number(seed)]]]);
    places.split(",").forEach((position, i) => {
      const about = this.layout.controls?.[i];
      if (about && typeof about.values[position] === "number") columns.set(about.name, [about.values[position]]);
    });
    return { rows: 1, columns };
  }

  datasets() {
    const { frame, full, map, key } = this.shown;
    if (this.hereOf?.key !== key) this.hereOf = { key, here: this.here(key) };
    const all = { ...frame?.data, ...full?.data, ...map?.data, here: this.hereOf.here };
    for (const name of this.layout.datasets ?? []) all[name] ??= null;
    return all;
  }

  show(late = null) {
    const exact = this.choose(this.key, late);
    this.around.root.dataset.wanted = this.key;
    this.around.complain(this.refused.get(this.key));
    this.around.fadeMap(!this.filed.map.has(this.mapKey));
    this.#waiting();
    if (!this.shown.frame) return;
    const { frame, full, key } = this.shown;
    this.around.showNumbers({ ...frame.numbers, ...full?.numbers }, this.positions, this.model.get("seed"));
    const rested = exact && this.filed.full.has(key);
    this.painter.draw({ datasets: this.datasets(), after: () => this.#drawn(key, rested) });
  }

  #drawn(key, rested) {
    const { root } = this.around;
    root.dataset.drawn = key;
    root.dataset.pictures = 1 + Number(root.dataset.pictures ?? 0);
    this.#waiting();
    if (rested) {
      root.dataset.rested = key;
      this.around.speak();
      this.around.fillTable();
    }
    root.dispatchEvent(new CustomEvent("course-drawn", { detail: { key, rested } }));
  }
}

async function render({ model, el }) {
  const view = new PanelView(model);
  try {
    await view.open(el);
  } catch (error) {
    console.warn(error);
    view.close();
    el.replaceChildren(element("p", {}, `The live chart could not start here (${error.message}). The picture above shows where it starts.`));
  }
  return () => view.close();
}

const initialize = ({ model }) => hear(model);

export default { initialize, render };
