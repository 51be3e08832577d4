// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A part of the page that does not arrive keeps all of it from starting, and a screen on
// the wall has nobody who presses reload: it loads itself again until it has started. No
// module, for one that is missed takes all others with it.
(() => {
  const AGAIN_MS = 2000;
  const PATIENCE_MS = 20_000;
  const started = () => document.documentElement.dataset.started === "yes";
  const again = () => {
    if (!started()) location.reload();
  };

  window.addEventListener("error", (e) => {
    if (e.target instanceof HTMLScriptElement) setTimeout(again, AGAIN_MS);
  }, true);
  setTimeout(again, PATIENCE_MS);
})();
