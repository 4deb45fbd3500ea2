(function () {
  "use strict";
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  var find = document.getElementById("find");
  if (find) {
    var rows = all("table.tasks tbody"), found = document.getElementById("found");
    find.closest(".filter").hidden = false;
    find.addEventListener("input", function () {
      var words = find.value.toLowerCase().split(/\s+/).filter(Boolean), count = 0;
      rows.forEach(function (row) {
        var hit = words.every(function (word) { return row.dataset.find.indexOf(word) >= 0; });
        row.hidden = !hit;
        count += hit;
      });
      found.textContent = words.length ? count + " of " + rows.length : "";
    });
  }
  document.addEventListener("click", function (event) {
    var code = event.target.closest && event.target.closest("code.digest, code.copy");
    if (!code || !navigator.clipboard) return;
    navigator.clipboard.writeText(code.classList.contains("digest") ? code.title : code.textContent).then(function () {
      code.classList.add("copied");
      setTimeout(function () { code.classList.remove("copied"); }, 900);
    });
  });
  var arrows = all(".graph .arrow"), nodes = all(".graph .node");
  var light = function (test, isNode) {
    arrows.forEach(function (arrow) { arrow.classList.toggle("lit", !isNode && test(arrow)); });
    nodes.forEach(function (node) { node.classList.toggle("lit", !!isNode && test(node)); });
  };
  all(".graph .own").forEach(function (own) {
    var path = own.parentNode.dataset.node;
    own.addEventListener("mouseenter", function () {
      light(function (arrow) { return arrow.dataset.from === path || arrow.dataset.to === path; });
    });
    own.addEventListener("mouseleave", function () { light(function () { return false; }); });
  });
  all(".graph .chip").forEach(function (chip) {
    chip.addEventListener("mouseenter", function () {
      light(function (node) { return (node.dataset.in || "").split(" ").indexOf(chip.dataset.input) >= 0; }, true);
    });
    chip.addEventListener("mouseleave", function () { light(function () { return false; }); });
  });
  var unfold = function () {
    var row = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var details = row && row.querySelector("details");
    if (details) details.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
