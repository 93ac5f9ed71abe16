// Pictures of documents: shown before they are sent, and turned. Turning here changes no file: what is chosen is turned
// where the server writes it anew, what is stored is only shown turned. Without this file pictures are sent and shown as they are.
(() => {
  const { all, say } = window.cf;
  const SIDE = 480;
  const chosen = new WeakMap(); // the preview -> the picture that it shows
  const words = document.getElementById("picture-words").dataset;

  const draw = (preview) => {
    const picture = chosen.get(preview);
    const turn = Number(preview.querySelector("[name=turn]").value);
    const canvas = preview.querySelector("canvas");
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width * scale, picture.height * scale];
    [canvas.width, canvas.height] = turn % 180 ? [height, width] : [width, height];
    const pen = canvas.getContext("2d");
    pen.translate(canvas.width / 2, canvas.height / 2);
    pen.rotate((turn * Math.PI) / 180);
    pen.drawImage(picture, -width / 2, -height / 2, width, height);
  };

  document.addEventListener("change", async ({ target }) => {
    const preview = target.type === "file" && target.form?.querySelector("[data-preview]");
    if (!preview) return;
    preview.hidden = true;
    preview.querySelector("[name=turn]").value = "0";
    const [file] = target.files;
    try {
      const picture = await createImageBitmap(file); // upright, as the camera was held
      if (target.files[0] !== file) return; // another one was chosen meanwhile
      chosen.set(preview, picture);
      draw(preview);
      preview.hidden = false;
    } catch { /* a PDF, or no picture that this browser can read: its name is enough */ }
  });

  document.addEventListener("click", ({ target }) => {
    const figure = target.closest?.("[data-rotate]")?.closest("figure");
    if (!figure) return;
    const field = figure.querySelector("[name=turn]");
    const turn = (Number(field ? field.value : figure.dataset.turned) + 90) % 360;
    if (field) { field.value = turn; draw(figure); } else figure.dataset.turned = turn;
    say(words.turned.replace("{degrees}", turn));
  });

  const show = (root) => { for (const button of all("[data-rotate][hidden]", root)) button.hidden = false; };
  document.addEventListener("htmx:after:process", (event) => show(event.target));
  show(document);
})();
