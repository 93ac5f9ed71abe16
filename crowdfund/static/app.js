// What pages need beyond htmx. Without this file every journey still works.
(() => {
  const all = (selector, root = document) => [...(root.querySelectorAll?.(selector) ?? [])];
  const words = document.getElementById("script-words").dataset; // in the language of the page
  const say = (text) => { document.getElementById("status").textContent = text; };

  // --- toasts: what happened, what was not lost, what to do ---
  const toast = (text, tone = "danger", link = null) => {
    const box = document.createElement("div");
    box.className = `cf-toast cf-tone-${tone}`;
    box.setAttribute("role", tone === "danger" ? "alert" : "status");
    const message = document.createElement("div");
    message.append(Object.assign(document.createElement("p"), { textContent: text }));
    if (link) message.append(Object.assign(document.createElement("a"), link));
    const close = Object.assign(document.createElement("button"), { type: "button", className: "cf-icon-btn", textContent: words.close });
    close.dataset.dismiss = "";
    box.append(message, close);
    const area = document.getElementById("toasts");
    for (const old of all(".cf-toast", area)) if (old.textContent === box.textContent) old.remove();
    area.append(box);
  };
  const trouble = (event) => {
    const { ctx } = event.detail;
    if (!ctx || ctx.live) return;
    const timeout = ctx.request?.signal?.reason === "timeout";
    toast(timeout ? words.slow : words.away);
  };
  document.addEventListener("htmx:error", trouble);
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const signIn = ctx.response.status === 401 && ctx.response.headers?.get("X-Sign-In");
    if (signIn && !ctx.live) {
      // The answer to a background read: the page stays, and what was typed waits in this tab.
      store(ctx.sourceElement?.closest?.("form"));
      toast(words.ended, "warning", { textContent: words.signIn, href: signIn });
      return;
    }
    if (ctx.live || ctx.response.status === 422 || ctx.hx?.redirect || /hx-target="#toasts"/.test(ctx.text)) return;
    toast(words.failed);
  });

  // --- clicks: theme, copy, dismiss, menus ---
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copied = "";
      say(words.copied);
      setTimeout(() => delete button.dataset.copied, 2000);
    } catch {
      toast(`${words.notCopied} ${button.dataset.copy}`, "info");
    }
  };
  // The system's own sheet; one that the reader closes again rejects, and nothing is wrong.
  const share = ({ dataset }) => navigator.share({ title: dataset.shareTitle, url: dataset.share }).catch(() => {});
  const flipTheme = () => {
    window.cfTheme(document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark");
    say(document.documentElement.dataset.bsTheme === "dark" ? words.dark : words.light);
  };
  const fill = (button) => {
    const input = document.getElementById(button.dataset.fill);
    input.value = button.value;
    for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, { bubbles: true }));
    input.focus();
  };
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest?.(selector);
    const button = hit("[data-theme-toggle], [data-copy], [data-dismiss], [data-fill], [data-close], [data-open], [data-print], [data-share]");
    if (button?.matches("[data-theme-toggle]")) flipTheme();
    if (button?.matches("[data-copy]")) copy(button);
    if (button?.matches("[data-print]")) window.print();
    if (button?.matches("[data-share]")) share(button);
    if (button?.matches("[data-dismiss]")) button.closest(".cf-toast, .cf-note").remove();
    if (button?.matches("[data-fill]")) { event.preventDefault(); fill(button); }
    if (button?.matches("[data-open]")) { event.preventDefault(); document.getElementById(button.dataset.open).showModal(); }
    if (button?.matches("[data-close]")) { event.preventDefault(); button.closest("dialog").close(); }
    for (const menu of all(".cf-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all(".cf-menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // --- forms: one submit only, and a busy state until the answer ---
  const release = (form) => {
    if (!form?.dataset) return;
    clearTimeout(form.cfTimer);
    delete form.dataset.busy;
    for (const button of all("[aria-disabled][data-pressed]", form)) {
      button.removeAttribute("aria-disabled");
      delete button.dataset.pressed;
    }
  };
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.busy === undefined || event.target.cfSure) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const byHtmx = form._htmx?.initialized;
    if (form.method === "dialog" || (event.defaultPrevented && !byHtmx)) return;
    form.dataset.busy = "";
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    if (button) {
      button.setAttribute("aria-disabled", "true");
      button.dataset.pressed = "";
    }
    // An answer that is a download leaves the page open: do not stay busy for ever.
    if (!byHtmx) form.cfTimer = setTimeout(() => release(form), 15000);
  });
  // A plain POST to a server that is away would put the browser's error page in the place of the
  // filled form. So the server is asked first; one that is only slow gets the form all the same.
  const isAway = async () => {
    try {
      const answer = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(3000) });
      return answer.status > 500;
    } catch (error) { return error.name !== "TimeoutError"; }
  };
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || form.method !== "post" || form._htmx?.initialized || form.cfSure) {
      delete form.cfSure;
      return;
    }
    event.preventDefault();
    if (await isAway()) { release(form); toast(words.away); return; }
    form.cfSure = true;
    form.requestSubmit(submitter);
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    release(ctx.request?.form ?? ctx.sourceElement?.closest?.("form"));
  });
  window.addEventListener("pageshow", () => all("form[data-busy]").forEach(release));

  // --- what was sent and not answered by a page of ours waits in this tab until its page is back:
  // after a session that ended, a server error, or a connection that broke ---
  const isSignIn = location.pathname.startsWith("/sign-in");
  const isTyped = (field) => field.name && !["hidden", "file", "password", "checkbox", "submit", "button"].includes(field.type);
  const draft = (value) => {
    try {
      const old = JSON.parse(sessionStorage.getItem("draft") ?? "null");
      if (value) sessionStorage.setItem("draft", JSON.stringify(value)); else sessionStorage.removeItem("draft");
      return old;
    } catch { return null; }
  };
  const store = (form) => {
    if (isSignIn || form?.method !== "post") return;
    const fields = [...form.elements].filter(isTyped).filter((field) => field.type !== "radio" || field.checked);
    draft({ path: location.pathname, action: form.getAttribute("action"), values: fields.map(({ name, value }) => [name, value]) });
  };
  document.addEventListener("submit", ({ target: form }) => store(form));
  document.addEventListener("DOMContentLoaded", () => {
    const old = draft();
    if (isSignIn) { if (old) draft({ ...old, hasSignedIn: true }); return; }
    const isBack = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
    if (!(old?.hasSignedIn || isBack) || old?.path !== location.pathname) return;
    const form = all("form").find((one) => one.getAttribute("action") === old.action);
    if (form && old.values.length) toast(words.restored, "info");
    for (const [name, value] of form ? old.values : []) {
      for (const field of [...form.elements].filter((one) => one.name === name && isTyped(one))) {
        if (field.type === "radio") field.checked = field.value === value; else field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  });

  // --- what a swap or a fresh page needs ---
  const dress = (root) => {
    for (const button of all("[data-theme-toggle][hidden], [data-copy][hidden], [data-fill][hidden], [data-open][hidden], [data-print][hidden]", root)) button.hidden = false;
    for (const button of all("[data-share][hidden]", root)) button.hidden = !navigator.share;
  };
  // What a note says is about the last step: it goes with the next one, when the reader goes back, and when the page has changed
  // by itself after there was time to read it.
  const READ_MS = 6000;
  const forget = () => { for (const note of all("#flash .cf-tone-success, #flash .cf-tone-info")) note.remove(); };
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward") forget();
  });
  document.addEventListener("cf:changed", () => { if (performance.now() > READ_MS) forget(); });
  document.addEventListener("htmx:after:process", (event) => dress(event.target));
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.live) return;
    forget();
    const summary = document.querySelector("[data-error-summary]");
    const sign = `${words.error} `;
    const title = document.title.startsWith(sign) ? document.title.slice(sign.length) : document.title;
    document.title = summary ? sign + title : title;
    summary?.focus();
  });
  dress(document);
  window.cf = { toast, say, all };
})();
