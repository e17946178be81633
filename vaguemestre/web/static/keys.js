/* Keyboard for people who read fifty letters in a row. Everything here has its link or button on the page: without script nothing is lost. */
"use strict";

(function () {
  function typing(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  function step(links, by) {
    if (links.length === 0) return false;
    var at = links.indexOf(document.activeElement);
    var next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    var key = event.key;
    var done = false;
    if (key === "/") {
      var find = document.getElementById("find");
      if (find) {
        find.focus();
        find.select();
        done = true;
      }
    } else if (key >= "1" && key <= "5") {
      // The button is reached, not pressed: a decision takes Enter.
      var choice = document.querySelectorAll("[data-choice]")[Number(key) - 1];
      if (choice) {
        choice.focus();
        choice.closest(".choice").scrollIntoView({ block: "nearest" });
        done = true;
      }
    } else {
      var link = document.querySelector('[data-key="' + (/^[a-z]$/.test(key) ? key : "") + '"]');
      if (link) {
        link.click();
        done = true;
      } else if (key === "j" || key === "k") {
        done = step(Array.prototype.slice.call(document.querySelectorAll("a.open")), key === "j" ? 1 : -1);
      }
    }
    if (done) event.preventDefault();
  });

  // A decision is sent once, even by a nervous double click.
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent === "yes") event.preventDefault();
    if (event.target.hasAttribute("hx-post") || event.target.getAttribute("role") === "search") return;
    event.target.dataset.sent = "yes";
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.target.id === "found") event.target.scrollIntoView({ block: "nearest" });
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
