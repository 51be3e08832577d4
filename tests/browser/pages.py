# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A page in Chromium, driven as a person would: by keys and pointer. Reading the document
# through the driver counts as a gesture of a person for the browser's rule on sound, so
# a page opened with gestures=False is looked at by the debugger only (`attributes`).
import base64

from rig import ROOT, until
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
KIOSK = "--autoplay-policy=no-user-gesture-required"
SCREENS = ROOT / "build" / "screens"
PHONE = 700

CONTRAST = """
// Every visible text against the ground it stands on; those below 4.5:1 are returned.
const parse = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
const lum = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (e) => {
  for (let at = e; at; at = at.parentElement) {
    const c = parse(getComputedStyle(at).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c;
  }
  return [255, 255, 255];
};
const bad = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let seen = 0;
for (let n = walk.nextNode(); n; n = walk.nextNode()) {
  const e = n.parentElement;
  if (!n.data.trim() || !e.checkVisibility() || e.closest("noscript")) continue;
  seen += 1;
  const [a, b] = [lum(parse(getComputedStyle(e).color)), lum(ground(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push(`${n.data.trim()} (${e.className}): ${ratio.toFixed(2)}`);
}
return {bad, seen};
"""

CUT = """
// Texts that are cut by their box, and things that stick out of the window.
const out = [];
for (const e of document.querySelectorAll("body *")) {
  if (!e.checkVisibility() || e.closest("svg, noscript")) continue;
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const s = getComputedStyle(e);
  const scrolls = /auto|scroll/.test(s.overflowX);
  if (own && !scrolls && e.scrollWidth > e.clientWidth + 1 && s.display !== "inline") {
    out.push(`cut: ${e.tagName}.${e.className} "${e.textContent.trim()}"`);
  }
  const box = e.getBoundingClientRect();
  if (own && box.right > innerWidth + 1) out.push(`outside: ${e.className} ${e.textContent}`);
  const parent = e.closest(".counter, .tile, .status, .row .sign, .fire-line, #bar button");
  if (own && parent && parent !== e) {
    const p = parent.getBoundingClientRect();
    if (box.right > p.right + 1 || box.bottom > p.bottom + 1 || box.left < p.left - 1) {
      out.push(`sticks out of ${parent.className || parent.id}: "${e.textContent}"`);
    }
  }
}
return out;
"""


# Some suite beside this one made or took a network interface, and the browser broke off what
# it was loading: the page gets over it (boot.js).
NO_COMPLAINT = ["net::ERR_NETWORK_CHANGED"]


class Browser:
    """Chromium with a profile of its own. Pages of different desks have different
    origins, so nothing of one test is left for the next."""

    def __init__(self, profile, *, kiosk=True):
        self.kiosk = kiosk
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS + ([KIOSK] if kiosk else []):
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={profile}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            service=Service("/usr/bin/chromedriver"), options=options)

    def quit(self):
        self.driver.quit()


