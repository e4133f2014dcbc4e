// SPDX-License-Identifier: Apache-2.0
// The looks of the subscriber's telephone: what the page shows, and what is pressed on it. Whatever comes from outside is put in
// as text, never as markup.
import { Recording, greetingOf } from "./greeting.js";
import { amount, costSoFar, decimal, duration, priceText } from "./money.js";
import { numberItem } from "./numbers.js";
import { Telephone } from "./telephone.js";

const at = (id) => document.getElementById(id);
const text = (id, value) => (at(id).textContent = value ?? "");
const show = (id, shown) => (at(id).hidden = !shown);

function element(tag, content = "", properties = {}) {
  const made = document.createElement(tag);
  made.append(...[content].flat());
  return Object.assign(made, properties);
}

const sound = {
  microphone: () => navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } }),
  hear: (stream) => (at("ear").srcObject = stream),
  hush: () => (at("ear").srcObject = null),
};

const telephone = new Telephone(`wss://${location.host}/`, sound, (what) => shown[what]());

// What went wrong, until something else is done.
async function tried(work) {
  text("trouble", "");
  show("trouble", false);
  try {
    return await work();
  } catch (failure) {
    text("trouble", failure.text ?? failure.message);
    show("trouble", true);
  }
}

const when = (moment) => new Date(moment).toLocaleString();

// Credit

function creditText({ currency, available, inactive_micros: inactive, inactive: lapsed, lapses_at: until }) {
  const more = inactive > 0 ? `, ${amount(lapsed, currency)} lapsed` : until ? `, until ${when(until * 1000)}` : "";
  return `${amount(available, currency)}${more}`;
}

// The call

const ENDED = new Set(["normal", "cancelled", "declined", "taken"]);

function endText({ code, text: reason, summary }) {
  if (!summary) return ENDED.has(code) && !reason ? "Ended." : reason;
  const price = summary.charge_pending ? "the price follows" : amount(summary.charged, summary.currency);
  return `${duration(summary.duration_ms)}, ${price}. ${ENDED.has(code) ? "" : reason ?? ""}`;
}

function stateText(call) {
  const known = { connecting: "Calling …", ringing: "It rings …", rings: "Rings …", answered: "" };
  return call.state === "ended" ? endText(call.ended) : known[call.state] ?? call.state;
}

// Who calls or called, as far as it is known: carriers let callers say anything.
function caller({ from, from_name: name, from_verdict: verdict }) {
  if (!from) return "withheld";
  const who = name ? `${name} (${from})` : from;
  return verdict === "verified_a" ? who : `${who}, unverified`;
}

function showCall() {
  const { call } = telephone;
  show("talking", call);
  show("dial", !call || call.state === "ended");
  if (!call) return;
  text("far_end", call.incoming ? caller(call.incoming) : call.number);
  text("state", stateText(call));
  text("warning", call.warning ? `${call.warning.seconds_left} seconds of credit are left.` : "");
  const live = call.state !== "ended";
  const asks = live && call.incoming && call.state === "rings";
  show("answer", asks && call.ready);
  show("decline", asks);
  show("hang_up", live && !asks);
  show("keypad", live && call.state === "answered");
  showClock();
}

function showClock() {
  const { call } = telephone;
  const talking = call?.state === "answered";
  const ms = talking ? performance.now() - call.answeredAt : 0;
  text("clock", talking ? duration(ms) : "");
  text("cost", talking && call.price ? amount(decimal(costSoFar(ms, call.price)), call.price.currency) : "");
}

// The call list

let oldest;

const row = (call) =>
  element("tr", [
    element("td", when(call.started)),
    element("td", call.direction === "out" ? call.to : `from ${caller(call)}`),
    element("td", duration(call.duration_ms)),
    element("td", call.charged_micros > 0 ? amount(call.charged ?? decimal(call.charged_micros), call.currency) : ""),
  ]);

async function showCalls(before) {
  const { calls } = await telephone.calls(before);
  if (!before) at("calls").replaceChildren();
  at("calls").append(...calls.map(row));
  oldest = calls.at(-1)?.call_id;
  show("earlier", calls.length === 20);
}

// Voicemail

let folder = "new";

const button = (label, work) => element("button", label, { type: "button", onclick: () => tried(work) });

async function play(recording) {
  const player = at("player");
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(await recording);
  player.hidden = false;
  await player.play();
}

async function change(...how) {
  await telephone.changeMessage(...how);
  await showMessages();
}

