// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The calls of docs/api.md that the pages make. Each has a deadline; a failure is an
// ApiError whose `code` names a text under error. in the catalogue. Holds the CSRF token
// of the session and nothing else.
import { has, lang, t } from "./text.js";

const DEADLINE_MS = 5000;
const REPORT_DEADLINE_MS = 25000; // the server gives up after 20 s
let csrf = null;

export const setCsrf = (token) => {
  csrf = token ?? null;
};

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  // What to tell the person.
  get text() {
    if (this.code && has(`error.${this.code}`)) return t(`error.${this.code}`);
    return this.message;
  }
}

async function answerOf(response) {
  if (response.status === 204) return {};
  try {
    return await response.json();
  } catch {
    return {};
  }
}

function refusal(response, data) {
  const error = data.error ?? {};
  const message = error.message || t("ui.message.refused", { status: response.status });
  return new ApiError(response.status, error.code ?? "", message);
}

// {status, data}. status 0 in an ApiError: it did not arrive, as far as we know.
export async function call(method, path, body) {
  const headers = { "Accept-Language": lang(), "X-Watchroom": "1" };
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let data;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, headers, cache: "no-store", credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    data = await answerOf(response);
  } catch {
    throw new ApiError(0, "", t("ui.message.not_delivered"));
  }
  if (response.ok) return { status: response.status, data };
  throw refusal(response, data);
}

export const getState = async () => (await call("GET", "/state")).data;
export const getAlarms = async (after) =>
  (await call("GET", `/alarms?limit=500${
    after ? `&after=${encodeURIComponent(after)}` : ""}`)).data;
// A paged list, whole.
export async function getAll(path, key) {
  const all = [];
  let after = null;
  do {
    const query = after ? `&after=${encodeURIComponent(after)}` : "";
    const { data } = await call("GET", `${path}?limit=500${query}`);
    all.push(...data[key]);
    after = data.next;
  } while (after);
  return all;
}
export const getPatrols = async () => (await call("GET", "/patrols")).data.patrols;
export const getReports = async () => (await call("GET", "/reports")).data;
export const reportPath = (name, day, format, revision) =>
  `/api/v1/reports/${name}?day=${day || "today"}&format=${format}&lang=${lang()}${
    revision ? `&revision=${revision}` : ""}`;
export const getDays = async (name) => (await call("GET", `/reports/${name}/days?limit=14`)).data;
export const getClose = async (name, day) =>
  (await call("GET", `/reports/${name}/close?day=${day}`)).data;
export const sign = (name, body) => call("POST", `/reports/${name}/sign`, body);
// A report as a file: {file, blob}. It may take as long as the server lets it.
export async function getReport(name, day, format) {
  let response;
  try {
    response = await fetch(reportPath(name, day, format), { cache: "no-store",
      headers: { "Accept-Language": lang() }, signal: AbortSignal.timeout(REPORT_DEADLINE_MS) });
    if (response.ok) {
      const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
      return { file: named?.[1] ?? `${name}.${format}`, blob: await response.blob() };
    }
  } catch {
    throw new ApiError(0, "", t("ui.message.not_delivered"));
  }
  throw refusal(response, await answerOf(response));
}
const pointPath = (id, what) => `/points/${encodeURIComponent(id)}/${what}`;
export const bypass = (id, minutes, reason) =>
  call("POST", pointPath(id, "bypass"), { minutes, reason });
export const endBypass = (id) => call("DELETE", pointPath(id, "bypass"));
const listPath = (name, after) =>
  `/${name}?limit=500${after ? `&after=${encodeURIComponent(after)}` : ""}`;
export const getShelves = async (after) => (await call("GET", listPath("shelves", after))).data;
export const getIsolations = async (after) =>
  (await call("GET", listPath("isolations", after))).data;
export const getZones = async (after) => (await call("GET", listPath("zones", after))).data;
const shelfPath = (id, condition, what) =>
  pointPath(id, `conditions/${encodeURIComponent(condition)}/${what}`);
export const shelve = (id, condition, minutes, reason) =>
  call("POST", shelfPath(id, condition, "shelve"), { minutes, reason });
export const unshelve = (id, condition) =>
  call("POST", shelfPath(id, condition, "unshelve"), {});
export const isolate = (id, minutes, reason, measure) =>
  call("POST", pointPath(id, "isolate"), { minutes, reason, measure });
export const restore = (id) => call("POST", pointPath(id, "restore"), {});
const testPath = (zone) => `/zones/${encodeURIComponent(zone)}/test`;
export const test = (zone, minutes, reason) =>
  call("POST", testPath(zone), { minutes, reason });
export const endTest = (zone) => call("POST", testPath(zone), { end: true });
export const verify = (occurrence, body) =>
  call("POST", `/alarms/${encodeURIComponent(occurrence)}/verify`, body);
export const getEventsOf = async (occurrence) =>
  (await call("GET", `/events?limit=1000&occurrence=${encodeURIComponent(occurrence)}`)).data;
export const explainAlarm = async (occurrence) =>
  (await call("GET", `/alarms/${encodeURIComponent(occurrence)}/explain`)).data;
export const explainPoint = async (id) => (await call("GET", pointPath(id, "explain"))).data;
export const enterReading = (body) => call("POST", "/readings/hand", body);
// The newest of its kind of a point, among the few up to `seq` that one request made.
export const getMade = async (kind, point, seq) => (await call("GET", `/events?limit=8&after=${Math.max(0, seq - 8)}`
  + `&point=${encodeURIComponent(point)}`)).data.events.filter((e) => e.kind === kind && e.seq <= seq).at(-1);
export const enterMissed = (body) => call("POST", "/missed", body);
export const alive = () => call("POST", "/deadman/answer", {});
export const silence = () => call("POST", "/silence", {});
export const reportSound = (id, can) =>
  call("POST", `/consoles/${encodeURIComponent(id)}/sound`, { can_sound: can });
export const acknowledge = (occurrence) =>
  call("POST", `/alarms/${encodeURIComponent(occurrence)}/acknowledge`, {});
export const logIn = async (user, pin) =>
  (await call("POST", "/session", { user, pin })).data;
export const logOut = () => call("DELETE", "/session");
