// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The start of the console page: fetches the texts and the snapshot, opens the stream,
// and ties model, views, sound and keys together. Items change the model and the sound
// at once; the screen follows in the next frame. Refuses to show anything as fresh that
// is not: with no heartbeat for 6 s the page is grey and says so.
import { AlarmList } from "./alarms.js";
import { Answers } from "./answers.js";
import * as api from "./api.js";
import { Banners } from "./banners.js";
import { Deadman } from "./deadman.js";
import { Detail } from "./detail.js";
import { Calm, Devices } from "./devices.js";
import { Dialogs } from "./dialogs.js";
import { consoleId, setText } from "./dom.js";
import { Doors } from "./doors.js";
import { Flags } from "./flags.js";
import { clockOf, dateOf, hourOf, nameOf, placeOf, setZone } from "./format.js";
import { Hand } from "./hand.js";
import { Keys } from "./keys.js";
import * as m from "./model.js";
import { Pumps } from "./pumps.js";
import { Readings } from "./readings.js";
import { DayClose } from "./close.js";
import { Reports } from "./reports.js";
import { Rounds } from "./rounds.js";
import { Session } from "./session.js";
import { SilenceBook, pattern } from "./silence.js";
import { Sound } from "./sound.js";
import { Stream } from "./stream.js";
import { Strip } from "./strip.js";
import { applyTexts, lang, loadTexts, setLang, t } from "./text.js";
import { Theme } from "./theme.js";
import { Verdict } from "./verdict.js";
import { Why, placeIn } from "./why.js";

const TICK_MS = 1000;
const BEAT_MS = 500; // the one clock of all flashing icons: 1 Hz
const RETRY_MS = 2000;
const HEALTH_STALE_MS = 5000;
const RESYNC_EVERY_MS = 30_000;
const ASK_EVERY_MS = 30_000;
const PAGES_MAX = 40;

const id = (name) => document.getElementById(name);
const console_ = consoleId();
const model = m.createModel();
const narrow = matchMedia("(max-width: 700px)");
const coarse = matchMedia("(pointer: coarse)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

const banners = new Banners();
const theme = new Theme();
const book = new SilenceBook();
const session = new Session(setSession);
const answers = new Answers(model, session, changed, (text, tone) => banners.say(text, tone));
const sound = new Sound((can) => api.reportSound(console_, can), soundChanged);
const stream = new Stream(console_, { item, link });
const strip = new Strip(pick);
const owedList = new AlarmList(id("owed"), id("owed-more"), pick);
const heldList = new AlarmList(id("held"), id("held-more"), pick);
const deadman = new Deadman(model,
  { wake: () => sound.wake(), say: (text, tone) => banners.say(text, tone) });
const doors = new Doors(model, session,
  { say: (text, tone) => banners.say(text, tone), now: () => now(),
    why: (point, place) => why.open({ point, place }) });
const rounds = new Rounds({ now: () => now(), changed: () => changed() });
const desk = { say: (text, tone) => banners.say(text, tone), now: () => now() };
const flags = new Flags(model, session, desk);
const verdict = new Verdict(model, session, desk);
const reports = new Reports(() => model.session, new DayClose(model, session, verdict, desk));
const why = new Why({ unitOf, now: () => now(), placeOfPoint: (point) => placeIn(model, point) });
const detail = new Detail(id("detail"), (point) => doors.open(point), act);
const readings = new Readings(id("readings"), id("readings-section"), id("readings-more"),
  (point, place) => why.open({ point, place }));
const hand = new Hand(model, session, desk);
const pumps = new Pumps(id("pumps"), id("pumps-title"), changed);
const devices = new Devices(id("devices"), id("devices-summary"));
const calm = new Calm(id("calm"));
const dialogs = new Dialogs(pick);

let choice = { key: null, auto: true };
let chosenAt = 0;
let owedBefore = new Set();
let clock = { server: Date.now(), at: performance.now() };
let healthAt = 0;
let resyncAt = -Infinity;
let behind = 0;
let frame = 0;
let lists = { owed: [], held: [] };
let linkLostAt = null;
let lostSince = null; // the daemon was last heard then, while the link is lost
let askedAt = 0; // for the state, with our cookie

const now = () => clock.server + (performance.now() - clock.at);

function setClock(time) {
  const server = Date.parse(time);
  if (Number.isFinite(server)) clock = { server, at: performance.now() };
}

// --- session ------------------------------------------------------------------------

function setSession(s) {
  model.session = s;
  api.setCsrf(s?.csrf);
  changed();
}

async function person() {
  if (!model.session) {
    await session.ask(t("ui.login.plain"));
    return;
  }
  try {
    await session.leave();
    banners.say(t("ui.message.logged_out"));
  } catch (error) {
    banners.say(error.text, "bad");
  }
}

// --- what comes in ------------------------------------------------------------------

function snapshot(s, own) {
  m.applySnapshot(model, s, own);
  if (own) askedAt = performance.now();
  if (own || s.session) api.setCsrf(model.session?.csrf);
  setZone(model.site?.time_zone);
  setClock(s.time);
  healthAt = performance.now();
  book.daemon(Boolean(model.health.silenced), sounding(), performance.now());
  if (model.total > model.alarms.size) fetchRest();
  document.body.dataset.loaded = "yes";
}

// Open alarms beyond the snapshot's 500.
async function fetchRest() {
  let after = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    let answer;
    try {
      answer = await api.getAlarms(after);
    } catch {
      return; // the next snapshot asks again
    }
    m.applyPage(model, answer.alarms);
    after = answer.next;
    changed();
    if (!after) return;
  }
}

