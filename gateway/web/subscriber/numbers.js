// SPDX-License-Identifier: Apache-2.0
// What the owner of a number wants done with its callers, as a form. Whatever is set is asked of `change(number, wanted)`, which
// answers with the number as it is then, or with nothing when it was refused.
const FORWARD_MOST = 3;
const SITUATIONS = {
  "busy,no_answer,offline": "when I am busy, away or do not answer",
  busy: "when I am busy",
  no_answer: "when I do not answer",
  offline: "when no device is attached",
  always: "always, without ringing here",
};

function element(tag, content = "", properties = {}) {
  const made = document.createElement(tag);
  made.append(...[content].flat());
  return Object.assign(made, properties);
}

function flag(label, name, one, set) {
  const box = element("input", [], { type: "checkbox", name, checked: one[name] });
  box.onchange = async () => {
    if (!(await set({ [name]: box.checked }))) box.checked = !box.checked;
  };
  return element("label", [box, ` ${label}`]);
}

// "+442079460958 busy,no_answer 20"
function target(text = "") {
  const [number = "", when = "busy,no_answer,offline", seconds = "20"] = text.split(" ").filter(Boolean);
  const known = { ...SITUATIONS, [when]: SITUATIONS[when] ?? when };
  const telephone = element("input", [], { type: "tel", value: number, placeholder: "+44 20 7946 0958", ariaLabel: "Telephone", maxLength: 32 });
  const options = Object.entries(known).map(([value, label]) => element("option", label, { value, selected: value === when }));
  const choice = element("select", options, { ariaLabel: "When" });
  const digits = () => telephone.value.replaceAll(/[^+0-9]/g, "");
  return { row: element("p", [telephone, " ", choice]), text: () => digits() && `${digits()} ${choice.value} ${seconds}` };
}

export function numberItem(one, change, when) {
  const item = element("li", [], { id: `number_${one.number.slice(1)}` });
  const set = async (wanted) => {
    const changed = await change(one.number, wanted);
    if (changed) item.replaceWith(numberItem(changed, change, when));
    return changed; // what was refused stays as it was typed
  };
  const until = one.paid_until ? `, ${one.state === "assigned" ? "paid until" : `${one.state} since`} ${when(one.paid_until)}` : `, ${one.state}`;
  item.append(element("strong", one.number), ` ${one.area}${until}`);
  if (one.state !== "assigned" && one.state !== "grace") return item;
  const targets = Array.from({ length: FORWARD_MOST }, (_, place) => target(one.forward[place]));
  const form = element("form", [...targets.map(({ row }) => row), element("button", "Forward calls so")]);
  form.onsubmit = (event) => {
    event.preventDefault();
    set({ forward: targets.map(({ text }) => text()).filter(Boolean) });
  };
  item.append(
    element("p", [
      flag("renew it by itself", "auto_renew", one, set),
      " ",
      flag("voicemail", "voicemail", one, set),
      " ",
      flag("do not disturb", "do_not_disturb", one, set),
    ]),
    "Forward calls at my cost to",
    form,
  );
  return item;
}
