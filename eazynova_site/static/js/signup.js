// Takes the reader to what has to be corrected, and says while one types which address the Odoo gets.
document.getElementById("summary")?.focus();

const company = document.getElementById("id_company");
const field = document.getElementById("id_client_name");
const hint = document.getElementById("client_name-help");

function line(...parts) {
  const made = document.createElement("span");
  made.append(...parts);
  return made;
}

function suggestion(name) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: name });
  made.addEventListener("click", () => { field.value = name; field.focus(); field.dispatchEvent(new Event("input")); });
  return made;
}

function say(found) {
  const words = hint.dataset;
  // what the server said of the form that was sent is said here now, with buttons
  document.getElementById("client_name-error")?.remove();
  field.setAttribute("aria-invalid", String(found.reason !== ""));
  field.placeholder = field.value ? "" : found.clientName;
  if (found.reason) {
    const refused = line(words[found.reason] ?? words.invalid_client_name);
    refused.className = "error";
    hint.replaceChildren(refused);
    if (found.suggestions.length) hint.append(line(`${words.suggested} `, ...found.suggestions.flatMap((name) => [suggestion(name), " "])));
  } else if (found.address) {
    const address = Object.assign(document.createElement("strong"), { textContent: found.address });
    hint.replaceChildren(line(`${field.value ? words.free : words.address} `, address));
  } else hint.textContent = words.odd;
}

function watchAddress() {
  const usual = hint.textContent;
  let timer, latest = 0;
  async function look() {
    const asked = new URLSearchParams({ company: company.value.trim(), client_name: field.value.trim() });
    const mine = ++latest;
    let found = null;
    try {
      const reply = [...asked.values()].some(Boolean) ? await fetch(`${field.form.dataset.availability}?${asked}`) : null;
      if (reply?.ok) found = await reply.json();
    } catch { /* the hint is a courtesy: the server decides when the form is sent */ }
    if (mine !== latest) return;
    if (found) say(found);
    else { hint.textContent = usual; field.placeholder = ""; field.removeAttribute("aria-invalid"); }
  }
  for (const each of [company, field]) {
    each.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 350); });
  }
  hint.setAttribute("aria-live", "polite");
  // also back on the page, where the browser has kept what was typed
  addEventListener("pageshow", look);
}

if (field) watchAddress();
