// Each button copies the text that it names; where the browser does not allow that, the text is selected instead.
const news = document.getElementById("news");

for (const button of document.querySelectorAll("[data-copy]")) {
  const target = document.getElementById(button.dataset.copy), usually = button.textContent;
  button.hidden = false;
  button.onclick = async () => {
    try { await navigator.clipboard.writeText(target.textContent); }
    catch { getSelection().selectAllChildren(target); return; }
    news.textContent = button.textContent = news.dataset.copied;
    setTimeout(() => { button.textContent = usually; news.textContent = ""; }, 3000);
  };
}