function item(message) {
  const { id, received, duration_ms: ms, urgent, state } = message;
  const facts = `${urgent ? "Urgent: " : ""}${caller(message)}, ${when(received)}, ${duration(ms)} `;
  const buttons =
    state === "deleted"
      ? [button("Restore", () => change("restore", id))]
      : [
          button("Play", () => play(telephone.recording(id))),
          state === "new" ? button("Save", () => change("mark", id, "saved")) : button("Mark as new", () => change("mark", id, "new")),
          button("Delete", () => change("delete", id)),
        ];
  return element("li", [facts, ...buttons]);
}

let oldestMessage;

async function showMessages(before) {
  const { messages, more } = await telephone.messages(folder, before);
  if (!before) at("messages").replaceChildren(...(messages.length ? [] : [element("li", "None.")]));
  at("messages").append(...messages.map(item));
  oldestMessage = messages.at(-1)?.id;
  show("older", more);
  for (const one of at("folders").children) one.ariaPressed = String(one.dataset.state === folder);
}

// Greetings

const SITUATIONS = {
  no_answer: "Nobody answers",
  busy: "Busy, or declined",
  temporary: "For a while, in place of both",
  name: "Your name, within the default greeting",
};
let speaking; // {situation, recording}

async function keepGreeting(situation, file) {
  await telephone.keepGreeting(situation, await greetingOf(file));
  await showGreetings();
}

async function record(situation) {
  const recording = new Recording(await sound.microphone());
  speaking = { situation, recording };
  await showGreetings();
  const recorded = await recording.recorded;
  speaking = undefined;
  try {
    await keepGreeting(situation, recorded);
  } finally {
    await showGreetings();
  }
}

function greetingItem(situation, kept) {
  const facts = `${SITUATIONS[situation]}: ${kept ? duration(kept.duration_ms) : "default"} `;
  if (speaking) {
    const stop = button("Stop", () => speaking.recording.stop());
    return element("li", speaking.situation === situation ? [facts, "recording … ", stop] : facts, { id: `greeting_${situation}` });
  }
  const chosen = element("input", [], { type: "file", accept: "audio/*", ariaLabel: `Sound file: ${SITUATIONS[situation]}` });
  chosen.onchange = () => tried(() => keepGreeting(situation, chosen.files[0]));
  const own = [
    button("Play", () => play(telephone.greeting(situation))),
    button("Delete", () => telephone.deleteGreeting(situation).then(showGreetings)),
  ];
  return element("li", [facts, button("Record", () => record(situation)), ...(kept ? own : []), chosen], {
    id: `greeting_${situation}`,
  });
}

async function showGreetings() {
  const { greetings } = await telephone.greetings();
  const items = Object.keys(SITUATIONS).map((situation) => greetingItem(situation, greetings.find((one) => one.situation === situation)));
  at("greeting_list").replaceChildren(...items);
}

// Numbers

async function showNumbers() {
  const { numbers } = await telephone.numbers();
  const change = (number, wanted) => tried(() => telephone.changeNumber(number, wanted));
  const rent = (what, one) => tried(() => (what === "renew" ? renew(one) : showTerms(one)));
  at("number_list").replaceChildren(...(numbers.length ? numbers.map((one) => numberItem(one, change, rent, when)) : [element("li", "None.")]));
}

async function renew({ number }) {
  await telephone.renewNumber(number);
  await showNumbers();
}

async function showTerms({ number }) {
  const { terms } = await telephone.terms(number);
  const choice = ({ months, price, currency }) => button(`${months} months: ${amount(price, currency)}`, () => telephone.rentNumber(number, months).then(showNumbers));
  const asked = at(`number_${number.slice(1)}`).querySelector("p");
  asked.replaceChildren(...(terms.length ? terms.map(choice) : ["It has no price in your currency."]));
}

// How messages are told by telephone

async function showTelling(wanted = {}) {
  const told = await telephone.mailbox(wanted);
  at("telling_language").value = told.language;
  at("telling_time_zone").value = told.time_zone;
  show("telling_form", true); // not before: what is typed would be overwritten
}

// Notices

