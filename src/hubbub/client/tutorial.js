// @ts-check
// The tutorial's page, without its ways of losing what somebody typed.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

const box = /** @type {HTMLInputElement} */ (document.getElementById("messageText"));
const composer = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const messages = /** @type {HTMLUListElement} */ (document.getElementById("messages"));
const connection = /** @type {HTMLElement} */ (document.getElementById("connection"));

const id = Date.now();
const ownLine = `Client #${id} says: `;
/** @type {string[]} Sent, and not yet seen among what everybody reads. */
const unheard = [];
/** @type {WebSocket | undefined} */
let socket;
let failures = 0;
let timer = 0;

/** @type {HTMLElement} */ (document.getElementById("ws-id")).textContent = String(id);
composer.addEventListener("submit", send);
addEventListener("online", connect);
connect();

function connect() {
  clearTimeout(timer);
  if (socket && socket.readyState !== WebSocket.CLOSED) return;
  say("Connecting …");
  const address = new URL(`ws/${id}`, document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    failures = 0;
    say("");
  });
  socket.addEventListener("message", ({ data }) => show(data));
  socket.addEventListener("close", reconnectLater);
}

/** @param {SubmitEvent} event */
function send(event) {
  event.preventDefault();
  if (socket?.readyState !== WebSocket.OPEN) {
    say("Not connected: your text stays in the box.");
    return;
  }
  socket.send(box.value);
  unheard.push(box.value);
  box.value = "";
}

/** @param {string} text */
function show(text) {
  if (text.startsWith(ownLine)) unheard.shift();
  const line = document.createElement("li");
  line.append(document.createTextNode(text));
  messages.append(line);
}

/** @param {CloseEvent} event */
function reconnectLater({ reason }) {
  const lost = unheard.splice(0).filter(Boolean);
  box.value = [...lost, box.value].filter(Boolean).join(" ");
  const words = ["Not connected, trying again.", reason];
  if (lost.length) words.push("What may not have arrived is back in the box.");
  say(words.filter(Boolean).join(" "));
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++);
  timer = setTimeout(connect, delay * (0.5 + Math.random() / 2));
}

/** @param {string} words */
function say(words) {
  connection.textContent = words;
}
