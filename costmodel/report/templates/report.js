"use strict";
// Shows what the page already holds: no cost is computed here.
(function () {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const make = (tag, words, attributes) => {
    const element = Object.assign(document.createElement(tag), attributes);
    if (words) { element.textContent = words; }
    return element;
  };
  document.documentElement.classList.add("scripted");

  // Lives: sliders snap to a table.
  const form = document.getElementById("lives");
  if (form) {
    const table = JSON.parse(document.getElementById("lives-table").textContent);
    const battery = form.elements.battery, rest = form.elements.rest, rate = form.elements.rate;
    const show = () => {
      const every = table.rates[rate.value];
      document.getElementById("lives-rate").textContent = every;
      document.getElementById("lives-life").textContent = table.lives[battery.value][rest.value][rate.value];
      rate.setAttribute("aria-valuetext", every);
    };
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    show();
  }

  // Copying the next command.
  all("pre.command").forEach((listing) => {
    if (!navigator.clipboard) { return; }
    const button = make("button", "Copy", { type: "button", className: "copy" });
    button.addEventListener("click", () => navigator.clipboard.writeText(listing.textContent.trim()).then(() => { button.textContent = "Copied"; }));
    listing.after(button);
  });

  // A figure's explanation in a dialogue; without this script its link leads there.
  const dialogue = document.getElementById("explanation");
  all("a.why").forEach((link) => link.addEventListener("click", (event) => {
    const heading = document.getElementById(link.getAttribute("href").slice(1));
    if (!heading || !dialogue.showModal) { return; }
    event.preventDefault();
    const steps = heading.nextElementSibling.cloneNode(true);
    dialogue.querySelector("h2").textContent = heading.textContent;
    dialogue.querySelector(".steps").replaceWith(steps);
    dialogue.showModal();
  }));

  // Which dataflow and placement the table of layers shows.
  all("table.views").forEach((table) => {
    const views = [...new Set(all("th[data-view]", table).map((cell) => cell.dataset.view))];
    const parts = views.map((view) => view.split("|"));
    const box = make("div", "", { className: "choices" });
    const chosen = [0, 1].map((place) => {
      const names = [...new Set(parts.map((part) => part[place]))];
      const set = make("fieldset");
      set.append(make("legend", place ? "Scratch rows in" : "Dataflow"));
      const name = `view-${place}`;
      ["all", ...names].forEach((value, at) => {
        const label = make("label");
        label.append(make("input", "", { type: "radio", name, value, checked: at === 0 }), " " + value);
        set.append(label);
      });
      box.append(set);
      return () => set.querySelector("input:checked").value;
    });
    box.addEventListener("change", () => {
      const wanted = chosen.map((get) => get());
      all("[data-view]", table).forEach((cell) => {
        const own = cell.dataset.view.split("|");
        cell.hidden = wanted.some((value, place) => value !== "all" && value !== own[place]);
      });
    });
    table.closest("figure").querySelector(".scroll").before(box);
  });

  // Points of a drawing: a pointer or the arrow keys name one below it.
  all(".chart svg").forEach((drawing) => {
    const points = all(".point", drawing);
    if (!points.length) { return; }
    const said = make("p", "Point at a design, or walk with the arrow keys.", { className: "note told" });
    said.setAttribute("aria-live", "polite");
    drawing.closest(".chart").after(said);
    points.forEach((point, place) => {
      point.setAttribute("tabindex", place ? "-1" : "0");
      const tell = () => {
        points.forEach((other) => other.setAttribute("tabindex", other === point ? "0" : "-1"));
        said.textContent = point.getAttribute("aria-label");
      };
      point.addEventListener("focus", tell);
      point.addEventListener("pointerenter", tell);
      point.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        const next = step && points[place + step];
        if (next) { event.preventDefault(); next.focus(); }
      });
    });
  });

  // Sorting and filtering of rows, and blocks that fold.
  const number = (cell) => parseFloat(cell.dataset.value || cell.textContent.replace(/[,\s\u00a0<]/g, ""));
  all("table.layers").forEach((table) => {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const members = (row) => rows.filter((other) => other.dataset.of === row.dataset.block);
    let needle = "";
    const folded = new Set(rows.filter((row) => row.dataset.block).map((row) => row.dataset.block));
    const shown = () => rows.forEach((row) => {
      const hit = row.textContent.toLowerCase().includes(needle);
      row.hidden = needle ? !(hit && !row.dataset.block) && !row.classList.contains("total") : folded.has(row.dataset.of);
    });
    rows.filter((row) => row.dataset.block).forEach((row) => {
      const button = make("button", "", { type: "button", className: "fold" });
      const head = row.cells[0];
      button.append(...head.childNodes);
      button.setAttribute("aria-expanded", "false");
      head.append(button);
      button.addEventListener("click", () => {
        const open = folded.delete(row.dataset.block);
        if (!open) { folded.add(row.dataset.block); }
        button.setAttribute("aria-expanded", String(open));
        shown();
      });
      members(row).forEach((member) => member.classList.add("member"));
    });
    Array.from(table.tHead.rows[0].cells).forEach((head, place) => {
      const button = make("button", "", { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !head.classList.contains("number"));
        const words = !head.classList.contains("number");
        const order = (a, b) => (words ? a.cells[place].textContent.localeCompare(b.cells[place].textContent, undefined, { numeric: true })
          : (number(a.cells[place]) || 0) - (number(b.cells[place]) || 0)) * (down ? 1 : -1);
        all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "ascending" : "descending");
        const tops = rows.filter((row) => !row.dataset.of && !row.classList.contains("total")).sort(order);
        tops.forEach((row) => { body.append(row); if (row.dataset.block) { members(row).sort(order).forEach((member) => body.append(member)); } });
        rows.filter((row) => row.classList.contains("total")).forEach((row) => body.append(row));
      });
    });
    if (rows.length > 8) {
      const label = make("label", "Filter ", { className: "filter" });
      const field = make("input", "", { type: "search", placeholder: "name, kind or value" });
      label.append(field);
      field.addEventListener("input", () => { needle = field.value.trim().toLowerCase(); shown(); });
      table.closest("figure").querySelector(".scroll").before(label);
    }
    shown();
  });

  // Paper shows all.
  window.addEventListener("beforeprint", () => all("details").forEach((part) => { part.dataset.was = part.open ? "1" : ""; part.open = true; }));
  window.addEventListener("afterprint", () => all("details").forEach((part) => { part.open = part.dataset.was === "1"; }));
})();
