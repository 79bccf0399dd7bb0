"""The page around the sections: one file, no script, nothing fetched."""

from fastnn.text.markup import Markup, join, tag

# People who do not see red and green can tell these colours apart (Okabe and Ito, 2008). They are
# darker or lighter where the ground needs it: the contrast of text is at least 4.5 : 1.
STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --soft: #59636e; --line: #d5dae0;
  --s1: #0067a8; --s2: #b84a00; --s3: #00795a; --good: #00694e; --bad: #a8231b; --unsure: #7a5200;
  --right-ground: #56b4e9; --wrong-ground: #e8873a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --panel: #1e2329; --ink: #e8eaed; --soft: #a3adb8; --line: #39414a;
    --s1: #6bbdf0; --s2: #f0a04b; --s3: #4fd1a5; --good: #58d0a8; --bad: #ff8f80; --unsure: #e6bd5c;
    --right-ground: #1d6fa5; --wrong-ground: #a34a19;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 64rem; padding: 1rem; overflow-wrap: break-word;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; padding-top: 0.75rem;
  border-top: 1px solid var(--line); }
figure { margin: 0; }
h3 { font-size: 1.05rem; margin: 1.25rem 0 0.25rem; }
p { margin: 0.5rem 0; }
li { margin: 0.25rem 0; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0.75rem 0; }
a { color: var(--s1); }
.soft, .small { color: var(--soft); font-size: 0.875rem; }
.verdict { font-size: 1.15rem; font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.75rem;
  margin: 1rem 0; }
.tile { background: var(--panel); border-radius: 0.5rem; padding: 0.6rem 0.8rem; }
.tile dt { color: var(--soft); font-size: 0.875rem; }
.tile dd { margin: 0; font-size: 1.5rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile dd.small { font-size: 0.875rem; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.unsure { color: var(--unsure); font-weight: 600; }
.scroll { overflow-x: auto; max-width: 100%; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--s1); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.875rem; }
.table { margin: 1rem 0; }
.table figcaption { color: var(--soft); font-size: 0.875rem; }
th, td { padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
thead th { color: var(--soft); vertical-align: bottom; }
td { max-width: 32rem; }
tbody th { max-width: 14rem; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.matrix th, .matrix td { text-align: center; padding: 0.25rem 0.45rem; min-width: 2.1rem; }
.matrix .none { color: var(--soft); }
.matrix .right { background: color-mix(in srgb, var(--right-ground) calc(var(--strength) * 0.7),
  transparent); }
.matrix .wrong { background: color-mix(in srgb, var(--wrong-ground) var(--strength), transparent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 1rem; margin: 1rem 0; }
.chart { background: var(--panel); border-radius: 0.5rem; padding: 0.75rem; max-width: 34rem; }
.chart figcaption { color: var(--soft); font-size: 0.875rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: currentColor; font-size: 12px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .axis { stroke: currentColor; stroke-width: 1; opacity: 0.6; }
svg .mark { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .s1 { stroke: var(--s1); }
svg .s2 { stroke: var(--s2); stroke-dasharray: 7 3; }
svg .s3 { stroke: var(--s3); stroke-dasharray: 2 3; }
svg .dot { stroke: none; }
svg .dot.s1, svg .bar.s1 { fill: var(--s1); }
svg .dot.s2 { fill: var(--s2); }
svg .dot.s3 { fill: var(--s3); }
svg .bar { stroke: none; }
svg .faint { opacity: 0.6; }
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr));
  gap: 0.75rem; margin: 0.75rem 0; }
.examples figure { background: var(--panel); border-radius: 0.5rem; padding: 0.5rem;
  border: 2px solid transparent; }
.examples figure.wrong { border-color: var(--wrong-ground); }
.examples figcaption { font-size: 0.875rem; line-height: 1.35; }
img.example { display: block; image-rendering: pixelated; margin-bottom: 0.35rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 0.5rem; }
@media print { .scroll { overflow: visible; } }
"""

# With this policy the browser fetches nothing and runs nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title, summary, sections, footer):
    """A whole HTML document.

    Parameters
    ----------
    title : str
    summary : str
        Below the title.
    sections : sequence of (str, str, Markup)
        The id, the heading and the content of each.
    footer : str
    """
    links = [tag("a", heading, href=f"#{name}") for name, heading, _ in sections]
    body = [
        tag(
            "section",
            tag("h2", heading, id=f"{name}-heading"),
            content,
            id=name,
            aria_labelledby=f"{name}-heading",
        )
        for name, heading, content in sections
    ]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(STYLE)),
    ]
    header = tag(
        "header",
        tag("h1", title),
        tag("p", summary, class_="soft"),
        tag("nav", *links, aria_label="Sections"),
    )
    document = tag(
        "html",
        tag("head", *head),
        tag("body", header, tag("main", *body), tag("footer", footer, class_="soft")),
        lang="en",
    )
    return str(join([Markup("<!DOCTYPE html>\n"), document, "\n"]))
