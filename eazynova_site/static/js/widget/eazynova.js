// The signup form on a partner's site: one script tag, no cookies, styles that neither leak in nor out.
// <script src="https://…/static/js/widget/eazynova.js" data-key="eaz_pub_…" data-plan="demo" data-language="fr" data-color="#3f56e0"></script>
(() => {
  const tag = document.currentScript;
  if (!tag.isConnected) return; // the page has taken it away while it was loading, as React does in strict mode
  const site = tag.dataset.site || new URL(tag.src).origin;
  const language = tag.dataset.language === "en" || (!tag.dataset.language && document.documentElement.lang.startsWith("en")) ? "en" : "fr";
  const color = /^#[0-9a-f]{6}$/i.test(tag.dataset.color || "") ? tag.dataset.color : "#3f56e0";
  const words = {
    fr: { title: "Créer mon Odoo", company: "Nom de l’entreprise", email: "Adresse e-mail", required: "Tous les champs sont obligatoires.", send: "Créer mon Odoo", busy: "Un instant…",
      empty: "Renseignez ce champ.", badEmail: "L’adresse doit ressembler à nom@entreprise.fr.", later: "Ce n’est pas possible pour le moment. Merci de réessayer plus tard.",
      again: (at) => `Trop de demandes depuis cette connexion. Revenez après ${at.getHours()}\u00a0h\u00a0${String(at.getMinutes()).padStart(2, "0")}.`,
      test: "Mode test\u00a0: rien de ce qui est commandé ici n’est réel.", done: "C’est parti\u202f! Votre Odoo est en cours de création.", watch: "Suivre la création" },
    en: { title: "Create my Odoo", company: "Company name", email: "E-mail address", required: "All fields are required.", send: "Create my Odoo", busy: "One moment…",
      empty: "Please fill this field.", badEmail: "The address must look like name@company.com.", later: "This is not possible at the moment. Please try again later.",
      again: (at) => `Too many requests from this connection. Please come back after ${at.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" })}.`,
      test: "Test mode: nothing that is ordered here is real.", done: "Off we go! Your Odoo is being created.", watch: "Watch the creation" },
  }[language];
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const ink = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  // what the page gives its elements is inherited down to here, and its rem may be anything: both end at our own root
  const css = `:host{display:block;max-width:448px}*{box-sizing:border-box}
form,.done{all:initial;display:block;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:#171c2b;background:#fff;border:1px solid #d9deea;border-radius:14px;padding:24px}
h2{font-size:20px;font-weight:700;margin:0 0 16px}.hint{font-size:14px;color:#545d73;margin:0 0 16px}label{display:block;font-weight:600;margin:0 0 6px}div{margin:0 0 16px}
input{width:100%;font:inherit;padding:10px 12px;border:1px solid #7b859c;border-radius:9px;background:#fff;color:inherit}
input[aria-invalid=true]{border:2px solid #b3261e}.error{color:#b3261e;font-weight:600;font-size:15px;margin:6px 0 0}.error:empty{margin:0}
button,a{display:block;width:100%;font:inherit;font-weight:650;text-align:center;text-decoration:none;padding:12px;border:0;border-radius:10px;background:${color};color:${ink};cursor:pointer}
:focus-visible{outline:3px solid #171c2b;outline-offset:2px}`;

  const element = (name, values = {}, ...children) => {
    const made = Object.assign(document.createElement(name), values);
    made.append(...children);
    return made;
  };
  const field = (name, type, autocomplete) => {
    const error = element("p", { className: "error", id: `${name}-error` });
    const input = element("input", { id: name, name, type, autocomplete, required: true, maxLength: type === "email" ? 254 : 100 });
    input.setAttribute("aria-describedby", error.id);
    const say = (text) => {
      error.textContent = text;
      input.toggleAttribute("aria-invalid", false);
      if (text) input.setAttribute("aria-invalid", "true");
      return !text;
    };
    return { box: element("div", {}, element("label", { htmlFor: name, textContent: words[name] }), input, error), input, say };
  };

  const company = field("company", "text", "organization");
  const email = field("email", "email", "email");
  const button = element("button", { type: "submit", textContent: words.send });
  const trouble = element("p", { className: "error", role: "alert" });
  trouble.setAttribute("role", "alert");
  const challenge = element("slot", { name: "challenge" });
  const testing = /^eaz_pubtest_/.test(tag.dataset.key) ? [element("p", { className: "error", textContent: words.test })] : [];
  const form = element("form", { noValidate: true, lang: language }, element("h2", { textContent: words.title }), element("p", { className: "hint", textContent: words.required }), ...testing, company.box, email.box, challenge, button, trouble);
  const host = element("div");
  host.dataset.eazynova = "widget";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  root.append(form);
  (document.querySelector(tag.dataset.target || "[data-eazynova-form]") || tag.parentElement || document.body).append(host);

  // the same rules as the server's: it has the last word and says 409 when the name is taken
  const fold = (text) => text.toLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/ß/g, "ss").replace(/&/g, " et ")
    .normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 45).replace(/-+$/, "");
  const suffix = () => Array.from(crypto.getRandomValues(new Uint8Array(4)), (n) => "abcdefghjkmnpqrstuvwxyz23456789"[n % 31]).join("");
  const order = async (clientName, key) => {
    const body = { clientName, adminEmail: email.input.value.trim(), companyName: company.input.value.trim(), language };
    if (tag.dataset.plan) body.plan = tag.dataset.plan;
    if (proof) body.captcha = proof;
    proof = ""; // it is good once
    const reply = await fetch(`${site}/api/instances`, {
      method: "POST", credentials: "omit", referrerPolicy: "origin",
      headers: { "Content-Type": "application/json", "Authorization": `Bearer ${tag.dataset.key}`, "Idempotency-Key": key, "Accept-Language": language },
      body: JSON.stringify(body),
    });
    return { status: reply.status, answer: await reply.json(), wait: Number(reply.headers.get("Retry-After")) };
  };

  // Turnstile draws in the page's own tree, where it finds itself; the form shows it through a slot
  let proof = "";
  const turnstile = () => new Promise((ready, failed) => {
    if (window.turnstile) { ready(window.turnstile); return; }
    const script = element("script", { src: "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit", onload: () => ready(window.turnstile), onerror: failed });
    document.head.append(script);
  });
  const prove = async (siteKey) => {
    const place = element("div", { slot: "challenge" });
    host.replaceChildren(place);
    const drawn = await turnstile();
    drawn.render(place, { sitekey: siteKey, language, callback: (answer) => { proof = answer; host.replaceChildren(); form.requestSubmit(); } });
  };

  // an order whose answer got lost is asked for again under the same key and name: it may have been taken
  let unsure = null;
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  const submit = async () => {
    const plain = fold(company.input.value);
    const said = [company.input.value, email.input.value].join("\n");
    let attempt = unsure?.said === said ? unsure : { said, key: newKey(), name: plain.length < 3 ? `${plain || "client"}-${suffix()}` : plain };
    for (let tries = 0; tries < 4; tries += 1) {
      unsure = attempt;
      const { status, answer, wait } = await order(attempt.name, attempt.key);
      if (status === 202) return done(answer);
      if (answer.code === "rate_limited" && wait) answer.detail = words.again(new Date(Date.now() + (wait + 60) * 1000));
      if (answer.code === "quota_reached") answer.detail = words.later; // what was agreed with the partner is not the visitor's business
      if (status < 500 && answer.code !== "request_in_progress") unsure = null;
      if (answer.code === "captcha" && answer.siteKey) { trouble.textContent = answer.detail; return prove(answer.siteKey); }
      if (!["client_name_taken", "reserved_client_name"].includes(answer.code)) return refuse(answer);
      attempt = { said, key: newKey(), name: `${plain || "client"}-${suffix()}` };
    }
    return refuse({});
  };
  const refuse = (answer) => {
    for (const { pointer, detail } of answer.errors || []) {
      if (pointer === "/adminEmail") { email.say(detail); email.input.focus(); return; }
      if (pointer === "/companyName") { company.say(detail); company.input.focus(); return; }
    }
    trouble.textContent = answer.detail || words.later;
  };
  const done = (answer) => {
    const link = element("a", { href: `${site}/instances/${answer.instanceId}/?token=${answer.statusToken}`, textContent: words.watch, target: "_blank", rel: "noopener noreferrer" });
    const box = element("div", { className: "done", tabIndex: -1, lang: language }, element("h2", { textContent: words.done }), link);
    form.replaceWith(box);
    box.focus();
    host.dispatchEvent(new CustomEvent("eazynova:created", { bubbles: true, composed: true, detail: { instanceId: answer.instanceId } }));
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    trouble.textContent = "";
    const emailFine = email.say(!email.input.value.trim() ? words.empty : email.input.validity.valid ? "" : words.badEmail);
    const companyFine = company.say(company.input.value.trim() ? "" : words.empty);
    if (!companyFine) { company.input.focus(); return; }
    if (!emailFine) { email.input.focus(); return; }
    button.disabled = true;
    button.textContent = words.busy;
    try { await submit(); } catch (error) {
      trouble.textContent = words.later;
      // for whoever puts the form into a page: what another site may not read looks like no answer at all
      if (error instanceof TypeError) console.error(`EAZYNOVA: no answer to read. Is ${location.origin} among the allowed origins of this key?`);
    }
    button.disabled = false;
    button.textContent = words.send;
  });
})();
