// Runs before the first paint: the theme that was chosen, else the one the system asks for.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage may be forbidden */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    document.documentElement.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light");
  };
  apply();
  dark.addEventListener("change", apply);
  window.cfTheme = (next) => {
    chosen = next;
    try { localStorage.setItem("theme", next); } catch { /* the choice then lasts for this page */ }
    apply();
  };
})();
