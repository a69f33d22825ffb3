// Keeps the board fresh while the page is open, and says so when the hub is away.
"use strict";

const board = document.getElementById("board");
const away = document.getElementById("away");

function watch() {
  const stream = new EventSource("/live");
  stream.addEventListener("open", () => { away.hidden = true; });
  stream.addEventListener("board", (event) => { board.innerHTML = event.data; });
  stream.addEventListener("gone", () => { stream.close(); location.reload(); });
  stream.addEventListener("error", () => {
    away.hidden = false;
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(watch, 2000);
    }
  });
  // A page kept in memory must not hold a connection: a browser gives one host only six of them.
  addEventListener("pagehide", () => stream.close(), { once: true });
}

addEventListener("pageshow", (event) => { if (event.persisted) { location.reload(); } });
watch();
