// Shows the future address while one types, and keeps a second click from sending the form twice.
const form = document.getElementById("form");
const summary = document.getElementById("summary");
if (summary) summary.focus();

function watchCompany(field, hint) {
  const usual = hint.textContent;
  let timer, latest = 0;
  async function look() {
    const company = field.value.trim();
    const mine = ++latest;
    if (!company) { hint.textContent = usual; return; }
    try {
      const reply = await fetch(`${form.dataset.availability}?company=${encodeURIComponent(company)}`);
      if (!reply.ok) return;
      const { address, available } = await reply.json();
      if (mine !== latest) return;
      hint.textContent = address && available ? `${hint.dataset.free} ` : address ? hint.dataset.taken : hint.dataset.odd;
      if (address && available) hint.append(Object.assign(document.createElement("strong"), { textContent: address }));
    } catch { /* the hint is a courtesy: the server decides when the form is sent */ }
  }
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 350); });
  hint.setAttribute("aria-live", "polite");
  if (field.value) look();
}

if (form) {
  watchCompany(document.getElementById("id_company"), document.getElementById("company-help"));
  const button = form.querySelector("button[type=submit]");
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-busy") === "true") event.preventDefault();
    button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => button.removeAttribute("aria-busy"));
}
