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

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const area = (label, name, value, placeholder) =>
  element("label", [`${label} `, element("textarea", value, { name, rows: 3, placeholder })]);
const field = (label, name, value, properties) =>
  element("label", [`${label} `, element("input", [], { name, value, ...properties })]);

// When no device rings, for how long it does otherwise, and who is refused.
function callers(one, set) {
  const blocked = one.blocked ?? [];
  const block = element("div", [
    element("p", field("Ring for", "ring", one.ring_timeout_s ?? "", { type: "number", min: 5, max: 120, placeholder: "20" })),
    element("p", area("No ringing on", "quiet", one.quiet.join("\n"), "mon,tue,wed 22:00-07:00")),
    element("p", field("Time zone of that", "time_zone", one.time_zone, { placeholder: "Europe/London" })),
    element("p", area("Refuse these callers", "blocked", blocked.join("\n"), "+442079460958\n+4420*")),
  ]);
  const value = (name) => block.querySelector(`[name=${name}]`).value;
  const save = async () => {
    const wanted = lines(value("blocked"));
    await set({
      ring_timeout_s: Number(value("ring")),
      quiet: lines(value("quiet")),
      time_zone: value("time_zone").trim(),
      block: wanted.filter((pattern) => !blocked.includes(pattern)),
      unblock: blocked.filter((pattern) => !wanted.includes(pattern)),
    });
  };
  block.append(flag("refuse who withholds the number", "refuse_anonymous", one, set));
  block.append(element("p", element("button", "Save", { type: "button", name: "save", onclick: save })));
  return block;
}

// A number in grace is renewed; one that is kept for its owner of before, or in place of a withdrawn one, is taken at a price.
function offers(one, rent) {
  if (one.state === "grace") return element("p", element("button", "Renew it now", { type: "button", name: "renew", onclick: () => rent("renew", one) }));
  if (one.state !== "quarantined" && one.state !== "reserved") return "";
  return element("p", element("button", "Take it …", { type: "button", name: "terms", onclick: () => rent("terms", one) }));
}

// `change(number, wanted)` as above; `rent(what, one)` for what costs money: "renew", or "terms" to be asked about.
export function numberItem(one, change, rent, when) {
  const item = element("li", [], { id: `number_${one.number.slice(1)}` });
  const set = async (wanted) => {
    const changed = await change(one.number, wanted);
    if (!changed) return changed;
    const fresh = numberItem(changed, change, rent, when);
    const [was, is] = [item, fresh].map((each) => each.querySelector("details"));
    if (was?.open && is) is.open = true;
    item.replaceWith(fresh);
    return changed; // what was refused stays as it was typed
  };
  const paid = one.state === "assigned" ? `, paid until ${when(one.paid_until)}` : `, ${one.state}`;
  item.append(element("strong", one.number), ` ${one.area}${paid}${one.until ? ` until ${when(one.until)}` : ""}`, offers(one, rent));
  if (one.state !== "assigned" && one.state !== "grace") return item;
  const targets = Array.from({ length: FORWARD_MOST }, (_, place) => target(one.forward[place]));
  const form = element("form", [...targets.map(({ row }) => row), element("button", "Forward calls so")]);
  form.onsubmit = (event) => {
    event.preventDefault();
    set({ forward: targets.map(({ text }) => text()).filter(Boolean) });
  };
  // The whole block list is told for one number alone.
  const more = element("details", element("summary", "Ringing and callers"));
  more.ontoggle = async () => {
    if (!more.open || more.children.length > 1) return;
    const whole = await change(one.number, {});
    if (whole) more.append(callers(whole, set));
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
    more,
  );
  return item;
}
