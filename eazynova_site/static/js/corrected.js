// What is being corrected is red no longer: whether it is right is said when the form is sent.
for (const field of document.querySelectorAll("[aria-invalid=true]")) {
  field.addEventListener("input", () => {
    field.removeAttribute("aria-invalid");
    const error = document.getElementById(`${field.name}-error`);
    if (error) error.hidden = true;
  }, { once: true });
}
