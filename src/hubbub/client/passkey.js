// @ts-check
/** On the page where one signs in: the button for passkeys, which is there where the browser knows them. */

import { ask } from "./lib/http.js";
import { knowsPasskeys, usePasskey } from "./lib/passkeys.js";

const part = /** @type {HTMLElement} */ (document.getElementById("passkey"));
const button = /** @type {HTMLButtonElement} */ (part.querySelector("button"));
const problem = /** @type {HTMLElement} */ (part.querySelector("[role=alert]"));
const { base = "", next = "/" } = part.dataset;

part.hidden = !knowsPasskeys();
button.addEventListener("click", async () => {
  button.disabled = true;
  problem.textContent = "";
  try {
    const { options } = await ask(base, "POST", "/sessions/passkey/options");
    await ask(base, "POST", "/sessions/passkey", { credential: await usePasskey(options) });
    location.assign(`${base}${next}`);
  } catch (error) {
    problem.textContent = /** @type {Error} */ (error).message;
    button.disabled = false;
  }
});
