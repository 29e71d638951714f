// @ts-check
/** Passkeys, as the browser has them (Web Authentication, Level 3). What the person or the device refuses is said in
 * words for the person. */

const MADE_BEFORE = "InvalidStateError";

/** Whether this browser can use passkeys on this page. */
export const knowsPasskeys = () =>
  window.isSecureContext && "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** @param {any} options as the server gives them @returns {Promise<object>} for the server */
export async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return toSend(navigator.credentials.create({ publicKey }), "No passkey was made. Try again.");
}

/** @param {any} options as the server gives them @returns {Promise<object>} for the server */
export async function usePasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return toSend(navigator.credentials.get({ publicKey }), "No passkey was used. Try again, or use your password.");
}

/** @param {Promise<Credential | null>} asked @param {string} refused */
async function toSend(asked, refused) {
  try {
    return /** @type {any} */ (await asked).toJSON();
  } catch (error) {
    const known = /** @type {Error} */ (error).name === MADE_BEFORE;
    throw new Error(known ? "This device has a passkey for you already." : refused);
  }
}
