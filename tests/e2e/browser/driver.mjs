// SPDX-License-Identifier: Apache-2.0
// Runs Chromium with the test page of this folder: a method is one of the page's `phone`, an event what the page tells.
//
//   node driver.mjs PROFILE_FOLDER SPEECH.wav
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { launch, perform, say } from "./launch.mjs";

// The page of the tests, and what it takes from the subscriber's.
const FOLDERS = [".", "../../../gateway/web/subscriber"];
const TYPES = { html: "text/html", js: "text/javascript" };
const server = createServer(async ({ url }, response) => {
  const name = /^\/([a-z_]+)\.(html|js)$/.exec(url);
  for (const folder of name ? FOLDERS : []) {
    try {
      const content = await readFile(new URL(`${folder}${name[0]}`, import.meta.url));
      return response.writeHead(200, { "Content-Type": TYPES[name[2]] }).end(content);
    } catch {} // the other one
  }
  return response.writeHead(404).end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

const { context, page } = await launch(...process.argv.slice(2));
await page.exposeFunction("tell", say);
await page.goto(`http://localhost:${server.address().port}/page.html`);
await page.waitForFunction(() => window.phone);
say({ event: "ready", version: context.browser()?.version() });
await perform((method, given) => page.evaluate(([name, list]) => window.phone[name](...list), [method, given]));
await context.close();
server.close();