class Page:
    """The page of one desk in a browser."""

    def __init__(self, browser, url, *, width=1920, height=1080, gestures=True,
                 reduced_motion=False, expected=()):
        self.driver = browser.driver
        self.kiosk = browser.kiosk
        self.expected = [*expected, *NO_COMPLAINT]  # parts of console messages a test provokes
        motion = "reduce" if reduced_motion else "no-preference"
        self.cdp("Emulation.setEmulatedMedia", media="", features=[
            {"name": "prefers-reduced-motion", "value": motion}])
        self._shape(width, height)
        self.driver.get(url)
        if gestures:
            self.loaded()

    def _shape(self, width, height):
        phone = width < PHONE
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=phone)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=phone)

    def cdp(self, method, **words):
        return self.driver.execute_cdp_cmd(method, words)

    def loaded(self):
        until(lambda: self.js("return document.body.dataset.loaded") == "yes", 15,
              "the page has its snapshot")
        if self.kiosk:  # else the first key would only be the one that allows sound
            until(lambda: self.data("body", "sound") != "off", 15, "can sound")
        return self

    def js(self, script, *words):
        return self.driver.execute_script(script, *words)

    # --- without a gesture ---

    def attributes(self, selector):
        """The attributes of an element, through the debugger; None where there is none."""
        root = self.cdp("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.cdp("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        if not node:
            return None
        flat = self.cdp("DOM.getAttributes", nodeId=node)["attributes"]
        return dict(zip(flat[::2], flat[1::2]))

    # --- reading ---

    def text(self, selector):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? null",
                       selector)

    def texts(self, selector):
        return self.js("return [...document.querySelectorAll(arguments[0])]"
                       ".map((e) => e.innerText)", selector)

    def shown(self, selector):
        return self.js("return document.querySelector(arguments[0])"
                       "?.checkVisibility() ?? false", selector)

    def data(self, selector, name):
        return self.js("return document.querySelector(arguments[0])"
                       "?.dataset[arguments[1]] ?? null", selector, name)

    def rows(self, pane):
        """Points of the rows in a pane (owed or held), from the top, ghosts left out."""
        return self.js("return [...document.querySelectorAll("
                       "`#${arguments[0]} .row:not(.gone)`)].map((r) => r.dataset.point)",
                       pane)

    def selected(self):
        return self.js("return document.querySelector('[aria-selected=true]')"
                       "?.dataset.point ?? null")

    # --- doing ---

    def key(self, *keys):
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def type(self, text):
        ActionChains(self.driver).send_keys(text).perform()

    def passes(self, seconds):
        """Waits until the page's own clock has gone on so far: it may be late itself."""
        begin = self.js("return performance.now()")
        until(lambda: self.js("return performance.now()") - begin >= 1000 * seconds,
              seconds + 10, "the page's time passes")

    def hold(self, key, seconds):
        ActionChains(self.driver).key_down(key).perform()
        self.passes(seconds)
        ActionChains(self.driver).key_up(key).perform()

    def tap(self, key):
        """A press of no length: a real one may last long on a busy machine."""
        self.js("""for (const kind of ["keydown", "keyup"]) {
          document.activeElement.dispatchEvent(
            new KeyboardEvent(kind, {key: arguments[0], bubbles: true}));
        }""", key)

    def press_and_hold(self, selector, seconds):
        element = self.driver.find_element("css selector", selector)
        ActionChains(self.driver).move_to_element(element).click_and_hold().perform()
        self.passes(seconds)
        ActionChains(self.driver).release().perform()

    def click(self, selector):
        self.driver.find_element("css selector", selector).click()

    def point_at(self, selector):
        """Moves the mouse there; leaves it there."""
        element = self.driver.find_element("css selector", selector)
        ActionChains(self.driver).move_to_element(element).perform()

    def stroke(self, selector):
        """Moves the mouse a little over there: a hand that is at work."""
        self.stroked = -getattr(self, "stroked", 1)
        element = self.driver.find_element("css selector", selector)
        ActionChains(self.driver).move_to_element_with_offset(
            element, 3 * self.stroked, 0).perform()

    def watch(self, name, script):
        """Keeps what `script` (a function body) gives when the document changes and it
        gives something for the first time: what the page showed, when it showed it."""
        self.js("""
          const look = new Function(arguments[1]);
          window.watched ??= {};
          const see = () => {
            const what = look();
            if (what === undefined || what === null || what === false) return;
            watch.disconnect();
            window.watched[arguments[0]] = {what, at: Date.now()};
          };
          const watch = new MutationObserver(see);
          watch.observe(document.body, {subtree: true, childList: true, attributes: true,
            characterData: true});
          see();""", name, script)

    def watched(self, name):
        """{what, at}: UTC in seconds. Waits for it."""
        found = until(lambda: self.js("return window.watched?.[arguments[0]]", name), 15,
                      name)
        return {"what": found["what"], "at": found["at"] / 1000}

    def point_away(self):
        builder = ActionBuilder(self.driver)
        builder.pointer_action.move_to_location(2, 2)
        builder.perform()

    def log_in(self, user, pin):
        """Fills the open log-in dialog by keyboard."""
        until(lambda: self.shown("#login"), 5, "the log-in dialog")
        if not self.js("return document.getElementById('login-user').value"):
            self.type(user + Keys.TAB)
        self.type(pin + Keys.ENTER)

    def see(self, condition, seconds=10, what=""):
        return until(condition, seconds, what)

    def language(self, lang):
        if self.js("return document.documentElement.lang").startswith(lang) is False:
            self.key("l")
        self.see(lambda: self.js("return document.documentElement.lang").startswith(lang))

    def theme(self, wanted):
        if self.js("return document.documentElement.dataset.theme") != wanted:
            self.key("n")
        self.see(lambda: self.js(
            "return document.documentElement.dataset.theme") == wanted)

    def screenshot(self, name):
        SCREENS.mkdir(parents=True, exist_ok=True)
        picture = self.cdp("Page.captureScreenshot", format="png")["data"]
        (SCREENS / f"{name}.png").write_bytes(base64.b64decode(picture))

    def print_pdf(self, name):
        SCREENS.mkdir(parents=True, exist_ok=True)
        paper = self.cdp("Page.printToPDF", printBackground=True, paperWidth=8.27,
                         paperHeight=11.69)["data"]
        data = base64.b64decode(paper)
        (SCREENS / f"{name}.pdf").write_bytes(data)
        return data

    def low_contrast(self):
        return self.js(CONTRAST)

    def cut_texts(self):
        return self.js(CUT)

    def testify(self, name):
        """Says and draws what the page shows: why a test failed."""
        print(self.js("""return JSON.stringify({
          now: Math.round(performance.now()), body: {...document.body.dataset},
          focus: document.activeElement?.outerHTML.slice(0, 80),
          dialogs: [...document.querySelectorAll("dialog[open]")].map((d) => d.id),
          said: document.getElementById("said")?.textContent,
          button: document.getElementById("acknowledge")?.innerText,
          rows: [...document.querySelectorAll(".row")].map((r) =>
            `${r.className} ${r.ariaSelected} ${r.innerText.replaceAll("\\n", " ")}`)},
          null, 1)"""))
        self.screenshot(f"failed-{''.join(c if c.isalnum() else '-' for c in name)}")

    def close(self):
        """Leaves the page; what it had to complain about."""
        complaints = []
        if self.driver.current_url.startswith("http"):
            missing = self.js("return document.documentElement.dataset.missingText")
            if missing:
                complaints.append(f"no text for: {missing}")
        ActionBuilder(self.driver).clear_actions()
        self.driver.get("about:blank")
        for entry in self.driver.get_log("browser"):
            said = entry["message"]
            if entry["level"] in ("SEVERE", "WARNING") and \
                    not any(part in said for part in self.expected):
                complaints.append(said)
        return complaints


__all__ = ["Browser", "Page", "Keys", "SCREENS"]
