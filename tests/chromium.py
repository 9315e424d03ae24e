"""A real browser for the pages: headless Chromium, if it is installed."""

import shutil
from contextlib import contextmanager

import pytest


@contextmanager
def chromium():
    """Open a browser that reaches nothing but files and this machine, and close it at the end."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: requirements/dev.txt")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no browser here: the page is tested where chromium and chromedriver are installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "window-size=1200,900"):
        options.add_argument(f"--{flag}")
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield window
    finally:
        window.quit()


@contextmanager
def phone(window, width=390):
    """Make the window as narrow as that of a phone."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@contextmanager
def media(window, kind="screen", **features):
    """Let the window think that it prints (kind `print`), or what its user wants: prefers_color_scheme="dark"."""
    chosen = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": chosen})
    try:
        yield
    finally:
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def fits(window):
    """Say whether nothing of the page is wider than the window."""
    return window.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


# Of every element that holds text of its own, the ratio by which its colour and the one behind it differ (WCAG 2.2,
# 1.4.3), with what is seen. Colours with an alpha are laid over what is behind them.
CONTRASTS = r"""
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function parts(colour) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
const over = (top, below) => below.map((part, at) => top[at] * top[3] + part * (1 - top[3])).slice(0, 3);
function behind(element) {
  if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  return over(parts(getComputedStyle(element).backgroundColor), behind(element.parentElement));
}
const light = (colour) => colour.map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const found = [];
for (const element of document.body.querySelectorAll("*")) {
  const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
  if (!text || !element.checkVisibility() || element.closest("svg, script, option")) continue;
  const ground = behind(element), ink = over(parts(getComputedStyle(element).color), ground);
  const [low, high] = [light(ground), light(ink)].sort((one, other) => one - other);
  found.push([(high + 0.05) / (low + 0.05), `${element.tagName} ${text.slice(0, 40)}`]);
}
return found;
"""


def least_contrast(window):
    """Return the lowest contrast of any text on the page, and the text."""
    return tuple(min(window.execute_script(CONTRASTS)))
