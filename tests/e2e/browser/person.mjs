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
