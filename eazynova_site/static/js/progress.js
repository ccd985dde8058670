// Asks the server what has changed, shows it, and announces it politely. Slower in a hidden tab and while offline.
const box = document.getElementById("progress");
const news = document.getElementById("news");
const trouble = document.getElementById("trouble");
const HIDDEN = 15000, LONGEST = 60000, CALM = 4;
let etag = "", failures = 0, quiet = 0, took = 0, timer;

// seconds until the page may have changed, as the server says; 0 when it will not change any more
const usual = () => Number(box.firstElementChild?.dataset.again) * 1000;
const headline = () => box.querySelector("[data-news]")?.textContent ?? "";

function prepare() {
  document.title = box.firstElementChild?.dataset.title ?? document.title;
  for (const button of box.querySelectorAll("[data-copy]")) {
    const target = document.getElementById(button.dataset.copy);
    button.hidden = target.hidden;
    button.onclick = () => copy(button, target);
  }
  const form = box.querySelector("[data-reveal]");
  if (form) form.onsubmit = (event) => { event.preventDefault(); reveal(form); };
}

async function copy(button, target) {
  const usually = button.textContent;
  try { await navigator.clipboard.writeText(target.textContent); }
  catch { getSelection().selectAllChildren(target); return; }
  news.textContent = button.textContent = box.dataset.copied;
  setTimeout(() => { button.textContent = usually; news.textContent = ""; }, 3000);
}

async function reveal(form) {
  let reply;
  try { reply = await fetch(box.dataset.password, { method: "POST", headers: { Accept: "application/json" } }); }
  catch { tell(box.dataset.offline); return; }
  const { password } = reply.ok ? await reply.json() : {};
  if (!password) { location.reload(); return; }
  tell("");
  const shown = form.querySelector("#password");
  shown.textContent = password;
  shown.hidden = false;
  form.querySelector("[type=submit]").remove();
  prepare();
  form.querySelector("[data-copy]").focus();
}

function tell(words) {
  trouble.hidden = !words;
  if (trouble.textContent !== words) news.textContent = trouble.textContent = words;
}

// changes only what differs: nothing blinks, what turns goes on turning, what has the focus keeps it
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const count = old.childNodes.length;
  if (old.nodeName !== fresh.nodeName || !count || count !== fresh.childNodes.length) { old.replaceWith(fresh); return; }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const pairs = [...old.childNodes].map((each, at) => [each, fresh.childNodes[at]]);
  for (const [each, other] of pairs) morph(each, other);
}

function show(html) {
  const before = headline();
  const fresh = Object.assign(document.createElement("template"), { innerHTML: html });
  morph(box.firstElementChild, fresh.content.firstElementChild);
  prepare();
  if (headline() !== before) news.textContent = headline();
}

async function look() {
  const began = performance.now();
  try {
    const reply = await fetch(box.dataset.fragment, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
    // the link was replaced meanwhile: the page says what to do
    if (reply.status === 404) { location.reload(); return; }
    took = performance.now() - began;
    failures = reply.ok || reply.status === 304 ? 0 : failures + 1;
    if (!failures || failures > 2) tell(failures ? box.dataset.offline : "");
    quiet = reply.status === 304 ? quiet + 1 : 0;
    if (reply.status === 200) {
      etag = reply.headers.get("ETag") ?? "";
      show(await reply.text());
    }
  } catch {
    failures += 1;
    tell(box.dataset.offline);
  }
  next();
}

function next() {
  clearTimeout(timer);
  if (!usual()) return;
  // a server that is slow to answer is asked less, and less while nothing changes
  const calm = Math.min(1.25 ** quiet, CALM);
  const pause = Math.min(Math.max(usual() * calm, took * 5) * 2 ** failures, LONGEST);
  timer = setTimeout(look, document.hidden ? Math.max(pause, HIDDEN) : pause);
}

prepare();
next();
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !usual()) return;
  failures = 0;
  clearTimeout(timer);
  look();
});
addEventListener("online", () => { if (usual()) { failures = 0; clearTimeout(timer); look(); } });
