// SPDX-License-Identifier: Apache-2.0
// Runs Chromium for a person at a page: what can be seen, typed and pressed, and nothing else. Elements are named by selectors.
//
//   node person.mjs PROFILE_FOLDER SPEECH.wav
import { launch, perform, say } from "./launch.mjs";

const { context, page } = await launch(...process.argv.slice(2));

// What an <audio> element plays, as base64 of a WebM file; `heard` keeps it from `listen` to `heard`.
const recorded = () =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        window.listening.onstop = () => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result.split(",")[1]);
          reader.readAsDataURL(new Blob(window.listened));
        };
        window.listening.stop();
      }),
  );

const person = {
  open: (url) => page.goto(url).then(() => null),
  reload: () => page.reload().then(() => null),
  fill: (selector, value) => page.fill(selector, value),
  click: (selector) => page.click(selector),
  text: (selector) => page.textContent(selector),
  sees: (selector) => page.isVisible(selector),
  // From now on a description takes so long to be applied.
  describe_slowly: (ms) =>
    page.evaluate((pause) => {
      const { setRemoteDescription } = RTCPeerConnection.prototype;
      RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        return setRemoteDescription.call(this, description);
      };
    }, ms),
  // Until the element is seen with this in its text.
  await: (selector, pattern, timeoutMs) =>
    page
      .locator(selector)
      .filter({ hasText: new RegExp(pattern) })
      .first()
      .waitFor({ timeout: timeoutMs })
      .then(() => null),
  // A reader of the API's documentation, in a window of its own: what is there, what is wrong with it, and what an operation shows when it
  // is opened. `search` are words that leave that one.
  read_documentation: async (url, operation, search, timeoutMs) => {
    const tab = await context.newPage();
    const wrong = [];
    const { origin } = new URL(url);
    tab.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
    tab.on("pageerror", (failure) => wrong.push(failure.message));
    tab.on("request", (request) => new URL(request.url()).origin === origin || wrong.push(`asks ${request.url()}`));
    tab.on("response", (answer) => answer.status() < 400 || wrong.push(`${answer.status()} ${answer.url()}`));
    const answer = await tab.goto(url);
    await tab.locator("#operations section").first().waitFor({ timeout: timeoutMs });
    const one = tab.locator(`details[id="${operation}"]`);
    const visible = async () => (await tab.locator("details:visible").evaluateAll((all) => all.map((each) => each.id))).sort();
    const all = await visible();
    const example = one.locator("pre").first();
    const closed = await example.isVisible();
    await one.locator("summary").click();
    await example.waitFor({ timeout: timeoutMs });
    const seen = {
      title: await tab.title(),
      policy: answer.headers()["content-security-policy"],
      resources: await tab.locator("#contents a").allTextContents(),
      sections: await tab.locator("#operations h2").allTextContents(),
      operations: all,
      closed,
      example: await example.textContent(),
      text: await one.textContent(),
    };
    await tab.fill("#search", search);
    seen.found = await visible();
    seen.wrong = [...wrong];
    // What somebody might get into the page is not carried out.
    seen.intruded = await tab.evaluate(async (elsewhere) => {
      const script = document.createElement("script");
      script.textContent = "window.intruded = true";
      document.body.append(script);
      const sent = await fetch(elsewhere).then(() => true, () => false);
      return window.intruded === true || sent;
    }, "http://127.0.0.1:9/");
    await tab.close();
    return seen;
  },
  listen: (id) =>
    page.evaluate((name) => {
      window.listened = [];
      window.listening = new MediaRecorder(document.getElementById(name).srcObject);
      window.listening.ondataavailable = ({ data }) => window.listened.push(data);
      window.listening.start();
    }, id),
  heard: recorded,
  // How far an <audio> element has played, and what.
  player: (id) =>
    page.evaluate(async (name) => {
      const { currentTime, duration, paused } = document.getElementById(name);
      return { currentTime, duration, paused };
    }, id),
};

say({ event: "ready", version: context.browser()?.version() });
await perform((method, given) => person[method](...given));
await context.close();
