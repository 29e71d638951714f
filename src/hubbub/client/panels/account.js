// @ts-check
/** What somebody with an account can do: a menu, the account itself, where they are signed in, and the place. */

import { h } from "../lib/dom.js";
import { fullTimeOf } from "../lib/words.js";
import { ask } from "../lib/http.js";
import { openDialog } from "./dialogs.js";

/** @param {any} page */
export function menu(page) {
  const { role } = page.state.me;
  const { waiting } = page.state;
  const moderates = role === "moderator" || role === "owner";
  const entry = (/** @type {string} */ words, /** @type {() => unknown} */ work) =>
    h("li", {}, h("button", { type: "button", class: "entry", onclick: () => {
      dialog.close();
      work();
    } }, words));
  const people = (/** @type {(module: any) => unknown} */ work) => page.load("people").then((/** @type {any} */ module) => module && work(module));
  const list = h(
    "ul",
    { class: "menu" },
    entry("Name and settings", async () => (await page.load("dialogs"))?.you(page)),
    entry("Profile", async () => (await page.load("profile"))?.editProfile(page)),
    entry("Password and e-mail", () => account(page)),
    page.boot.sign_in.passkeys && entry("Passkeys", async () => (await page.load("passkeys"))?.passkeys(page)),
    entry("Where you are signed in", () => sessions(page)),
    entry("People", () => people(({ people: show }) => show(page))),
    moderates && entry(waiting ? `Waiting to be let in (${waiting})` : "Waiting to be let in", () => people(({ waiting: show }) => show(page))),
    role === "owner" && entry("This place", () => place(page)),
  );
  const out = h("form", { method: "post", action: `${page.boot.base}/sign-out` }, h("button", { class: "plain" }, "Sign out"));
  const dialog = openDialog(page.state.me.name, [list, out]);
}

/**
 * A form in a dialog; what goes wrong is said in it.
 * @param {string} title @param {Node[]} content @param {string} button @param {(form: FormData) => Promise<unknown>} save
 */
export function formDialog(title, content, button, save) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const close = h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel");
  const form = /** @type {HTMLFormElement} */ (
    h("form", { method: "dialog" }, ...content, problem, h("div", { class: "buttons" }, close, h("button", { class: "main" }, button)))
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await save(new FormData(form));
      dialog.close();
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
  });
  const dialog = openDialog(title, [form]);
}

/** @param {string} label @param {Record<string, any>} attributes */
export const line = (label, attributes) => h("label", {}, label, h("input", { type: "text", ...attributes }));

/** @param {string} label @param {string} name @param {[string, string][]} choices @param {string} value */
export const choose = (label, name, choices, value) =>
  h("label", {}, label, h("select", { name }, ...choices.map(([one, words]) => h("option", { value: one, selected: one === value }, words))));

/**
 * As `ask`, for the page's own server.
 * @param {any} page @param {string} method @param {string} path @param {object} [body]
 */
export const request = (page, method, path, body) => ask(page.boot.base, method, path, body);

/** @param {any} page */
async function account(page) {
  try {
    const { login, email, password: has, identity } = await request(page, "GET", "/me/account");
    const provider = page.boot.sign_in.provider ? [connection(page, identity)] : [];
    if (!has) return void openDialog("Password and e-mail", [who(login), withoutPassword(page, email), ...provider]);
    const password = (/** @type {string} */ label, /** @type {string} */ name, /** @type {string} */ kind, /** @type {boolean} */ required) =>
      line(label, { type: "password", name, autocomplete: kind, required, maxlength: 500 });
    const content = [
      who(login),
      line("E-mail address", { type: "email", name: "email", value: email ?? "", autocomplete: "email", maxlength: 254 }),
      password("New password", "new", "new-password", false),
      h("p", { class: "note" }, "At least 8 characters. Leave it empty to keep the old one. With a new one you are signed out everywhere else."),
      password("Your password now", "old", "current-password", true),
      ...provider,
    ];
    formDialog("Password and e-mail", content, "Save", async (form) => {
      const [old, fresh, address] = ["old", "new", "email"].map((name) => String(form.get(name)));
      if (address !== (email ?? "")) await request(page, "PUT", "/me/email", { password: old, email: address });
      if (!fresh) return;
      await request(page, "PUT", "/me/password", { old, new: fresh });
      location.reload(); // this session has ended too
    });
  } catch (error) {
    page.told(error);
  }
}

/** @param {string} login */
const who = (login) => h("p", {}, "You sign in as ", h("b", {}, h("bdi", {}, login)), ".");

/** @param {any} page @param {string | null} email */
const withoutPassword = (page, email) =>
  h("p", {}, "Your account has no password", email && ", and the address ", email && h("bdi", {}, email), ". ",
    h("a", { href: `${page.boot.base}/forgot` }, "How to get one"));

/**
 * Connects the account with the provider by which people sign in, or takes that back.
 * @param {any} page @param {boolean} connected
 */
function connection(page, connected) {
  const { provider } = page.boot.sign_in;
  const connect = () => request(page, "POST", "/me/identity").then(({ url }) => location.assign(url), page.told);
  const disconnect = () =>
    request(page, "DELETE", "/me/identity").then(() => part.replaceWith(connection(page, false)), page.told);
  const button = h("button", { type: "button", class: "plain", onclick: connected ? disconnect : connect }, connected ? "Disconnect" : "Connect");
  const part = h("p", {}, connected ? `You can sign in by ${provider}. ` : `You can also sign in by ${provider}, once it is connected. `, button);
  return part;
}

/** @param {any} page */
async function sessions(page) {
  try {
    const { sessions: found } = await request(page, "GET", "/sessions");
    const list = h("ul", {}, ...found.map((/** @type {any} */ session) => sessionRow(page, session)));
    const others = h("button", { type: "button", class: "plain", onclick: () =>
      request(page, "DELETE", "/sessions").then(() => dialog.close(), page.told) }, "Sign out everywhere else");
    others.hidden = found.length < 2;
    const dialog = openDialog("Where you are signed in", [list, others]);
  } catch (error) {
    page.told(error);
  }
}

/** @param {any} page @param {any} session */
function sessionRow(page, session) {
  const words = session.current ? "this one" : `last used ${fullTimeOf(session.seen_at)}`;
  const end = () => request(page, "DELETE", `/sessions/${session.id}`).then(() => row.remove(), page.told);
  const row = h(
    "li",
    {},
    h("span", { class: "grow" }, session.agent || "an unknown program", h("span", { class: "note" }, ` ${words}, from ${session.address || "somewhere"}`)),
    !session.current && h("button", { type: "button", class: "plain", onclick: end, "aria-label": `Sign out ${session.agent}` }, "Sign out"),
  );
  return row;
}

/** @param {any} page */
function place(page) {
  const { name, joining, guests } = page.state.place;
  const content = [
    line("Name of this place", { name: "name", value: name, maxlength: page.boot.limits.name, required: true }),
    choose("Who may make an account?", "joining", [
      ["open", "Everybody who finds this place"],
      ["invite", "Only people who were invited"],
      ["approval", "Everybody, once a moderator has approved"],
    ], joining),
    choose("People without an account", "guests", [
      ["yes", "May read and write"],
      ["read_only", "May only read"],
      ["no", "May not come in"],
    ], guests),
  ];
  formDialog("This place", content, "Save", (form) => page.ask("set_place", Object.fromEntries(form)));
}

