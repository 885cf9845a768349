// Comforts only: every page works without this file.
(() => {
  "use strict";

  // The length of a post while it is being written: characters, and bytes in UTF-8.
  for (const text of document.querySelectorAll("textarea[data-limit]")) {
    const counter = document.getElementById(`${text.id}-length`);
    if (!counter) continue;
    const limit = Number(text.dataset.limit);
    const count = () => {
      const characters = [...text.value].length;
      const bytes = new TextEncoder().encode(text.value).length;
      counter.textContent = `${characters} of ${limit} characters, ${bytes} bytes`;
      counter.classList.toggle("error", characters > limit);
    };
    text.addEventListener("input", count);
    count();
  }

  // Charts: one mark at a time, by pointer or by the arrow keys.
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const marks = [...figure.querySelectorAll("svg circle, svg rect")];
    const reading = figure.querySelector(".reading");
    const svg = figure.querySelector("svg");
    if (!svg || !reading || marks.length === 0) continue;
    let chosen = marks.length;
    const choose = (next) => {
      marks[chosen]?.removeAttribute("data-on");
      chosen = Math.max(0, Math.min(marks.length - 1, next));
      marks[chosen].setAttribute("data-on", "");
      reading.textContent = marks[chosen].textContent;
    };
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, Home: 0, End: marks.length - 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      choose(step);
    });
    svg.addEventListener("pointermove", (event) => {
      let best = 0;
      let distance = Infinity;
      marks.forEach((mark, index) => {
        const box = mark.getBoundingClientRect();
        const away = Math.abs(box.left + box.width / 2 - event.clientX);
        if (away < distance) [best, distance] = [index, away];
      });
      choose(best);
    });
  }

  // The state of posts, brought up to date while somebody looks.
  if (document.querySelector("[data-live]")) {
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const old of document.querySelectorAll("[data-live]")) {
          const now = page.getElementById(old.id);
          if (now && now.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.replaceWith(now);
        }
      } catch { /* The next round asks again. */ }
    }, 4000);
  }
})();
