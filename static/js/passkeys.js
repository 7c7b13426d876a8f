// Passkeys. A form with `data-passkey` asks the server for the options, the browser for a passkey, and sends itself with
// the answer in `credential`. With `data-passkey-offered`, passkeys are offered in the field for the user name as well.
import { whenThere } from "./ready.js";

const CANCELLED = "NotAllowedError";
const WORDS = {
  InvalidStateError: "There is a passkey for this account on that device already.",
  SecurityError: "The browser refuses passkeys under this address.",
  NotSupportedError: "This device can’t make such a passkey. Try another one.",
};
const GENERAL = "That didn’t work. Try again, or choose another way.";
// A challenge is good for five minutes; a page that waits longer asks for a new one.
const RENEW_AFTER = 4 * 60 * 1000;

const supported = () =>
  window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON && navigator.credentials;

let offering;

async function optionsOf(form, signal) {
  const answer = await fetch(form.dataset.optionsUrl, {
    method: "POST",
    signal,
    headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" },
  });
  if (answer.redirected) {
    window.location.assign(answer.url);
    return null;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential);
  form.dataset.passkeyReady = "";
  form.requestSubmit();
}

async function ask(form) {
  // A browser takes one request at a time: what is offered has to be over before the next.
  await offering?.end();
  const options = await optionsOf(form);
  if (!options) return;
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  send(form, credential);
}

async function offer(form, signal) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const name = document.querySelector('input[autocomplete="username"]');
  if (name) name.autocomplete = "username webauthn";
  while (!signal.aborted) {
    const options = await optionsOf(form, signal);
    if (!options) return;
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const turn = AbortSignal.any([signal, AbortSignal.timeout(RENEW_AFTER)]);
    try {
      send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: turn }));
      return;
    } catch {
      if (!turn.aborted) return;
    }
  }
}

function beginOffering(form) {
  const stop = new AbortController();
  const over = offer(form, stop.signal).catch(() => {});
  offering = { end: () => (stop.abort(), over) };
}

function tell(form, text) {
  const place = form.querySelector("[data-passkey-problem]");
  place.textContent = text;
  place.hidden = !text;
}

whenThere("form[data-passkey]", (form) => {
  const button = form.querySelector("[data-passkey-button]");
  if (!supported()) {
    for (const hint of document.querySelectorAll("[data-passkey-missing]")) hint.hidden = false;
    return;
  }
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    if ("passkeyReady" in form.dataset) return;
    event.preventDefault();
    if (!form.reportValidity()) return;
    tell(form, "");
    button.disabled = true;
    try {
      await ask(form);
    } catch (error) {
      tell(form, error.name === CANCELLED ? "Nothing was chosen. Try again when you are ready." : WORDS[error.name] || GENERAL);
    } finally {
      button.disabled = false;
    }
  });
  if ("passkeyOffered" in form.dataset && AbortSignal.any) beginOffering(form);
});
