// SPDX-License-Identifier: Apache-2.0
// Chromium for a test in another language, and the way the test speaks with it. Standard input: one JSON request a line, {"id",
// "method", "arguments"}. Standard output: {"id", "result"} or {"id", "error"} for each, and {"event", …} for what happens.
// Chromium trusts what the NSS database below $HOME trusts.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

// A window whose microphone hears `speech` again and again.
export async function launch(profile, speech) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", // the tests run as root
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Our own page's sound: no person has clicked anything.
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${speech}`,
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("console", (message) => process.stderr.write(`${message.type()}: ${message.text()}\n`));
  page.on("pageerror", (failure) => process.stderr.write(`${failure.stack}\n`));
  return { context, page };
}

// Until the standard input ends.
export async function perform(work) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, arguments: given } = JSON.parse(line);
    work(method, given).then((result) => say({ id, result }), (failure) => say({ id, error: String(failure.message) }));
  }
}
