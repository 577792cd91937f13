// The page's side of a drill's console. The kernel owns the drill; this file shows it, moves its clock, and passes on what
// the responder does. What draws is `charts.js`, which stands before this file.

const BEAT = 800; // ms between two moves of the clock
const LONGEST = 3; // s that one move may cover: a laptop that slept does not leap
const PATIENCE = 10000; // ms to wait for the kernel's answer before the clock asks again
const GONE = "The kernel is gone. Run this cell again: the drill goes on where it stood, nothing is lost.";

// Sends where there is a kernel that hears; returns whether there was.
function post(model, message) {
  try {
    model.send(message);
    return true;
  } catch {
    return false;
  }
}

// One clock a page, however often the cell's output is shown.
function initialize({ model }) {
  hear(model);
  let last = performance.now();
  let asked = 0;
  const answered = () => (asked = 0);
  const shared = Boolean(model.get("layout_data").role);
  model.on("change:screen", answered);
  model.on("msg:custom", answered);
  const beat = setInterval(() => {
    const now = performance.now();
    const playing = model.get("playing");
    if (!playing) last = now;
    if (!(playing || shared) || (asked && now - asked < PATIENCE)) return;
    if (!playing) {
      asked = now;
      post(model, { type: "follow" });
      return;
    }
    const seconds = Math.min((now - last) / 1000, LONGEST) * model.get("speed");
    last = asked = now;
    post(model, { type: "tick", seconds });
  }, BEAT);
  return () => (clearInterval(beat), model.off("change:screen", answered), model.off("msg:custom", answered));
}

const KEYS = { p: "run", s: "wait", d: "diagnosis", a: "actions", u: "update", v: "verify", n: "note" };
const button = (text, act, attributes = {}) => element("button", { type: "button", class: "course-button", onclick: act, ...attributes }, text);
const hidden = (text) => element("span", { class: "course-hidden" }, text);

class ConsoleView {
  constructor(model) {
    this.model = model;
    this.layout = model.get("layout_data");
    this.made = new Map();
    this.zoom = "all";
    this.teams = new Set(); // whose actions are unfolded
    this.stood = new Set(); // what was seen to stand, each of which unfolds its team once
    this.root = element("div", {
      class: `course-panel course-console drill-${this.layout.role || "alone"}`, role: "region", "aria-label": "Incident console",
      "data-lm-suppress-shortcuts": "true", onkeydown: (event) => this.key(event),
    });
  }

  get screen() {
    return this.model.get("screen");
  }

  async open(el) {
    this.build();
    el.append(this.root);
    this.show();
    await this.embed();
    this.root.classList.add("course-live");
    this.handlers = {
      "change:screen": () => this.show(), "change:picture": () => this.draw(), "change:playing": () => this.show(),
      "change:speed": () => this.show(), "change:debrief": () => this.showDebrief(), "msg:custom": (message) => this.heard(message),
    };
    for (const [name, act] of Object.entries(this.handlers)) this.model.on(name, act);
    this.vega = await childModel(this.model, this.model.get("vega"));
    this.pulse = setInterval(() => this.showConnection(), 1000);
    await this.draw();
    this.showDebrief();
  }

  close() {
    clearInterval(this.pulse);
    for (const [name, act] of Object.entries(this.handlers ?? {})) this.model.off(name, act);
    this.unfollow?.();
    this.unfollowDebrief?.();
    for (const { finalize } of [...(this.charts ?? []), ...(this.debriefCharts ?? [])]) finalize();
  }

  send(message) {
    if (!this.gone) this.problem.hidden = true; // what was refused before
    if (!post(this.model, message)) this.complain(GONE);
  }

  // Each request has a number, so that a late answer closes no form but its own; a second press asks nothing anew.
  do(kind, facts, more = {}) {
    const asks = JSON.stringify([kind, facts, more]);
    if (asks === this.asks && performance.now() - this.since < PATIENCE) return this.asked;
    [this.asks, this.since] = [asks, performance.now()];
    this.asked = (this.asked ?? 0) + 1;
    this.send({ type: "do", kind, facts, number: this.asked, ...more });
    return this.asked;
  }