function beat(data) {
  setClock(data.time);
  behind = data.n > model.lastN ? behind + 1 : 0;
  // Twice behind what the daemon has sent: something was missed. Start over.
  if (behind >= 2 && performance.now() - resyncAt > RESYNC_EVERY_MS) {
    behind = 0;
    resyncAt = performance.now();
    stream.resync();
  }
  askAgain();
}

// Ages of devices and values must be true even when nothing changes, and the name of a
// person must not stand here after the daemon has ended the session.
async function askAgain() {
  const since = performance.now();
  if (since - healthAt < HEALTH_STALE_MS && since - askedAt < ASK_EVERY_MS) return;
  healthAt = askedAt = since;
  const before = model.session;
  try {
    const s = await api.getState();
    m.applyHealth(model, s);
    setClock(s.time);
    if (model.session === before) followSession(s.session ?? null);
    changed();
  } catch (error) {
    if (error.status === 401) askToSee();
    // else the watchdog speaks of a lost link
  }
}

function followSession(s) {
  if (model.session && !s) banners.say(t("ui.message.session_ended"), "warn");
  setSession(s);
}

// From where nothing is shown without a log-in.
async function askToSee() {
  setSession(null);
  await session.ask(t("ui.login.to_see"));
}

const TAKE = {
  state: (data) => {
    snapshot(data, false);
    doors.look(); // what it said meanwhile may be missed
    rounds.look();
    pumps.look();
    sound.tell(true);
  },
  alarm: (data, itemId) => {
    const key = m.applyAlarm(model, data, itemId);
    const closed = model.closed.get(key);
    if (closed && choice.key === key) {
      banners.say(t("ui.message.closed", { place: placeOf(closed) }));
    }
  },
  journal: (data, itemId) => m.applyJournal(model, data, itemId),
  durable: (data, itemId) => m.applyDurable(model, data, itemId),
  point: (data) => {
    doors.take(data);
    rounds.takePoint(data);
    pumps.take(data);
  },
  patrol: (data) => rounds.takePatrol(data),
  health: (data, itemId) => {
    m.applyHealth(model, data, itemId);
    healthAt = performance.now();
    book.daemon(Boolean(model.health.silenced), sounding(), performance.now());
  },
  hb: beat,
};

function item(kind, data, itemId) {
  TAKE[kind](data, itemId);
  changed();
}

