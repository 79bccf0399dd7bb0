"""python -m docs.browser: look at every page in chromium, after ``python -m docs``.

Each page is opened 360 and 1280 pixels wide, by day and by night: nothing may stick out, no picture
may be missing, words and code must be legible, and the console must stay silent. Links within the
pages must lead somewhere, nothing may come from elsewhere, and the search must find `gradcheck`.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urldefrag

from docs.counts import BUILD
from docs.counts import pages as built_pages

WIDTHS = (360, 1280)
# Frames that are open at a time, and seconds to wait for all of them.
AT_A_TIME, PATIENCE = 6, 540
# The theme tells the console what it does, in every browser.
SMALL_TALK = ("[PST]:", "Got invalid theme mode: . Resetting to auto.")
# What happens in each frame, and in the page around the frames.
MEASURE = """<script>addEventListener("load", () => {
  const root = document.documentElement;
  const brightness = (e, what) => getComputedStyle(e)[what].match(/[\\d.]+/g).slice(0, 3)
    .reduce((sum, c) => sum + Number(c), 0) / 765;
  // The contrast of text with what is below it, as WCAG has it.
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = e => {
    const [a, b] = [getComputedStyle(e).color, ground(e)].map(luminance).sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05);
  };
  const found = {page: location.pathname, asked: innerWidth, width: root.clientWidth};
  for (const theme of ["light", "dark"]) {
    root.dataset.theme = theme;
    found[theme] = ["backgroundColor", "color"].map(what => brightness(document.body, what));
    const words = [...document.querySelectorAll(".bd-article :is(p, a, td, th, pre, pre span)")]
      .filter(e => e.textContent.trim()).slice(0, 500).map(e => [contrast(e), e.textContent]);
    found.faint = [...(found.faint || []), ...words.filter(([c]) => c < 3)
      .map(([c, text]) => `${theme}: ${text.trim().slice(0, 40)} (${c.toFixed(1)})`)];
  }
  found.scroll = root.scrollWidth;
  found.missing = [...document.images].filter(i => i.loading != "lazy" && i.complete &&
    !i.naturalWidth).map(i => i.src);
  const tell = () => {
    if (location.pathname.endsWith("/search.html")) {
      found.hits = [...document.querySelectorAll("#search-results li a")].map(a => a.href);
      if (!found.hits.length) return setTimeout(tell, 100);
    }
    parent.postMessage(found, "*");
  };
  tell();
});</script></body>"""
DRIVER = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script>
const todo = %s, found = [];
function next() {
  if (!todo.length) return;
  const [page, width] = todo.shift(), frame = document.createElement("iframe");
  frame.width = width; frame.height = 800; frame.style.border = 0; frame.src = page;
  document.body.append(frame);
}
addEventListener("message", e => {
  if (!e.data.page) return;
  found.push(e.data);
  for (const f of document.querySelectorAll("iframe")) if (f.contentWindow == e.source) f.remove();
  if (found.length == %d) fetch("/found", {method: "POST", body: JSON.stringify(found)});
  else next();
});
for (let k = 0; k < %d; k++) next();
</script></body>"""


class Pages(SimpleHTTPRequestHandler):
    """Serves the pages with a script that measures them, and takes what was measured."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/driver":
            self._answer(self.server.driver.encode())
        elif path.endswith(".html"):
            file = BUILD / unquote(path[1:])
            self._answer(file.read_text(encoding="utf-8").replace("</body>", MEASURE).encode())
        else:
            super().do_GET()

    def do_POST(self):
        self.server.found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"")
        self.server.done.set()

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """Is silent about frames that are gone before all of them has been sent.

    A frame is removed once it has told what it measured; a picture may still be on its way.
    """

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Links(HTMLParser):
    """The ids of a page, and what it links to and loads."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs.get("id"), attrs.get("name")} - {None}
        target = attrs.get("href") or attrs.get("src")
        if target:
            loads = tag in ("script", "img") or (tag == "link" and attrs.get("rel") != "canonical")
            (self.loaded if loads else self.links).append(target)


def broken_links(pages):
    """Sentences about links that lead nowhere, and about what is not on this disk."""
    parsed = {page: Links(page.read_text(encoding="utf-8")) for page in pages}
    for page, content in parsed.items():
        name = page.relative_to(BUILD)
        yield from (f"{name} loads {url}" for url in content.loaded if url.startswith("http"))
        for url in [*content.links, *content.loaded]:
            target, fragment = urldefrag(url)
            if "://" in target or url.startswith(("mailto:", "data:", "javascript:")):
                continue
            file = (page.parent / unquote(target.partition("?")[0])).resolve() if target else page
            if not file.exists():
                yield f"{name} links to {url}, which is not there"
            elif fragment and file in parsed and unquote(fragment) not in parsed[file].ids:
                yield f"{name} links to {url}, which has no such place"


def look_at(pages, chromium):
    """What each page measures at each width, and the lines of the console."""
    names = ["/" + page.relative_to(BUILD).as_posix() for page in pages]
    todo = [
        (f"{name}?q=gradcheck" if name == "/search.html" else name, width)
        for name in names
        for width in WIDTHS
    ]
    server = Server(("127.0.0.1", 0), partial(Pages, directory=str(BUILD)))
    server.driver = DRIVER % (json.dumps(todo), len(todo), AT_A_TIME)
    server.done, server.found = threading.Event(), []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile, tempfile.TemporaryFile("w+") as log:
        options = "--headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1400,1000"
        browser = subprocess.Popen(
            [
                chromium,
                *options.split(),
                f"--user-data-dir={profile}",
                "--enable-logging=stderr",
                "--remote-debugging-port=0",  # stays open until it is told to go
                f"http://127.0.0.1:{server.server_port}/driver",
            ],
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        in_time = server.done.wait(PATIENCE)
        browser.terminate()
        browser.wait()
        server.shutdown()
        log.seek(0)
        console = [
            line.strip()
            for line in log
            if "CONSOLE" in line and not any(words in line for words in SMALL_TALK)
        ]
    if not in_time:
        console.append(f"the browser did not answer for all pages within {PATIENCE} s")
    return server.found, console


def faults(found, expected):
    """Sentences about pages that do not look as they should."""
    if len(found) != expected:
        yield f"{len(found)} of {expected} views were measured"
    for view in found:
        name = f"{view['page']} at {view['asked']} px"
        if view["scroll"] > view["width"]:
            yield f"{name} is {view['scroll']} px wide"
        yield from (f"{name} lacks the picture {source}" for source in view["missing"])
        (day, ink), (night, light) = view["light"], view["dark"]
        if not (day > 0.8 > 0.4 > ink and night < 0.2 < 0.6 < light):
            brightness = f"by day {day:.2f} {ink:.2f}, by night {night:.2f} {light:.2f}"
            yield f"{name}: ground and ink {brightness}"
        if view["faint"]:
            yield f"{name} has words that are hard to see: {view['faint'][:3]}"
        if "hits" in view and not any("gradcheck" in hit for hit in view["hits"]):
            yield f"{name} does not find gradcheck: {view['hits'][:5]}"


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    pages = built_pages()
    if not pages:
        sys.exit("no pages: run python -m docs first")
    problems = list(broken_links(pages))
    if chromium is None:
        print("The pages were not looked at: chromium is not installed. Their links were checked.")
    else:
        found, console = look_at(pages, chromium)
        problems += [*faults(found, len(pages) * len(WIDTHS)), *console]
    print(*problems, f"{len(pages)} pages, {len(problems)} problems", sep="\n")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