  // ---- what stands on the page ---------------------------------------------------------------------------------------

  build() {
    const { layout } = this;
    const place = (name, tag = "section", attributes = {}) => (this[name] = element(tag, { class: `drill-${name}`, ...attributes }));
    place("top", "header");
    place("headline", "dl", { "aria-label": "The first five questions" });
    place("guide", "div", { role: "group", "aria-label": "Next step" });
    place("sheet", "div", { hidden: true });
    place("alerts", "section", { "aria-label": "Alerts" });
    place("injects", "section", { "aria-label": "Messages" });
    place("say", "div", { role: "group", "aria-label": "Say" });
    place("actions", "section", { "aria-label": "Actions" });
    place("secrets", "section", { "aria-label": "For the game master alone" });
    place("timeline", "section", { "aria-label": "Timeline" });
    place("debrief", "section", { "aria-label": "Debrief", hidden: true });
    this.problem = element("p", { class: "course-problem", role: "alert", hidden: true });
    this.spoken = element("p", { class: "course-spoken", "aria-live": "polite" });
    this.places = this.model.get("specs").map(() => element("div", { class: "course-chart" }));
    const watches = layout.role === "board" || layout.replay;
    const right = element("div", { class: "drill-right" }, this.sheet, this.alerts, this.injects, this.say, this.actions, ...(watches ? [this.timeline] : []));
    const left = element("div", { class: "drill-left" }, this.hero(), ...layout.tiers.map((tier) => this.tier(tier)));
    this.root.append(this.top, this.problem, this.debrief, this.headline, this.guide, this.secrets, element("div", { class: "drill-main" }, left, right), ...(watches ? [] : [this.timeline]), this.spoken);
    this.model.get("specs").forEach((spec, i) => reserve(spec, this.places[i]));
    for (const chart of this.places) chart.style.maxWidth = "";
  }

  hero() {
    const choose = (zoom) => {
      this.zoom = zoom;
      for (const [name, made] of Object.entries(this.zooms)) made.setAttribute("aria-pressed", String(name === zoom));
      this.draw();
    };
    this.zooms = { all: button("all", () => choose("all"), { "aria-pressed": "true" }), "last 5 min": button("last 5 min", () => choose("last 5 min"), { "aria-pressed": "false" }) };
    const marks = "dashed: alert · solid: action · dotted: change";
    return element("section", { class: "drill-tier", "aria-label": "Users" },
      element("div", { class: "drill-tier-head" }, element("h4", {}, "Users"), element("span", { class: "drill-small" }, marks), element("span", { class: "course-gap" }), ...Object.values(this.zooms)),
      this.places[0]);
  }

  tier(tier) {
    const own = this.layout.charts.map((chart, i) => [chart, this.places[i + 1]]).filter(([chart]) => chart.tier === tier);
    return element("section", { class: "drill-tier", "aria-label": tier }, element("h4", {}, tier), element("div", { class: "drill-charts" }, ...own.map(([, place]) => place)));
  }

