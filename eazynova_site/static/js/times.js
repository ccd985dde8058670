// Puts the times of day on a page, now and whenever it changes, into the reader's own zone, written as its language has them.
const french = document.documentElement.lang === "fr";

function clock(moment) {
  const hours = moment.getHours(), minutes = String(moment.getMinutes()).padStart(2, "0");
  return french ? `${hours}\u00a0h\u00a0${minutes}` : `${hours % 12 || 12}:${minutes} ${hours < 12 ? "AM" : "PM"}`;
}

function localise() {
  for (const time of document.querySelectorAll("time:not([data-local])")) {
    time.dataset.local = "";
    time.textContent = clock(new Date(time.dateTime));
  }
}

localise();
new MutationObserver(localise).observe(document.getElementById("main"), { childList: true, subtree: true });
