// SPDX-License-Identifier: Apache-2.0
// Runs Chromium with the page of this folder for a test in another language. Standard input: one JSON request a line,
// {"id", "method", "arguments"}: a method of the page's `phone`. Standard output: {"id", "result"} or {"id", "error"} for each,
// and {"event", …} for what the page tells.
//
//   node driver.mjs PROFILE_FOLDER SPEECH.wav
//
// Chromium trusts what the NSS database below $HOME trusts.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [profile, speech] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const TYPES = { html: "text/html", js: "text/javascript" };
const server = createServer(async ({ url }, response) => {
  const name = /^\/([a-z_]+)\.(html|js)$/.exec(url);
  try {
    const content = await readFile(new URL(`.${name[0]}`, import.meta.url));
    response.writeHead(200, { "Content-Type": TYPES[name[2]] }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

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
await page.exposeFunction("tell", say);
await page.goto(`http://localhost:${server.address().port}/page.html`);
await page.waitForFunction(() => window.phone);
say({ event: "ready", version: context.browser()?.version() });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, arguments: given } = JSON.parse(line);
  page
    .evaluate(([name, list]) => window.phone[name](...list), [method, given])
    .then((result) => say({ id, result }), (failure) => say({ id, error: String(failure.message) }));
}
await context.close();
server.close();
