// SPDX-License-Identifier: Apache-2.0
// Amounts and times as people read them, and what a call has cost so far. Free of the page.

// Amounts of the gateway are decimal texts: they are shown as they came, never computed with.
export const amount = (text, currency) => (text === undefined ? "" : `${currency} ${text}`);

// "1:05", "1:00:05".
export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// Seconds that so much talk is billed for: at least the initial increment, then whole ones of the next. Talk that has begun counts.
export function billedSeconds(ms, price) {
  const talked = Math.max(1, Math.ceil(ms / 1000));
  const first = price.initial_increment_s;
  const next = price.next_increment_s;
  return talked <= first ? first : first + Math.ceil((talked - first) / next) * next;
}

// Micro-units that so much talk costs, by the price of `ring` and `answer` frames; rounded up once, as the gateway does.
export function costSoFar(ms, price) {
  if (ms <= (price.free_start_s ?? 0) * 1000) return 0;
  const paid = Math.max(0, billedSeconds(ms, price) - (price.included_s ?? 0));
  return price.connection_fee_micros + Math.ceil((price.price_per_minute_micros * paid) / 60);
}

// Micro-units as a decimal text with at least two places.
export function decimal(micros) {
  const whole = Math.floor(micros / 1e6);
  const places = String(micros % 1e6).padStart(6, "0").replace(/0{1,4}$/, "");
  return `${whole}.${places}`;
}

export function priceText(price) {
  const fee = price.connection_fee_micros > 0 ? ` and ${amount(price.connection_fee, price.currency)} for the connection` : "";
  return `${amount(price.price_per_minute, price.currency)} a minute${fee} (${price.destination})`;
}
