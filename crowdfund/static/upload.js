// Uploads with progress: htmx has none, so its fetch is replaced by an XHR that tells. Without this file forms post as usual.
(() => {
  const { all, say } = window.cf;
  const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`);

  // Under a file field: a bar, and a line in words for those who look; `say` is for those who listen.
  const teller = (form) => {
    const bar = form.querySelector("progress[data-upload]");
    const words = bar?.dataset ?? {};
    const line = bar?.nextElementSibling;
    const write = (text) => { if (line) { line.hidden = !text; line.textContent = text ?? ""; } };
    return {
      sent(percent) {
        if (!bar) return;
        bar.hidden = false;
        bar.value = percent;
        write(words.sending?.replace("{percent}", `${percent} %`));
      },
      checking() {
        bar?.removeAttribute("value"); // it moves without an end until the answer is there
        write(words.checking);
        say(words.checking ?? "");
      },
      done() {
        if (bar) bar.hidden = true;
        write("");
      },
    };
  };
  const sendWithProgress = (form) => (url, request) => new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const tell = teller(form);
    xhr.open(request.method, url);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => { if (event.lengthComputable) tell.sent(Math.round((event.loaded / event.total) * 100)); };
    xhr.upload.onload = tell.checking;
    xhr.onload = () => {
      const headers = new Headers(xhr.getAllResponseHeaders().trim().split(/[\r\n]+/).map((line) => line.split(/:\s*(.*)/s).slice(0, 2)));
      const empty = [204, 205, 304].includes(xhr.status);
      resolve(new Response(empty ? null : xhr.responseText, { status: xhr.status, headers }));
    };
    xhr.onerror = () => reject(new TypeError("network"));
    xhr.onabort = () => reject(new DOMException("aborted", "AbortError"));
    xhr.onloadend = tell.done;
    request.signal?.addEventListener("abort", () => xhr.abort());
    tell.sent(0);
    xhr.send(request.body);
  });
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (!ctx.sourceElement.matches?.("form[data-upload]")) return;
    ctx.fetch = sendWithProgress(ctx.sourceElement);
    ctx.request.timeout = 600000;
  });

  // Told before anything is sent: which file, how large, and whether that is too much.
  document.addEventListener("change", ({ target }) => {
    if (target.type !== "file" || !target.dataset.maxBytes) return;
    const big = [...target.files].find((file) => file.size > Number(target.dataset.maxBytes));
    const words = target.dataset.tooBig ?? "{name} is too big. Choose a smaller file.";
    target.setCustomValidity(big ? words.replace("{name}", big.name) : "");
    const [line] = all("[data-upload-line]", target.parentElement);
    if (line) {
      line.textContent = [...target.files].map((file) => `${file.name}, ${size(file.size)}`).join("; ");
      line.hidden = !target.files.length;
    }
    target.reportValidity();
  });
})();
