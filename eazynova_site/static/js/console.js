// Shows what has changed on a page of the console where something moves, while nobody is at work on what would be replaced.
const LONGEST = 60000;
const mark = () => document.getElementById("moving");
const parts = (page) => mark().dataset.parts.split(" ").map((id) => page.getElementById(id));
const busy = () => document.hidden
  || parts(document).some((part) => part?.matches(":focus-within, :has(:checked, details[open])"));
let failures = 0;

async function look() {
  try {
    if (!busy() && !(await show())) return;
    failures = 0;
  } catch { failures += 1; }
  next();
}

// false when the reader was signed out meanwhile: the next click says so
async function show() {
  const reply = await fetch(location.href, { cache: "no-store" });
  if (reply.redirected || reply.status === 403) return false;
  if (!reply.ok) throw new Error(reply.statusText);
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (busy()) return true;
  const news = parts(fresh);
  parts(document).forEach((part, at) => { if (part && news[at]) part.replaceWith(news[at]); });
  mark().replaceWith(fresh.getElementById("moving") ?? "");
  return true;
}

function next() {
  const seconds = Number(mark()?.dataset.again);
  if (seconds) setTimeout(look, Math.min(seconds * 1000 * 2 ** failures, LONGEST));
}

next();
