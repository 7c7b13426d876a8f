// A form with `data-confirm-title` asks in a dialog before it is sent.
let dialog;

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "confirm";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  dialog.innerHTML =
    '<form method="dialog"><div class="confirm-body"><h2 id="confirm-title"></h2><p></p></div>' +
    '<div class="confirm-actions"><button class="btn" value="no">Go back</button><button class="btn btn-primary" value="yes"></button></div></form>';
  document.body.append(dialog);
}

function ask({ confirmTitle, confirmText, confirmLabel, confirmDanger }) {
  if (!dialog?.isConnected) build();
  dialog.querySelector("h2").textContent = confirmTitle;
  dialog.querySelector("p").textContent = confirmText || "";
  const yes = dialog.querySelector('[value="yes"]');
  yes.textContent = confirmLabel || "Yes";
  yes.classList.toggle("btn-danger", confirmDanger !== undefined);
  yes.classList.toggle("btn-primary", confirmDanger === undefined);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const agreed = new WeakSet();

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const asking = event.submitter?.dataset.confirmTitle ? event.submitter : form;
    if (!asking.dataset.confirmTitle || agreed.delete(form)) return;
    const { submitter } = event;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(asking.dataset).then((yes) => {
      if (!yes) return;
      agreed.add(form);
      form.requestSubmit(submitter);
    });
  },
  true,
);