const NOTICES = {
  credit_lapse_notice: (n) => `Credit of ${amount(n.amount, n.currency)} lapses on ${when(n.lapses_at * 1000)} unless it is used.`,
  credit_lapsed: (n) => `Credit of ${amount(n.amount, n.currency)} has lapsed.`,
  credit_reactivated: (n) => `Credit of ${amount(n.amount, n.currency)} can be used again.`,
  // Of a forwarded call, which no device has.
  low_credit: (n) => n.forwarded_to && `Your credit for the call forwarded to ${n.forwarded_to} lasts for ${n.seconds_left} more seconds.`,
  credit_extended: (n) => n.forwarded_to && `The call forwarded to ${n.forwarded_to} goes on: there is credit again.`,
  voicemail_pin_changed: (n) => `The PIN for your messages was changed on ${when(n.at * 1000)} (${n.by}).`,
  voicemail_locked: () => "Five wrong PINs: no telephone hears your messages for a while.",
  number_term_notice: (n) => `The term of ${n.number} ends on ${when(n.until * 1000)}${n.auto_renew ? " and is renewed from your credit." : "."}`,
  number_withdrawn: (n) => `${n.number} was withdrawn by its supplier${n.replacement ? `; ${n.replacement} is kept for you.` : "."}`,
  number_ported: (n) => `${n.number} has left for another operator${n.amount_micros > 0 ? `; ${amount(decimal(n.amount_micros), n.currency)} for the days not used was refunded.` : "."}`,
  number_in_grace: (n) => `The term of ${n.number} is over; it rings until ${when(n.until * 1000)}.`,
  number_given_up: (n) => `${n.number} rings no more; it can be had back until ${when(n.until * 1000)}.`,
};

const shown = {
  identity() {
    const known = Boolean(telephone.identity);
    show("login", !known);
    show("desk", known);
    show("who", known);
    text("name", telephone.identity?.name);
    if (!known) text("credit", "");
  },
  connection() {
    if (telephone.attached) return tried(() => showMessages());
    if (telephone.identity) {
      text("trouble", telephone.refusal ?? "The gateway cannot be reached; trying again.");
      show("trouble", true);
    }
  },
  credit: () => text("credit", creditText(telephone.credit)),
  call: showCall,
  calls: () => tried(() => showCalls()),
  voicemail() {
    text("unheard", telephone.unheard > 0 ? `(${telephone.unheard} new)` : "");
    tried(() => showMessages());
  },
  notice() {
    if (telephone.notice.kind === "logged_out") {
      text("trouble", telephone.notice.text);
      return show("trouble", true);
    }
    const told = NOTICES[telephone.notice.kind]?.(telephone.notice);
    if (told) at("notices").append(element("li", told));
  },
};

// What is pressed

at("login").onsubmit = (event) => {
  event.preventDefault();
  tried(async () => {
    await telephone.logIn(at("login_name").value.trim(), at("login_passphrase").value);
    at("login_passphrase").value = "";
  });
};
at("log_out").onclick = () => telephone.logOut();

let asked = 0;
at("number").oninput = () => {
  const number = at("number").value.trim();
  const mine = ++asked;
  text("price", "");
  if (number.length < 4) return;
  setTimeout(async () => {
    if (mine !== asked) return; // typing went on
    let told;
    try {
      told = priceText(await telephone.rate(number));
    } catch (failure) {
      told = failure.text ?? "";
    }
    if (mine === asked) text("price", told);
  }, 400);
};
at("dial").onsubmit = (event) => {
  event.preventDefault();
  tried(() => telephone.place(at("number").value.trim()));
};
at("answer").onclick = () => tried(() => telephone.answer());
at("decline").onclick = () => telephone.hangUp("declined");
at("hang_up").onclick = () => telephone.hangUp(telephone.call.state === "answered" ? "normal" : "cancelled");
at("keypad").append(...[..."123456789*0#"].map((digit) => element("button", digit, { type: "button", onclick: () => telephone.press(digit) })));
at("earlier").onclick = () => tried(() => showCalls(oldest));
at("older").onclick = () => tried(() => showMessages(oldestMessage));
for (const one of at("folders").children)
  one.onclick = () => {
    folder = one.dataset.state;
    tried(() => showMessages());
  };
at("numbers").ontoggle = () => at("numbers").open && tried(showNumbers);
at("telling").ontoggle = () => at("telling").open && tried(() => showTelling());
at("telling_form").onsubmit = (event) => {
  event.preventDefault();
  tried(() => showTelling({ language: at("telling_language").value, time_zone: at("telling_time_zone").value.trim() }));
};
at("greetings").ontoggle = () => at("greetings").open && tried(showGreetings);
setInterval(showClock, 1000);
tried(() => telephone.start());