function link(state) {
  if (state.lost && linkLostAt === null) {
    linkLostAt = now();
    lostSince = now() - state.silentMs;
  }
  if (!state.lost && linkLostAt !== null) {
    linkLostAt = lostSince = null;
    sound.tell(true);
  }
  if (state.lost) askAgain();
  banners.drawLink(state);
  strip.drawLink(state);
  follow();
}

// --- sound --------------------------------------------------------------------------

// A lost link is itself something to be heard.
function sounding() {
  const list = [...model.alarms.values()].filter((a) => a.sounds);
  if (linkLostAt !== null) {
    list.push({ occurrence: `@link ${linkLostAt}`, class: "fault", test: false });
  }
  if (deadman.sounds) list.push(deadman.sounds);
  return list;
}

function follow() {
  const all = sounding();
  const audible = book.audible(all, performance.now(), !stream.lost);
  sound.play(pattern(audible));
  const quiet = all.length > 0 ? "silenced" : "ready";
  strip.drawSound(sound.off ? "off" : audible.length > 0 ? "sounding" : quiet);
  document.body.dataset.sound = sound.can ? pattern(audible) ?? "none" : "off";
}

function soundChanged() {
  banners.drawSound(sound.off);
  if (sound.can) keys.soundOn();
  follow();
}

async function silence() {
  book.press(sounding(), performance.now());
  follow();
  try {
    await api.silence();
    banners.say(t("ui.message.silenced"));
  } catch (error) {
    banners.say(t("ui.message.silenced_here", { why: error.text }), "warn");
  }
}

// --- selection ----------------------------------------------------------------------

function select(next) {
  if (next.key !== choice.key) chosenAt = performance.now();
  choice = next;
}

function pick(key) {
  select({ key, auto: false });
  chosenAt = -Infinity;
  draw();
}

// `seen`: the person chose this row; else the page did, and a second press of the same
// key must not answer what has just appeared.
function walk(key, seen) {
  if (!key) return;
  select({ key, auto: false });
  if (seen) chosenAt = -Infinity;
  draw();
  owedList.reveal(key);
  heldList.reveal(key);
}

function move(step) {
  const order = [...owedList.order, ...heldList.order];
  const at = order.indexOf(choice.key);
  walk(order[at < 0 ? 0 : Math.max(0, Math.min(order.length - 1, at + step))], true);
}

function jump(where) {
  const order = owedList.order;
  const waiting = order.filter((key) => !answers.stageOf(model.alarms.get(key)));
  const fire = order.find((key) => m.isRealFire(model.alarms.get(key)));
  const all = [...order, ...heldList.order];
  const firstFire = fire ?? m.fires(model).first?.key;
  const key = { first: all[0], last: all.at(-1), next: waiting[0], fire: firstFire }[where];
  walk(key, where !== "next");
}

function act(name) {
  const alarm = model.alarms.get(choice.key);
  if (!alarm) return;
  if (name === "verdict") verdict.open(alarm);
  else if (name === "why") {
    why.open({ point: alarm.point, occurrence: alarm.occurrence, place: placeOf(alarm) });
  }
  else flags.open({ mode: name, point: alarm.point, condition: alarm.condition,
    place: placeOf(alarm) });
}

// A phone is for looking: a fire is acknowledged where its panel stands.
const isPhone = () => narrow.matches && (coarse.matches || !model.desk);

function modeOf(alarm) {
  if (!alarm) return "none";
  if (answers.stageOf(alarm)) return "wait";
  if (!m.isOwed(alarm)) return lists.owed.length > 0 ? "next" : "none";
  if (alarm.class !== "fire") return "press";
  return isPhone() ? "console" : "hold";
}

function selected() {
  const alarm = model.alarms.get(choice.key) ?? null;
  return { alarm, sinceMs: performance.now() - chosenAt, mode: modeOf(alarm) };
}

function hint() {
  const { mode } = selected();
  banners.say(t(mode === "hold" ? "ui.message.hold_enter" : "ui.message.press_space"));
}

