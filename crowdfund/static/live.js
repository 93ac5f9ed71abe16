// Live parts of a page: an element with data-live refetches its own fragment when its topic changes.
// It polls while no stream is open, and stops by coming back without data-live.
(() => {
  const root = document.documentElement;
  const home = () => document.getElementById("live");
  const parts = () => [...document.querySelectorAll("[data-live]")];
  const topicsOf = (part) => part.dataset.live.split(/\s+/);
  let stream = null;
  let asked = "";
  let failures = 0;
  let opened = false;
  let lost = false; // something may have been missed since the last open stream

  const refetch = (part) => {
    // A final fragment comes back without data-live and has no address any more.
    if (!part.isConnected || !part.hasAttribute("data-live")) return;
    if (part.cfBusy) { part.cfAgain = true; return; }
    part.cfBusy = true;
    part.cfDue = Date.now();
    const before = part.innerHTML;
    const done = () => {
      part.cfBusy = false;
      if (part.innerHTML !== before) document.dispatchEvent(new Event("cf:changed"));
      const again = part.cfAgain;
      part.cfAgain = false;
      if (again) refetch(part);
      connect();
    };
    htmx.ajax("GET", part.dataset.liveUrl, { source: part, target: part, swap: "outerMorph", live: true }).then(done, done);
  };
  // A refusal must not take the reader away from what they are typing: leave the element as it is.
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    if (!ctx.live || ctx.response.status < 400) return;
    event.preventDefault();
    if ([401, 403, 404, 410].includes(ctx.response.status)) ctx.sourceElement.removeAttribute("data-live");
  });

  const state = (word) => { root.dataset.liveState = word; };
  const hear = (message) => {
    for (const part of parts()) if (topicsOf(part).includes(message.data)) refetch(part);
  };
  const tokens = () => {
    const found = parts().map((part) => part.dataset.liveToken).filter(Boolean);
    const own = home()?.dataset.liveToken;
    return [...new Set(own ? [own, ...found] : found)];
  };
  // The page's address carries since=<when it was made>; a later stream starts from about now.
  const address = (base, wanted) => {
    const [path, query = ""] = base.split("?");
    const made = Number(new URLSearchParams(query).get("since"));
    const since = made ? `&since=${Math.round(opened ? made + performance.now() - 1000 : made)}` : "";
    return `${path}?${wanted}${since}`;
  };
  const close = () => { stream?.close(); stream = null; asked = ""; };
  const connect = () => {
    const base = home()?.dataset.eventsUrl;
    const wanted = parts().length && !document.hidden ? tokens().map((token) => `t=${encodeURIComponent(token)}`).join("&") : "";
    if (wanted === asked || !base) return;
    close();
    if (!wanted) { state("off"); return; }
    asked = wanted;
    state("connecting");
    const mine = new EventSource(address(base, wanted));
    stream = mine;
    mine.addEventListener("open", () => {
      failures = 0;
      opened = true;
      state("open");
      if (lost) parts().forEach(refetch);
      lost = false;
    });
    mine.addEventListener("changed", hear);
    mine.addEventListener("refresh", () => parts().forEach(refetch));
    mine.addEventListener("error", () => {
      if (mine !== stream) return;
      state("polling");
      if (mine.readyState !== EventSource.CLOSED) return; // the browser tries again by itself, with Last-Event-ID
      close();
      asked = "closed";
      lost = true;
      failures += 1;
      setTimeout(() => { if (!stream) { asked = ""; connect(); } }, Math.min(60000, 1000 * 2 ** failures) * (0.5 + Math.random()));
    });
  };

  // Polling: only while the stream is not open, and never in a hidden tab.
  setInterval(() => {
    if (document.hidden || stream?.readyState === EventSource.OPEN) return;
    for (const part of parts()) {
      const pause = Number(part.dataset.livePoll || 0) * 1000;
      part.cfDue ??= Date.now();
      if (pause && Date.now() - part.cfDue >= pause) refetch(part);
    }
  }, 1000);

  // A hidden tab gives its connection back: browsers allow six to a host.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { close(); lost = true; state("off"); } else { connect(); }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted) { lost = true; connect(); } });
  const start = () => {
    for (const part of parts()) if (!part.hasAttribute("aria-live") && !part.hasAttribute("data-live-quiet")) part.setAttribute("aria-live", "polite");
    connect();
  };
  document.addEventListener("htmx:after:process", start);
  start(); // htmx may have gone through the page before this script ran
})();
