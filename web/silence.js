// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which alarms may be heard: silence stops the present sound and nothing else. It is
// remembered by occurrence, so each new one sounds again. Pure. The daemon decides when
// a silenced fire sounds again (health.silenced falls); while the link is lost this
// page does it by itself after 60 s.

const RESOUND_MS = 60_000;

export class SilenceBook {
  #quiet = new Map(); // occurrence -> when it was silenced, ms
  #daemon = false;

  press(sounding, now) {
    for (const a of sounding) this.#quiet.set(a.occurrence, now);
  }

  // What the daemon says, at each health item.
  daemon(silenced, sounding, now) {
    if (silenced && !this.#daemon) this.press(sounding, now);
    if (!silenced && this.#daemon) this.#quiet.clear();
    this.#daemon = silenced;
  }

  // Those of `sounding` that are to be heard now. Forgets what no longer sounds.
  audible(sounding, now, linked) {
    const present = new Set(sounding.map((a) => a.occurrence));
    for (const [occurrence, at] of this.#quiet) {
      if (!present.has(occurrence)) this.#quiet.delete(occurrence);
      else if (!linked && this.#isFire(sounding, occurrence) && now - at >= RESOUND_MS) {
        this.#quiet.delete(occurrence);
      }
    }
    return sounding.filter((a) => !this.#quiet.has(a.occurrence));
  }

  #isFire(sounding, occurrence) {
    return sounding.some((a) => a.occurrence === occurrence && a.class === "fire");
  }
}

const WARNINGS = new Set(["prealarm", "security", "supervisory"]);

// The one pattern to play: fire before warning before fault before test; null = quiet.
export function pattern(audible) {
  const has = (f) => audible.some(f);
  if (has((a) => a.class === "fire" && !a.test)) return "fire";
  if (has((a) => WARNINGS.has(a.class) && !a.test)) return "warning";
  if (has((a) => !a.test)) return "fault";
  return audible.length > 0 ? "test" : null;
}
