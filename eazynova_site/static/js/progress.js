// Asks the server what has changed, shows it, and announces it politely. Slower in a hidden tab and while offline.
const box = document.getElementById("progress");
const news = document.getElementById("news");
const USUAL = 2000, HIDDEN = 15000, LONGEST = 60000;
let etag = "", pause = USUAL;

const ended = () => box.firstElementChild?.dataset.ended === "yes";
const headline = () => box.querySelector("[data-news]")?.textContent ?? "";

function prepare() {
  for (const button of box.querySelectorAll("[data-copy]")) {
    const target = document.getElementById(button.dataset.copy);
    button.hidden = target.hidden;
    button.onclick = async () => {
      try { await navigator.clipboard.writeText(target.textContent); news.textContent = box.dataset.copied; button.textContent = box.dataset.copied; }
      catch { getSelection().selectAllChildren(target); }
    };
  }
  const form = box.querySelector("[data-reveal]");
  if (form) form.onsubmit = (event) => { event.preventDefault(); reveal(form); };
}

async function reveal(form) {
  const reply = await fetch(box.dataset.password, { method: "POST", headers: { Accept: "application/json" } });
  const { password } = reply.ok ? await reply.json() : {};
  if (!password) { location.reload(); return; }
  const shown = form.querySelector("#password");
  shown.textContent = password;
  shown.hidden = false;
  form.querySelector("[type=submit]").remove();
  prepare();
  const copy = form.querySelector("[data-copy]");
  copy.focus();
}

async function look() {
  const before = headline();
  try {
    const reply = await fetch(box.dataset.fragment, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
    if (reply.status === 200) {
      etag = reply.headers.get("ETag") ?? "";
      box.innerHTML = await reply.text();
      prepare();
      if (headline() !== before) news.textContent = headline();
    } else if (reply.status === 404) { return; }
    pause = reply.ok || reply.status === 304 ? USUAL : Math.min(pause * 2, LONGEST);
  } catch {
    news.textContent = box.dataset.offline;
    pause = Math.min(pause * 2, LONGEST);
  }
  next();
}

function next() {
  if (!ended()) setTimeout(look, document.hidden ? Math.max(pause, HIDDEN) : pause);
}

prepare();
next();
document.addEventListener("visibilitychange", () => { if (!document.hidden && !ended()) pause = USUAL; });
