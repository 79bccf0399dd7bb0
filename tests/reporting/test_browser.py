"""The page of fastnn.report in a real browser: nothing fetched, nothing cut off, day and night."""

import json
import re
import shutil
import subprocess

import pytest
from sklearn.datasets import load_diabetes, load_digits

import fastnn

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

DARK, LIGHT = 0, 1
# A test may run a script in a copy of the page, which the page itself forbids.
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = """<script>
const box = e => e.getBoundingClientRect();
const root = document.documentElement;
parent.postMessage({
  width: root.clientWidth, scroll: root.scrollWidth, height: root.scrollHeight,
  background: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
  line: getComputedStyle(document.querySelector("svg .line.s1")).stroke,
  beyond: [...document.querySelectorAll("h1, h2, p, li, svg, figcaption, .scroll, .tile, img")]
    .filter(e => box(e).right > root.clientWidth + 0.5 || box(e).left < -0.5)
    .map(e => e.outerHTML.slice(0, 80)),
  scrolling: [...document.querySelectorAll(".scroll")]
    .filter(e => e.scrollWidth > e.clientWidth).length,
  letters: Math.min(...[...document.querySelectorAll("svg text")].map(e => box(e).height)),
  pictures: [...document.images].every(i => i.complete && i.naturalWidth > 0),
}, "*");
</script></body>"""
# Chromium's windows are at least 500 pixels wide, frames as narrow as they are asked to be.
FRAMES = """<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<body><script>
const found = [];
addEventListener("message", e => {
  found.push(e.data);
  if (found.length == document.querySelectorAll("iframe").length)
    document.title = JSON.stringify(found.sort((a, b) => a.width - b.width));
});
</script>"""


def chromium(page, profile, scheme, *options):
    """The DOM that the browser makes of a page, and the lines of its console."""
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={scheme}",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=2000",
            "--dump-dom",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two pages, of images with long names and of a regression, and a place for copies."""
    folder = tmp_path_factory.mktemp("pages")
    X, y = load_digits(return_X_y=True)
    train, dev, test = fastnn.split(X / 16, y)
    net = fastnn.Network([64, 32, 10], rng=0)
    history = net.fit(train.X, train.y, dev=dev, epochs=10, early_stopping=3)
    fastnn.report(
        net,
        history,
        train,
        dev,
        test,
        folder / "digits.html",
        target_names=[f"a_class_with_a_very_long_name_{k}" for k in range(10)],
        settings={"path": "/a/very/long/path/" * 8},
        title="Digits" * 12,
    )
    data = load_diabetes()
    train, dev, _ = fastnn.split(data.data, data.target / 75 - 2, sizes=(0.7, 0.3))
    net = fastnn.Network([10, 8, 1], output="identity", rng=0)
    history = net.fit(train.X, train.y, epochs=10)
    fastnn.report(net, history, train, dev, path=folder / "regression.html", gradcheck=False)
    return folder


def measured(folder, name, scheme, widths=(360, 1280)):
    """Measures of the page in frames of these widths."""
    text = (folder / name).read_text(encoding="utf-8")
    text, replaced = POLICY.subn("", text)
    assert replaced == 1
    (folder / "copy.html").write_text(text.replace("</body>", MEASURE), encoding="utf-8")
    frames = "".join(
        f'<iframe src="copy.html" width={width} height=800 style="border: 0"></iframe>'
        for width in widths
    )
    (folder / "frames.html").write_text(FRAMES + frames)
    dom, console = chromium(folder / "frames.html", folder / "profile", scheme)
    assert console == []
    found = json.loads(re.search("<title>(.*)</title>", dom)[1].replace("&amp;", "&"))
    assert [frame["width"] for frame in found] == list(widths)
    return found


@pytest.mark.parametrize("name", ["digits.html", "regression.html"])
def test_the_console_stays_silent(pages, name):
    dom, console = chromium(pages / name, pages / "profile", LIGHT)
    assert "</footer>" in dom
    assert console == []


def test_the_page_forbids_what_it_does_not_need(pages):
    """And the test above would hear of it."""
    text = (pages / "digits.html").read_text(encoding="utf-8")
    added = '<script>document.title = "ran"</script><img src="https://example.org/a.png"></body>'
    (pages / "added.html").write_text(text.replace("</body>", added), encoding="utf-8")
    dom, console = chromium(pages / "added.html", pages / "profile", LIGHT)
    assert "<title>ran</title>" not in dom
    assert len(console) == 2
    assert all("Content Security Policy" in line for line in console)


@pytest.mark.parametrize("name", ["digits.html", "regression.html"])
def test_phone_and_desk_by_day_and_by_night(pages, name):
    dark, light = (measured(pages, name, scheme) for scheme in (DARK, LIGHT))
    for frame in (*dark, *light):
        assert frame["scroll"] <= frame["width"]
        assert frame["beyond"] == []
        assert frame["letters"] >= 9
        assert frame["pictures"]
    phone, desk = light
    assert phone["height"] > desk["height"]
    if name == "digits.html":
        assert phone["scrolling"] >= 1  # a matrix of such names has to
    for by_night, by_day in zip(dark, light, strict=True):
        for thing in ("background", "ink", "line"):
            assert by_night[thing] != by_day[thing]
        assert brightness(by_night["background"]) < 0.2 < 0.8 < brightness(by_day["background"])
        assert brightness(by_night["ink"]) > 0.8 > 0.2 > brightness(by_day["ink"])


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)
