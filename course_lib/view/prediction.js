// A question on the page: answer, confidence, commit or skip. The kernel stores the answer and draws the reveal.

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

// The track as a labelled slider; returns the row and a way to read it.
function numberAnswer({ low, high, step, unit, question }, value) {
  const text = () => `${Number(input.value).toLocaleString("en-GB")} ${unit}`;
  const output = element("output", { class: "course-value" });
  const input = element("input", { type: "range", min: low, max: high, step, "aria-label": question });
  const show = () => {
    output.textContent = text();
    input.setAttribute("aria-valuetext", text());
  };
  input.value = value;
  input.addEventListener("input", show);
  show();
  return [element("div", { class: "course-answer" }, input, output), () => Number(input.value), text];
}

function radios(legend, options, chosen) {
  const name = `course-radio-${Math.random().toString(36).slice(2)}`;
  const made = options.map(([value, text]) => element("label", {}, element("input", { type: "radio", name, value, checked: value === chosen }), ` ${text}`));
  const field = element("fieldset", { class: "course-radios" }, element("legend", {}, legend), ...made);
  return [field, () => field.querySelector("input:checked")?.value];
}

function curveAnswer({ captions }, value) {
  const options = Object.entries(captions).map(([letter, caption]) => [letter, `${letter}: ${caption}`]);
  const [field, read] = radios("Your curve", options, value);
  return [field, read, () => `curve ${read()}`];
}

function render({ model, el }) {
  const question = model.get("question");
  const [answer, read, text] = (question.kind === "number" ? numberAnswer : curveAnswer)(question, model.get("value"));
  const before = model.get("confidence") || 2;
  const [confidence, sure] = radios("How sure are you?", CONFIDENCE.map((word, i) => [String(i + 1), word]), String(before));
  const said = element("p", { class: "course-progress", "aria-live": "polite" });
  const tell = (type) => {
    model.send({ type, value: read(), confidence: Number(sure()) });
    said.textContent = type === "commit" ? `Committed: ${text()}, ${CONFIDENCE[sure() - 1]}.` : "Skipped: the reveal shows a stored default.";
  };
  if (model.get("committed")) said.textContent = `You predicted ${text()} before; commit again to change it.`;
  const commit = element("button", { type: "button", class: "course-button course-commit", onclick: () => tell("commit") }, "commit");
  const skip = element("button", { type: "button", class: "course-button", onclick: () => tell("skip") }, "skip");
  // Curves come with a chart above, which has the question as its title.
  const heading = question.kind === "number" ? [element("h4", { class: "course-title" }, question.question)] : [];
  el.append(element("div", { class: "course-panel course-card", role: "group", "aria-label": question.question },
    ...heading, answer, confidence,
    element("div", { class: "course-presets" }, commit, skip, said)));
}

export default { render };