  // Builds a part anew only where what it shows has changed, and gives the focus back to what had it.
  fill(name, shown, build) {
    const key = JSON.stringify(shown);
    if (this.made.get(name) === key) return;
    this.made.set(name, key);
    const focused = this[name].contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this[name].replaceChildren(...build().filter(Boolean));
    if (focused) this[name].querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  show() {
    const { screen, layout } = this;
    const playing = this.model.get("playing");
    const watches = layout.role === "board" || layout.replay;
    this.root.dataset.ended = String(screen.ended);
    this.root.dataset.level = screen.headline[0].level;
    this.root.dataset.seconds = screen.clock.seconds;
    this.fill("top", [screen.clock, playing, this.model.get("speed"), screen.ended], () => this.topParts(screen, playing));
    this.fill("headline", screen.headline, () => screen.headline.map((one) => this.card(one)));
    this.fill("guide", screen.guide, () => (watches ? [] : this.guideParts(screen.guide)));
    this.fill("alerts", screen.alerts, () => this.alertParts(screen.alerts, watches));
    this.fill("injects", screen.injects, () => (screen.injects.length ? [element("h4", {}, "Messages"), ...screen.injects.map((inject) => this.inject(inject, watches))] : []));
    this.fill("say", [screen.refused, screen.ended], () => (watches ? [] : this.sayParts(screen)));
    this.fill("actions", screen.actions, () => (watches ? [] : this.actionParts(screen.actions)));
    this.fill("secrets", screen.secrets ?? null, () => (screen.secrets ? this.secretParts(screen.secrets) : []));
    this.fill("timeline", screen.timeline, () => this.timelineParts(screen.timeline));
    this.debrief.hidden = !this.debriefCharts || !screen.ended;
    this.speak(screen.timeline);
  }

  topParts(screen, playing) {
    const { clock, ended } = screen;
    const clockFace = element("div", { class: "drill-clock" }, element("strong", {}, clock.now), " UTC", element("span", { class: "drill-small" }, clock.into));
    const bar = element("progress", { max: 1, value: clock.share, "aria-label": "How much of the drill is over" });
    const face = element("div", { class: "drill-face" }, clockFace, bar);
    if (this.layout.replay) return [face, ...this.replayParts(screen)];
    if (this.layout.role === "board") return [face];
    const run = button(playing ? "❚❚ pause" : "▶ run", () => this.run(!playing), { "data-key": "run", class: "course-button drill-run", "aria-keyshortcuts": "p", disabled: ended });
    const speeds = this.layout.speeds.map((speed) => button(`${speed}×`, () => this.send({ type: "speed", speed }), { "data-key": `x${speed}`, "aria-pressed": String(speed === this.model.get("speed")), "aria-label": `${speed} times real time`, disabled: ended }));
    const steps = this.layout.steps.map((seconds) => button(`+${seconds} s`, () => this.send({ type: "step", seconds }), { "data-key": `+${seconds}`, "aria-label": `Step ${seconds} seconds on`, disabled: ended }));
    const wait = button("until something happens", () => this.send({ type: "wait" }), { "data-key": "wait", "aria-keyshortcuts": "s", disabled: ended });
    const over = button("hand over", () => this.send({ type: "end" }), { "data-key": "over", disabled: ended, title: "End the drill: what each of your steps did is shown then" });
    return [face, element("div", { class: "drill-buttons", role: "group", "aria-label": "In real time" }, run, ...speeds),
      element("div", { class: "drill-buttons", role: "group", "aria-label": "Step by step" }, ...steps, wait), element("div", { class: "drill-buttons" }, over)];
  }

  replayParts(screen) {
    const at = (to) => this.send({ type: "at", to });
    const slider = element("input", { type: "range", min: 0, max: screen.stops.length - 1, value: screen.stop, "data-key": "stop", "aria-label": "Step of the replay",
      "aria-valuetext": `${screen.clock.now}, step ${screen.stop + 1} of ${screen.stops.length}`, oninput: (event) => at(Number(event.target.value)) });
    return [element("div", { class: "drill-buttons", role: "group", "aria-label": "Replay" },
      button("◀ back", () => at(screen.stop - 1), { "data-key": "back", disabled: screen.stop <= 0 }), slider,
      button("forward ▶", () => at(screen.stop + 1), { "data-key": "forward", disabled: screen.stop >= screen.stops.length - 1 }),
      element("span", {}, `${screen.stop + 1} of ${screen.stops.length}`))];
  }

  card({ asks, says, more, level }) {
    return element("div", { class: "drill-card", "data-level": level }, element("dt", {}, asks), element("dd", {}, element("strong", {}, says), more ? element("span", {}, more) : null));
  }

  guideParts({ says, opens }) {
    const words = { diagnosis: "say what it is", update: "write an update", verify: "confirm", actions: "choose an action", note: "write a note", end: "hand over" };
    const [what] = opens.split(":");
    const label = what === "ack" ? "acknowledge" : what === "action" ? "carry it out" : words[what];
    return [element("span", { class: "drill-next" }, "Next"), element("span", { class: "drill-next-says" }, says), label ? button(label, () => this.go(opens), { class: "course-button drill-primary", "data-key": "guide" }) : null];
  }

  go(opens) {
    const [what, id] = opens.split(":");
    if (what === "ack") this.acknowledge(id.split(","));
    else if (what === "action") this.openAction(id);
    else if (what === "end") this.send({ type: "end" });
    else if (what === "actions") this.actions.querySelector("summary")?.focus();
    else if (what) this.openSheet(what);
  }

  // All that fires, by one press; what it is comes next.
  acknowledge(alerts) {
    const asks = String(alerts);
    if (asks === this.acks && performance.now() - this.since < PATIENCE) return;
    this.acks = asks;
    for (const alert of alerts) this.led = this.do("ack", { alert });
  }

  // Pages stand in the open; beside one, tickets are folded: they wake nobody.
  alertParts(alerts, watches) {
    const shown = (some) => some.map((alert) => this.alert(alert, watches));
    const [pages, tickets] = [true, false].map((page) => alerts.filter(({ severity }) => (severity === "page") === page));
    if (!pages.length || !tickets.length || watches) return [element("h4", {}, "Alerts"), ...shown(alerts), alerts.length ? null : element("p", {}, "none so far")];
    const words = `${tickets.length} ticket${tickets.length > 1 ? "s" : ""}`;
    const fold = element("details", { ontoggle: () => (this.tickets = fold.open) }, element("summary", { "data-key": "tickets" }, words), ...shown(tickets));
    fold.open = Boolean(this.tickets);
    return [element("h4", {}, "Alerts"), ...shown(pages), fold];
  }

  alert(alert, watches) {
    const ack = alert.state === "firing" && !watches ? button("acknowledge", () => this.do("ack", { alert: alert.id }), { "data-key": `ack-${alert.id}`, "aria-label": `Acknowledge: ${alert.says}` }) : null;
    const mark = { firing: "●", acknowledged: "◐", cleared: "○" }[alert.state];
    return element("div", { class: "drill-item", "data-state": alert.state, "data-alert": alert.id }, element("span", { class: "drill-mark", "aria-hidden": "true" }, mark), hidden(alert.state),
      element("div", {}, element("strong", {}, alert.says), element("span", { class: "drill-small" }, `${alert.severity} · ${alert.when}`)), ack);
  }

  inject(inject, watches) {
    const answer = inject.open && !watches && this.layout.role !== "operator" ? button("answer", () => this.openSheet("update", inject), { "data-key": `answer-${inject.id}`, "aria-label": `Answer ${inject.from}` }) : null;
    const said = element("div", {}, element("strong", {}, inject.from), element("span", {}, inject.text), element("span", { class: "drill-small", "data-late": String(inject.late) }, `${inject.when} · ${inject.state}`));
    return element("div", { class: "drill-item", "data-inject": inject.id }, element("span", { class: "drill-mark", "aria-hidden": "true" }, "✉"), said, answer);
  }

  sayParts(screen) {
    const all = { diagnosis: "diagnosis", update: "status update", verify: "confirm recovery", note: "note" };
    return [element("h4", {}, "Say"), element("div", { class: "drill-buttons" }, ...Object.entries(all).map(([kind, label]) =>
      button(label, () => this.openSheet(kind), { "data-key": `say-${kind}`, "aria-haspopup": "dialog", "aria-keyshortcuts": Object.keys(KEYS).find((key) => KEYS[key] === kind), disabled: screen.ended })))];
  }

  // By those who carry them out, folded, so that whoever is new reads a handful of words and not a dozen lines.
  actionParts(actions) {
    const about = this.layout.actions;
    for (const { id, state } of actions) {
      if (!state || this.stood.has(id + state)) continue;
      this.stood.add(id + state);
      this.teams.add(about.find((one) => one.id === id).by);
    }
    const teams = [...new Set(about.map(({ by }) => by))].sort();
    const folds = teams.map((team) => {
      const fold = element("details", { ontoggle: () => (fold.open ? this.teams.add(team) : this.teams.delete(team)) },
        element("summary", { "data-key": `team-${team}` }, team), this.actionList(about.filter(({ by }) => by === team), actions));
      fold.open = this.teams.has(team);
      return fold;
    });
    return [element("h4", {}, this.layout.role === "commander" ? "Order an action" : "Actions"), ...folds];
  }

  actionList(abouts, actions) {
    const list = abouts.map((about) => {
      const action = actions.find(({ id }) => id === about.id);
      const off = Boolean(action.why_not);
      const act = button(about.label, () => this.openAction(action.id), { class: "course-button drill-action", "data-key": `action-${action.id}`, "data-action": action.id, "data-off": off, "aria-haspopup": "dialog" });
      return element("li", {}, act, action.state ? element("span", { class: "drill-state" }, action.state) : null);
    });
    return element("ul", {}, ...list);
  }

  secretParts({ question, coming, note }) {
    return [element("h4", {}, "For you alone"), element("p", {}, element("strong", {}, "Ask next: "), question), note ? element("p", { class: "drill-small" }, note) : null,
      coming.length ? element("ul", {}, ...coming.map(({ when, from, text, secret }) => element("li", {}, element("strong", {}, `${when} ${from}${secret ? " (you say it aloud)" : ""}: `), text))) : element("p", { class: "drill-small" }, "no more messages to come")];
  }

  timelineParts(lines) {
    const rows = lines.map((line) => element("li", { "data-kind": line.kind, "data-by": line.by, "data-line": line.id }, element("time", {}, line.time), " ", element("span", { class: "drill-by" }, line.by === "you" ? "▸" : "·"), " ", line.text));
    return [element("h4", {}, "Timeline"), element("ol", { tabindex: 0, reversed: true, "aria-label": "Timeline, newest first" }, ...rows)];
  }

  // ---- forms ---------------------------------------------------------------------------------------------------------

  openSheet(kind, about) {
    this.opened = kind;
    const form = { diagnosis: () => this.diagnosisForm(), update: () => this.updateForm(about), verify: () => this.verifyForm(), note: () => this.noteForm() }[kind]();
    this.put(form);
  }

  put({ title, head = title, parts, submit, label, choice, blocked }) {
    this.back ??= document.activeElement?.dataset?.key;
    const hints = element("div", { class: "drill-hints", role: "status" });
    const why = element("p", { class: "drill-why", role: "alert", hidden: !blocked }, blocked ?? "");
    const send = (text, more) => element("button", { type: "submit", class: "course-button drill-primary", "data-submit": true, disabled: Boolean(blocked), ...more }, text);
    const sends = choice ? [element("span", { class: "drill-field" }, choice.legend), ...choice.options.map(([value, text]) => send(text, { name: choice.name, value }))] : [send(label)];
    const form = element("form", { role: "dialog", "aria-label": title, onsubmit: (event) => (event.preventDefault(), (this.submitted = submit(this.sure, event.submitter?.value))) },
      head ? element("h4", {}, head) : null, ...parts, hints, why,
      element("div", { class: "drill-buttons", role: "group", ...(choice ? { "aria-label": choice.legend } : {}) }, ...sends, button("cancel", () => this.shut())));
    if (choice) form.onkeydown = (event) => { // Enter leads to the choice and does not make it
      if (event.key !== "Enter" || !event.target.matches("input, select")) return;
      event.preventDefault();
      form.querySelector("[data-submit]").focus();
    };
    this.sure = false;
    this.submitted = null;
    this.sheet.replaceChildren(form);
    this.sheet.hidden = false;
    this.sheet.scrollIntoView({ block: "nearest" });
    (form.querySelector("input:not([type=hidden]), textarea, select") ?? form.querySelector("[data-submit]:not(:disabled), button")).focus({ preventScroll: true });
  }

  shut() {
    this.sheet.hidden = true;
    this.sheet.replaceChildren();
    this.opened = this.then = null;
    if (this.back) this.root.querySelector(`[data-key="${CSS.escape(this.back)}"]`)?.focus({ preventScroll: true });
    this.back = null;
  }

  fieldset(legend, type, name, options) {
    const made = options.map(([value, text]) => element("label", {}, element("input", { type, name, value }), ` ${text}`));
    return element("fieldset", { class: "drill-choices", "data-field": name }, element("legend", {}, legend), ...made);
  }

  select(label, name, options) {
    const chosen = element("select", { name }, ...[["", "…"], ...options].map(([value, text]) => element("option", { value }, text)));
    return element("label", { class: "drill-field" }, label, chosen);
  }

  values(name) {
    return [...this.sheet.querySelectorAll(`[name="${name}"]:checked`)].map(({ value }) => value);
  }

  value(name) {
    return this.sheet.querySelector(`[name="${name}"]`)?.value.trim() ?? "";
  }

  diagnosisForm() {
    const { layout, screen } = this;
    const tiers = layout.tiers.map((tier) => [tier, tier]);
    return {
      title: "What is it?", head: "", blocked: screen.refused.diagnosis,
      choice: { legend: "Sure?", name: "confidence", options: layout.confidence.map((word, i) => [i + 1, word]) },
      parts: [
        this.fieldset("It is", "radio", "mode", layout.modes),
        element("div", { class: "drill-pair" }, this.select("starts in", "cause", tiers), this.select("shows in", "victim", tiers)),
        this.evidenceFold(screen),
      ],
      submit: (_, sure) => {
        const facts = { mode: this.values("mode")[0] ?? "", confidence: Number(sure ?? 0), evidence: this.values("evidence") };
        for (const name of ["cause", "victim"]) if (this.value(name)) facts[name] = this.value(name);
        return this.do("diagnosis", facts);
      },
    };
  }

  // The alert that woke is evidence until something better is chosen.
  evidenceFold({ evidence, page }) {
    const list = this.fieldset("because of", "checkbox", "evidence", evidence);
    const summary = element("summary", { class: "drill-field" });
    const tell = () => {
      const chosen = [...list.querySelectorAll(":checked")].map(({ value }) => value);
      summary.textContent = `evidence: ${String(chosen) === page ? "the alert" : chosen.length || "none"}`;
    };
    const known = page && list.querySelector(`[value="${CSS.escape(page)}"]`);
    if (known) known.checked = true;
    list.onchange = tell;
    tell();
    const fold = element("details", {}, summary, list);
    fold.open = !known;
    return fold;
  }

  updateForm(inject) {
    const { screen } = this;
    let last;
    const area = (label, name, asks) => {
      const field = element("textarea", { name, rows: 2, placeholder: asks, onfocus: (event) => (last = event.target) });
      last ??= field;
      return element("label", { class: "drill-field" }, label, field);
    };
    const insert = (fact) => {
      last.value = `${last.value}${last.value && !/[\s]$/.test(last.value) ? ", " : ""}${fact}`;
      last.focus();
    };
    const needs = inject?.needs ?? screen.needs;
    return {
      title: inject ? `Answer ${inject.from}` : "Status update", label: "send", blocked: screen.refused.update,
      parts: [
        element("div", { class: "drill-facts", role: "group", "aria-label": "Known now; press one to put it in" }, ...screen.facts.map((fact) => button(fact, () => insert(fact)))),
        area("Conditions: what is so", "conditions", "who is hurt, how much, since when"),
        area("Actions: what is being done", "actions", "and what you look at next"),
        area("Needs: what you want from others", "needs", "'none' is an answer"),
        ...needs.map((need, i) => element("label", { class: "drill-field" }, need, element("input", { type: "text", name: `need-${i}`, "data-need": need }))),
      ],
      submit: (sure) => {
        const facts = Object.fromEntries(["conditions", "actions", "needs"].map((name) => [name, this.value(name)]));
        needs.forEach((need, i) => this.value(`need-${i}`) && (facts[need] = this.value(`need-${i}`)));
        return this.do("update", { facts, ...(inject ? { inject: inject.id } : {}) }, { sure });
      },
    };
  }

  verifyForm() {
    const { layout, screen } = this;
    return {
      title: "How does it stand?", label: "confirm", blocked: screen.refused.verify,
      parts: [
        this.fieldset("I confirm", "radio", "mode", [[layout.recovered, "it has recovered, and holds without the trigger"], [layout.nothing, "nothing was wrong"]]),
        this.fieldset("as shown by", "checkbox", "signals", layout.signals),
      ],
      submit: () => this.do("verify", { mode: this.values("mode")[0] ?? "", signals: this.values("signals") }),
    };
  }

  noteForm() {
    return {
      title: "Note for the timeline", label: "write", blocked: this.screen.refused.note,
      parts: [element("label", { class: "drill-field" }, "What you saw", element("textarea", { name: "text", rows: 2 }))],
      submit: () => this.do("note", { text: this.value("text") }),
    };
  }

  openAction(id) {
    const about = this.layout.actions.find((action) => action.id === id);
    const now = this.screen.actions.find((action) => action.id === id);
    const commands = this.layout.role === "commander";
    this.opened = `action:${id}`;
    const title = now.undo ? `Take back: ${about.label}?` : `${about.label}?`;
    const said = now.why_not === this.layout.first_say ? button("say what it is", () => (this.openSheet("diagnosis"), (this.then = id)), { class: "course-button drill-primary drill-first" }) : null;
    this.put({
      title, label: commands ? "order it" : now.undo ? "take it back" : "do it", blocked: now.why_not,
      parts: [element("ul", { class: "drill-risk" }, ...about.risk.map((line) => element("li", {}, line))), said],
      submit: () => {
        if (commands) return this.do("note", { text: about.label, facts: { orders: id } });
        return this.do("action", { action: id, ...(now.undo ? { undo: true } : {}), ...(now.order ? { facts: { order: now.order } } : {}) });
      },
    });
  }

  // ---- what comes and goes -------------------------------------------------------------------------------------------

  run(playing) {
    this.send({ type: "play", playing });
  }

  key(event) {
    if (event.key === "Escape" && !this.sheet.hidden) return this.shut();
    const typing = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select");
    const what = KEYS[event.key];
    if (typing || !what || event.ctrlKey || event.metaKey || event.altKey || this.layout.replay || this.layout.role === "board") return;
    event.preventDefault();
    if (what === "run") this.run(!this.model.get("playing"));
    else if (what === "wait") this.send({ type: "wait" });
    else this.go(what);
  }

  heard(message) {
    if (message.number === this.asked) this.asks = null;
    if (message.type === "refused") this.complain(message.text);
    else if (message.type === "hints" && message.number === this.submitted) this.hint(message.lines);
    else if (message.type === "done") {
      const then = message.kind === "diagnosis" ? this.then : null;
      if (message.number === this.submitted) this.shut();
      this.complain();
      if (message.kind === "ack" && message.number === this.led && this.sheet.hidden && this.screen.guide.opens === "diagnosis") this.openSheet("diagnosis");
      if (then) this.openAction(then);
    }
  }

  // A reason stands in the form it belongs to, or else at the top.
  complain(text = "") {
    const why = this.sheet.querySelector(".drill-why");
    const place = !this.sheet.hidden && why ? why : this.problem;
    for (const one of [why, this.problem]) if (one && one !== place) one.hidden = true;
    place.textContent = text;
    place.hidden = !text;
  }

  hint(lines) {
    this.sure = true;
    this.sheet.querySelector(".drill-hints").replaceChildren(element("p", {}, "Before you send it:"), element("ul", {}, ...lines.map((line) => element("li", {}, line))));
    this.sheet.querySelector("[data-submit]").textContent = "send it as it is";
  }

  // New lines of the timeline are said once, politely, oldest first.
  speak(lines) {
    const known = this.spoke ?? new Set(lines.map(({ id }) => id));
    const fresh = lines.filter(({ id, by }) => !known.has(id) && by !== "you").reverse();
    this.spoke = new Set(lines.map(({ id }) => id));
    if (fresh.length) this.spoken.textContent = fresh.map(({ time, text }) => `${time}: ${text}`).join(". ");
  }

  showConnection() {
    const gone = this.vega.comm_live === false;
    if (gone === this.gone) return;
    this.gone = gone;
    this.root.dataset.connected = String(!gone);
    this.complain(gone ? GONE : "");
  }

  // ---- charts --------------------------------------------------------------------------------------------------------

  datasets() {
    const { header, buffer } = this.model.get("picture");
    return unpack(header, buffer).values().next().value.data;
  }

  async embed() {
    const datasets = this.datasets();
    this.charts = await Promise.all(this.model.get("specs").map((spec, i) => embed(this.model, spec, datasets, this.places[i])));
    this.root.courseViews = this.charts.map(({ view }) => view);
    this.painter = new Painter(this.charts);
    this.unfollow = followTheme(this.root, this.charts);
  }

  async draw() {
    if (!this.painter) return;
    const datasets = this.datasets();
    const { started, start } = this.layout;
    const { seconds } = this.screen.clock;
    const to = Math.max(seconds, start + 60);
    const from = this.zoom === "all" ? 0 : Math.max(0, to - 300);
    const most = Math.max(0, ...(datasets.users.columns.get("share") ?? []));
    for (const { view } of this.charts) {
      setSignal(view, "clock_from", started + 1000 * from);
      setSignal(view, "clock_to", started + 1000 * to);
      setSignal(view, "share_top", [5, 10, 25, 50, 100].find((top) => most <= top) ?? 100);
    }
    await this.painter.draw({ datasets, after: () => (this.root.dataset.drawn = String(seconds)) });
  }

  async showDebrief() {
    const debrief = this.model.get("debrief");
    this.debrief.hidden = !this.debriefCharts || !this.screen.ended;
    if (!debrief?.spec || this.debriefCharts) return;
    this.debriefCharts = [];
    const place = element("div", { class: "course-chart" });
    const { score, lines, actions, question, title } = debrief;
    const table = (head, rows) => element("table", {}, element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))), element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((text) => element("td", {}, text))))));
    this.debrief.append(
      element("h3", { class: "course-title" }, title),
      element("div", { class: "drill-debrief" },
        element("div", {}, place, element("p", { class: "drill-question" }, element("strong", {}, "To take along: "), question)),
        element("div", {}, score.length ? table(["", "points", "why"], score) : null)),
      element("ul", {}, ...lines.map((line) => element("li", {}, line))),
      actions.length ? table(["no.", "at", "what you did", "user-minutes", "what it does"], actions) : element("p", {}, "You took no action."));
    this.debrief.hidden = false;
    reserve(debrief.spec, place);
    const data = unpack(debrief.header, debrief.buffer).values().next().value.data;
    this.debriefCharts = [await embed(this.model, debrief.spec, data, place)];
    this.unfollowDebrief = followTheme(this.root, this.debriefCharts);
    this.debrief.dataset.drawn = "true";
    this.debrief.scrollIntoView({ block: "nearest" });
  }
}

async function render({ model, el }) {
  const view = new ConsoleView(model);
  try {
    await view.open(el);
  } catch (error) {
    console.warn(error);
    view.close();
    el.replaceChildren(element("p", {}, `The console could not start here (${error.message}). Run this cell again.`));
  }
  return () => view.close();
}

export default { initialize, render };
