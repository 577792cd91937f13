// A question on the page: answer, confidence, commit or skip. The kernel stores the answer and draws the reveal.
// Nothing is chosen beforehand: a preset would be an answer somebody else gave.

const CONFIDENCE = ["a guess", "fairly sure", "certain"];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// A labelled slider that stands nowhere until it is touched, and a box for the answer that is no number.
// Each kind of answer returns its row, what is chosen (null: nothing yet) and the words for it.
function numberAnswer({ low, high, step, unit, question, missing }, value, changed) {
  let chosen = value;
  const words = () => (chosen === null ? "drag to answer" : typeof chosen === "string" ? chosen : `${chosen.toLocaleString("en-GB")} ${unit}`);
  const output = element("output", { class: "course-value" });
  const input = element("input", { type: "range", min: low, max: high, step, "aria-label": question });
  const none = element("input", { type: "checkbox" });
  const show = () => {
    output.textContent = words();
    input.classList.toggle("course-unset", typeof chosen !== "number");
    input.setAttribute("aria-valuetext", chosen === null ? "nothing chosen yet" : words());
    none.checked = typeof chosen === "string";
  };
  const choose = (answer) => {
    chosen = answer;
    show();
    changed();
  };
  input.value = typeof value === "number" ? value : (low + high) / 2;
  for (const event of ["input", "change"]) input.addEventListener(event, () => choose(Number(input.value)));
  // A click on the handle where it stands, or a key that cannot move it, is an answer too.
  input.addEventListener("pointerup", () => choose(Number(input.value)));
  input.addEventListener("keyup", (event) => /^(Arrow|Page|Home|End|Enter| )/.test(event.key) && choose(Number(input.value)));
  none.addEventListener("change", () => choose(none.checked ? missing : null));
  show();
  const rows = [element("div", { class: "course-answer" }, input, output)];
  if (missing) rows.push(element("label", { class: "course-never" }, none, ` ${missing}`));
  return [rows, () => chosen, words];
}

function radios(legend, options, chosen, changed) {
  const name = `course-radio-${Math.random().toString(36).slice(2)}`;
  const made = options.map(([value, text]) => element("label", {}, element("input", { type: "radio", name, value, checked: value === chosen, onchange: changed }), ` ${text}`));
  const field = element("fieldset", { class: "course-radios" }, element("legend", {}, legend), ...made);
  return [field, () => field.querySelector("input:checked")?.value ?? null];
}

function curveAnswer({ captions }, value, changed) {
  const options = Object.entries(captions).map(([letter, caption]) => [letter, `${letter}: ${caption}`]);
  const [field, read] = radios("Your curve", options, value, changed);
  return [[field], read, () => `curve ${read()}`];
}

function render({ model, el }) {
  const question = model.get("question");
  const changed = () => { commit.disabled = read() === null || sure() === null; };
  const [answer, read, words] = (question.kind === "number" ? numberAnswer : curveAnswer)(question, model.get("value"), () => changed());
  const before = model.get("confidence") ? String(model.get("confidence")) : null;
  const [confidence, sure] = radios("How sure are you?", CONFIDENCE.map((word, i) => [String(i + 1), word]), before, () => changed());
  const said = element("p", { class: "course-progress", "aria-live": "polite" });
  const tell = (type) => {
    model.send({ type, value: read(), confidence: Number(sure()) });
    said.textContent = type === "commit" ? `Committed: ${words()}, ${CONFIDENCE[sure() - 1]}.` : "Skipped: the reveal shows a stored default.";
  };
  const commit = element("button", { type: "button", class: "course-button course-commit", onclick: () => tell("commit") }, "commit");
  const skip = element("button", { type: "button", class: "course-button", onclick: () => tell("skip") }, "skip");
  changed();
  said.textContent = model.get("committed") ? `You predicted ${words()} before; commit again to change it.` : "Choose an answer and how sure you are; there is no harm in being wrong.";
  // Curves come with a chart above, which has the question as its title.
  const heading = question.kind === "number" ? [element("h4", { class: "course-title" }, question.question)] : [];
  el.append(element("div", { class: "course-panel course-card", role: "group", "aria-label": question.question },
    ...heading, ...answer, confidence,
    element("div", { class: "course-presets" }, commit, skip, said)));
}

export default { render };
