// Keeps a second click from sending a form twice; back on the page, it can be sent again.
for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("[type=submit]");
  form.addEventListener("submit", (event) => {
    // the same form in another language: nothing is sent twice by it
    if (event.submitter?.hasAttribute("data-keeps")) return;
    if (button.getAttribute("aria-busy") === "true") event.preventDefault();
    button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => button.removeAttribute("aria-busy"));
}
