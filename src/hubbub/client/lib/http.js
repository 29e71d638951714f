// @ts-check
/** The HTTP interface of the server. */

/**
 * One request, for what belongs to a session and not to the socket. Throws with the server's words.
 * @param {string} base the path under which the chat is @param {string} method @param {string} path below /api
 * @param {object} [body]
 */
export async function ask(base, method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : undefined;
  const answer = await fetch(`${base}/api${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(() => undefined);
  const value = await answer?.json().catch(() => undefined);
  if (!answer?.ok) throw new Error(value?.words ?? "The server cannot be reached. Try again.");
  return value;
}
