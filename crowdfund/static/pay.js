// Pay with tokens from the payer's own wallet (EIP-1193, found by EIP-6963). Every call is encoded by the server; this
// script passes it on, asks the contract before anything is sent, and names what goes wrong by its page.
(() => {
  const root = document.querySelector("[data-pay]");
  if (!root) return;
  const texts = root.dataset;
  const list = root.querySelector("[data-pay-list]");
  const status = root.querySelector("[data-pay-status]");
  const chain = `0x${Number(texts.chain).toString(16)}`;
  const wallets = new Map();
  let busy = false, done = false;
  const say = (text) => { status.classList.remove("cf-late"); status.textContent = text; };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  class Problem extends Error { constructor(name, data) { super(name); this.page = name; this.data = data; } }

  const show = async (answer) => {
    const reply = await answer.json();
    if (answer.ok) return reply;
    const page = { wallet_not_linked: "wrong-account", wallet_fixed: "wrong-account", order_ended: "too-late", permit_refused: "permit-refused" };
    throw new Problem(page[reply.code] ?? "offline");
  };
  const post = (url, fields) => fetch(url, {
    method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams({ ...fields, csrf_token: texts.csrf }),
  }).then(show);
  const state = () => fetch(texts.state, { headers: { Accept: "application/json" } }).then(show);
  const leave = (error) => {
    const codes = { 4001: "refused", "-32002": "locked", 4100: "locked", 4900: "locked", 4901: "wrong-network" };
    const page = error.page ?? (error instanceof TypeError || error instanceof SyntaxError ? "offline" : codes[error?.code] ?? "failed");
    const url = new URL(texts.problem.replace("NAME", page), location.href);
    if (error.data) url.searchParams.set("reason", error.data);
    location.assign(url);
  };

  const help = (page, text) => {
    if (root.querySelector("[data-pay-help]")) return;
    const link = Object.assign(document.createElement("a"), { href: texts.problem.replace("NAME", page), textContent: text });
    link.dataset.payHelp = page;
    list.after(link);
  };

  // Wallets put revert data in different places.
  const revert = (error) => [error?.data?.originalError?.data, error?.data?.data, error?.data, error?.error?.data]
    .find((data) => typeof data === "string" && /^0x[0-9a-f]{8}/i.test(data));
  const read = (wallet, to, data) => wallet.request({ method: "eth_call", params: [{ to, data }, "latest"] });
  const number = async (wallet, to, data) => {
    const answer = await read(wallet, to, data);
    if (!/^0x[0-9a-f]+$/i.test(answer ?? "")) throw new Problem("wrong-token");
    return BigInt(answer);
  };
  const simulate = async (wallet, from, to, data, page) => {
    try {
      await wallet.request({ method: "eth_call", params: [{ from, to, data }, "latest"] });
    } catch (error) {
      const found = revert(error);
      if (found || /revert/i.test(error?.message ?? "")) throw new Problem(page, found);
      throw error;
    }
  };

  const toNetwork = async (wallet) => {
    if (Number(await wallet.request({ method: "eth_chainId" })) === Number(texts.chain)) return;
    say(texts.textNetwork);
    try {
      await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: chain }] });
    } catch (error) {
      if (error?.code === 4001) throw new Problem("wrong-network");
      if (!texts.rpc) throw new Problem("wrong-network");
      try {
        await wallet.request({ method: "wallet_addEthereumChain", params: [{
          chainId: chain, chainName: texts.network, rpcUrls: [texts.rpc], nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        }] });
      } catch { throw new Problem("wrong-network"); }
    }
    if (Number(await wallet.request({ method: "eth_chainId" })) !== Number(texts.chain)) throw new Problem("wrong-network");
  };

  const prepared = async (address) => {
    say(texts.textPrepare);
    let order = await post(texts.choose, { address });
    for (let tries = 0; order.status === "preparing" && tries < 60; tries += 1) {
      await pause(500);
      order = await state();
    }
    if (order.status === "over") { location.assign(order.url); await pause(60000); }
    if (order.status === "late") throw new Problem("too-late");
    if (order.status === "problem") throw new Problem(order.problem);
    if (order.status !== "ready") throw new Problem("offline");
    return order;
  };

  const signPermit = async (wallet, address, order) => {
    const nonce = await number(wallet, order.token, order.calls.nonces);
    const data = { ...order.calls.permit, message: { ...order.calls.permit.message, nonce: nonce.toString() } };
    say(texts.textPermit);
    const signature = await wallet.request({ method: "eth_signTypedData_v4", params: [address, JSON.stringify(data)] });
    const calls = await post(texts.permit, { nonce: nonce.toString(), signature: String(signature) });
    // A bad permit inside the investment only shows as a missing permission: so it is asked alone first.
    await simulate(wallet, address, order.token, calls.permit, "permit-refused");
    return calls.invest;
  };
  const approve = async (wallet, address, order) => {
    say(texts.textApprove);
    await wallet.request({ method: "eth_sendTransaction", params: [{ from: address, to: order.token, data: order.calls.approve }] });
    say(texts.textMined);
    // Not by the hash: it may be replaced, or be one of a contract wallet. The permission itself counts.
    for (let tries = 0; tries < 600; tries += 1) {
      if (await number(wallet, order.token, order.calls.allowance) >= BigInt(order.units)) return;
      await pause(1000);
    }
    throw new Problem("no-answer");
  };
  const callFor = async (wallet, address, order) => {
    if (await number(wallet, order.token, order.calls.balance) < BigInt(order.units)) throw new Problem("too-little");
    if (await number(wallet, order.token, order.calls.allowance) >= BigInt(order.units)) return order.calls.invest;
    if (order.calls.permit) {
      try {
        return await signPermit(wallet, address, order);
      } catch (error) {
        // Wallets that cannot sign typed data, as some hardware wallets, can still approve.
        if (![4200, -32601, -32004].includes(error?.code)) throw error;
      }
    }
    await approve(wallet, address, order);
    return order.calls.invest;
  };
  const pay = async (wallet) => {
    const [address] = await wallet.request({ method: "eth_requestAccounts" });
    if (!address) throw new Problem("locked");
    await toNetwork(wallet);
    const order = await prepared(address);
    const data = await callFor(wallet, address, order);
    await simulate(wallet, address, order.contract, data, "reverted");
    say(texts.textSend);
    const hash = await wallet.request({ method: "eth_sendTransaction", params: [{ from: address, to: order.contract, data }] });
    done = true;
    say(texts.textSent);
    const { url } = await post(texts.sent, { hash: String(hash) });
    location.assign(url);
  };

  const lock = (off) => { for (const button of list.children) button.disabled = off; };
  // A wallet whose window was closed may never answer: after a moment it can be chosen again. The first answer counts.
  let turn = 0;
  const choose = async (provider) => {
    if (done || (busy && list.querySelector("button:disabled"))) return;
    const mine = (turn += 1);
    busy = true;
    lock(true);
    say(texts.textOpen);
    const request = async (call) => {
      const slow = setTimeout(() => { if (mine === turn && !done) { lock(false); say(texts.textAgain); help("no-answer", texts.textNoAnswer); } }, 5000);
      try { return await provider.request(call); } finally { clearTimeout(slow); if (mine === turn && !done) lock(true); }
    };
    try {
      await pay({ request });
    } catch (error) {
      if (mine === turn) leave(error);
    } finally {
      busy = false;
    }
  };

  const add = ({ info, provider }) => {
    if (!info?.uuid || !provider?.request || wallets.has(info.uuid)) return;
    wallets.set(info.uuid, provider);
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn justify-content-start" });
    if (/^data:image\//.test(info.icon ?? "")) button.append(Object.assign(new Image(24, 24), { src: info.icon, alt: "", className: "me-2" }));
    button.append(String(info.name ?? "").slice(0, 60) || texts.textNameless);
    button.addEventListener("click", () => choose(provider));
    list.append(button);
    say(texts.textChoose);
  };
  const none = () => {
    if (wallets.size) return;
    if (window.ethereum) add({ info: { uuid: "window", name: texts.textNameless }, provider: window.ethereum });
    else {
      say(texts.textNone);
      help("no-wallet", texts.textNoneMore);
    }
  };
  window.addEventListener("eip6963:announceProvider", (event) => add(event.detail ?? {}));
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(none, 600);
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
})();