const keys = new Keys({
  silence,
  acknowledge: (alarm) => answers.acknowledge(alarm),
  move, jump, selected, hint, person,
  language: () => {
    setLang(lang() === "zh" ? "en" : "zh");
    stream.tell();
    flags.draw();
    reports.draw();
    draw();
  },
  theme: () => theme.toggle(),
  doors: () => doors.open(),
  rounds: () => rounds.open(),
  reports: () => reports.open(),
  why: () => act("why"),
  help: () => (id("help-dialog").open ? id("help-dialog").close()
    : id("help-dialog").showModal()),
  wake: () => sound.wake(),
  soundBlocked: () => sound.blocked,
});

// --- drawing ------------------------------------------------------------------------

function unitOf(point) {
  return model.readings.find((r) => r.point === point)?.unit;
}

function changed() {
  follow();
  if (!frame) frame = requestAnimationFrame(draw);
}

function draw() {
  cancelAnimationFrame(frame);
  frame = 0;
  if (!model.loaded) return;
  lists = m.lists(model);
  select(m.choose(choice, model, lists.owed, owedBefore));
  owedBefore = new Set(lists.owed.map((a) => a.key));
  const incidents = m.incidents(model);
  const view = { answers, selected: choice.key, now: now(), unitOf, incidents, lostSince };
  strip.draw(model, view);
  strip.drawClock(model, view.now);
  owedList.draw(lists.owed, view);
  heldList.draw(lists.held, view);
  calm.draw(model, lists.owed.length === 0 && owedList.order.length === 0, view);
  detail.draw(model.alarms.get(choice.key), view);
  readings.draw(model, view);
  pumps.draw(view);
  hand.draw();
  devices.draw(model, view);
  rounds.draw(view);
  dialogs.draw(model);
  banners.drawOutputs(model);
  banners.drawTests(model, view.now);
  flags.follow();
  banners.drawHealth(model.health);
  deadman.draw(view.now);
  banners.drawSound(sound.off);
  const { alarm, mode } = selected();
  keys.draw(mode, alarm ? placeOf(alarm) : "");
  drawTitles(view.now);
}

function drawTitles(at) {
  setText(id("owed-count"), String(lists.owed.length));
  setText(id("held-count"), String(lists.held.length));
  const site = nameOf(model.site?.name, model.site?.id);
  const first = lists.owed[0];
  document.title = first ? `(${lists.owed.length}) ${t(`class.${first.class}`)} · ${site}`
    : site;
  setText(id("print-head"), t("ui.print.head", {
    site, time: `${dateOf(at)} ${clockOf(at)}`, operator: nameOf(model.session?.name, model.session?.user)
      || t("ui.strip.nobody"),
  }));
  theme.follow(hourOf(at));
}

// --- start --------------------------------------------------------------------------

// A page that is not looked at gets no frames; its title and rows go on all the same.
function tick() {
  banners.tick();
  follow();
  draw();
}

function keepAwake() {
  if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
  navigator.wakeLock.request("screen").catch(() => {});
}

async function start() {
  document.documentElement.dataset.started = "yes"; // boot.js
  try {
    await loadTexts();
    applyTexts(document);
    snapshot(await api.getState(), true);
  } catch (error) {
    if (error.status === 401) await askToSee();
    setTimeout(start, model.session ? 0 : RETRY_MS);
    return;
  }
  id("boot").remove();
  sound.start();
  stream.start(model.boot === null ? null : `${model.boot}-${model.lastN}`);
  draw();
  doors.look();
  rounds.look();
  pumps.look();
  flags.look();
  setInterval(tick, TICK_MS);
  setInterval(() => {
    const on = !still.matches && Math.floor(performance.now() / BEAT_MS) % 2 === 1;
    document.documentElement.dataset.beat = on ? "off" : "on";
  }, BEAT_MS);
  document.addEventListener("visibilitychange", keepAwake);
  narrow.addEventListener("change", changed);
  keepAwake();
}

start();
