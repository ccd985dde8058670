// Takes the reader to what has to be corrected, and shows the future name and address while one types.
document.getElementById("summary")?.focus();

const form = document.getElementById("form");
const field = document.getElementById("id_company");
const hint = document.getElementById("company-help");

function say(found) {
  const strong = (text) => Object.assign(document.createElement("strong"), { textContent: text });
  const line = (...parts) => { const made = document.createElement("span"); made.append(...parts); return made; };
  const { free, taken, odd, address } = hint.dataset;
  if (!found.address) { hint.textContent = odd; return; }
  hint.replaceChildren(
    found.available ? line(`${free} `, strong(found.clientName)) : line(taken),
    line(`${address} `, strong(found.address)),
  );
}

function watchCompany() {
  const usual = hint.textContent;
  let timer, latest = 0;
  async function look() {
    const company = field.value.trim();
    const mine = ++latest;
    let found = null;
    try {
      const reply = company ? await fetch(`${form.dataset.availability}?company=${encodeURIComponent(company)}`) : null;
      if (reply?.ok) found = await reply.json();
    } catch { /* the hint is a courtesy: the server decides when the form is sent */ }
    if (mine !== latest) return;
    if (found) say(found); else hint.textContent = usual;
  }
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 350); });
  hint.setAttribute("aria-live", "polite");
  if (field.value) look();
}

if (form) watchCompany();
