// Passkeys: ask for a challenge, let the device answer it, send the answer as an ordinary form.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const opened = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...Object.fromEntries(["allowCredentials", "excludeCredentials"].filter((name) => options[name])
      .map((name) => [name, options[name].map((one) => ({ ...one, id: bytes(one.id) }))])),
  });
  const packed = ({ id, rawId, type, authenticatorAttachment, response }) => JSON.stringify({
    id, rawId: text(rawId), type, authenticatorAttachment, clientExtensionResults: {},
    response: {
      clientDataJSON: text(response.clientDataJSON),
      ...(response.attestationObject && { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] }),
      ...(response.authenticatorData && { authenticatorData: text(response.authenticatorData), signature: text(response.signature) }),
      ...(response.userHandle && { userHandle: text(response.userHandle) }),
    },
  });
  const show = (form, sentence) => {
    const place = form.querySelector("[data-passkey-failed]");
    place.hidden = !sentence;
    place.textContent = sentence;
  };
  const answer = async (form) => {
    const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token?.value ?? "" };
    const asked = await fetch(form.dataset.optionsUrl, { method: "POST", headers });
    const given = await asked.json();
    if (!asked.ok) { show(form, given.detail ?? form.dataset.failed); return; }
    const verb = form.dataset.passkey;
    const credential = await navigator.credentials[verb]({ publicKey: opened(given.options) });
    form.elements.challenge_id.value = given.challenge_id;
    form.elements.credential.value = packed(credential);
    HTMLFormElement.prototype.submit.call(form);
  };
  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("[data-passkey-button]");
    button.hidden = false;
    form.querySelector("[data-passkey-without]").hidden = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      show(form, "");
      if (form.elements.name?.value.trim() === "") { HTMLFormElement.prototype.submit.call(form); return; }
      button.setAttribute("aria-disabled", "true");
      answer(form).catch(() => show(form, form.dataset.failed)).finally(() => button.removeAttribute("aria-disabled"));
    });
  }
})();
