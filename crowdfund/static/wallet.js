// Sign-in by wallet: lists the wallets that this browser announces (EIP-6963), asks one for a signature
// over the server's text, and sends a plain form. The server judges; nothing here is believed.
(() => {
  const root = document.querySelector("[data-wallets]");
  if (!root) return;
  const texts = root.dataset;
  const form = root.querySelector("[data-wallet-form]");
  const list = root.querySelector("[data-wallet-list]");
  const status = root.querySelector("[data-wallet-status]");
  const wallets = new Map();
  const say = (text) => { status.classList.remove("cf-late"); status.textContent = text; };
  const hex = (text) => [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const ask = async (address) => {
    const body = new URLSearchParams({ address, next: form.elements.next.value, csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(texts.ask, { method: "POST", body, headers: { Accept: "application/json" } });
    const reply = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(reply.detail), { detail: reply.detail });
    return reply;
  };
  const why = (error) => {
    if (error?.detail) return error.detail;
    if (error instanceof TypeError || error instanceof SyntaxError) return texts.textOffline;
    return { 4001: texts.textDeclined, "-32002": texts.textBusy }[error?.code] ?? texts.textFailed;
  };
  let sent = false;
  const signWith = async (provider) => {
    const [address] = await provider.request({ method: "eth_requestAccounts" });
    const { request_id: id, text } = await ask(address ?? "");
    say(texts.textSign);
    const digits = hex(text);
    const signature = await provider.request({ method: "personal_sign", params: [`0x${digits}`, address] });
    if (sent) return;
    sent = true;
    disable();
    say(texts.textCheck);
    Object.assign(form.elements.request_id, { value: id });
    Object.assign(form.elements.text, { value: digits });
    Object.assign(form.elements.signature, { value: String(signature) });
    form.requestSubmit();
  };
  const disable = () => { for (const button of list.children) button.disabled = true; };
  const release = () => { for (const button of list.children) button.disabled = false; };
  // A wallet whose window was closed, or that is locked, may never answer: after a moment it can be chosen again.
  // Whichever request it answers in the end is sent.
  const choose = async (provider) => {
    if (sent || list.querySelector("button:disabled")) return;
    disable();
    say(texts.textOpen);
    const waiting = setTimeout(() => { if (!sent) { release(); say(texts.textAgain); } }, 3000);
    try {
      await signWith(provider);
    } catch (error) {
      if (!sent) { say(why(error)); release(); }
    } finally {
      clearTimeout(waiting);
    }
  };

  const show = ({ info, provider }) => {
    if (!info?.uuid || !provider?.request || wallets.has(info.uuid)) return;
    wallets.set(info.uuid, provider);
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn justify-content-start" });
    if (/^data:image\//.test(info.icon ?? "")) {  // the only pictures that the content policy lets in
      button.append(Object.assign(new Image(24, 24), { src: info.icon, alt: "", className: "me-2" }));
    }
    button.append(String(info.name ?? "").slice(0, 60) || texts.textNameless);
    button.addEventListener("click", () => choose(provider));
    list.append(button);
    say(texts.textChoose);
  };
  const none = () => {
    if (wallets.size) return;
    // Older wallets announce nothing and stand in the window.
    if (window.ethereum) show({ info: { uuid: "window", name: texts.textNameless }, provider: window.ethereum });
    else say(texts.textNone);
  };
  window.addEventListener("eip6963:announceProvider", (event) => show(event.detail ?? {}));
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(none, 300);
  // Back from the answer's page: this one is as it was left.
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) { sent = false; release(); say(texts.textChoose); } });
})();
