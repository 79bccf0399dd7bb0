"""The findings as tables on the terminal, and numbers as people read them."""

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from bench.results import SHARE, TIMES
from bench.sections import SECTIONS

# A table of times longer than this is for the JSON file.
MOST_CASES = 6
# Below this share of its core, a contender was kept waiting by something else.
LEAST_CPU_SHARE = 0.97
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
DASH = "\N{EN DASH}"
VERDICTS = {None: "", True: Text("met", style="green"), False: Text("missed", style="bold red")}


def show(console, machine, sections):
    """Machine, times and findings of `sections`, name -> Results."""
    console.print(_heading(machine), style="dim", highlight=False)
    for name, results in sections.items():
        console.print()
        console.print(SECTIONS[name].title, style="bold")
        if 0 < len(results.times) <= MOST_CASES:
            console.print(_times(results.times))
        if results.findings:
            console.print(_findings(results.findings))
        for warning in _warnings(name, results):
            console.print(warning, style="yellow", markup=False)
    met = [f.met for results in sections.values() for f in results.findings]
    beyond = sum(
        f.met is False and f.beyond_the_peak
        for results in sections.values()
        for f in results.findings
    )
    unknown = sum(
        f.met is None and f.has_target for results in sections.values() for f in results.findings
    )
    console.print(
        f"\n{met.count(True)} targets met, {met.count(False)} missed "
        f"({beyond} of them beyond the peak of this CPU), {unknown} not measured.",
        style="bold",
        highlight=False,
    )


def duration(seconds):
    """In the unit that people read it in, three digits: 12.3 µs."""
    for unit, scale in [("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)]:
        if seconds < 999.5 * scale:
            return f"{_digits(seconds / scale)} {unit}"
    return f"{_digits(seconds)} s"


def quantity(value, unit):
    """With its unit, three digits."""
    number = _number(value, unit)
    return number if unit in (SHARE, "") else number + ("" if unit == TIMES else " ") + unit


def _digits(value):
    """Three digits; two of a number below 0.095, and an exponent below 0.001."""
    if value == 0:
        return "0"
    if abs(value) >= 99.95:
        return f"{float(f'{value:.3g}'):,.0f}"
    if abs(value) < 0.095:
        return f"{value:.2g}" if abs(value) >= 0.00095 else f"{value:.1e}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def _number(value, unit):
    if unit != SHARE:
        return _digits(value)
    return f"{value:.1%}" if abs(value) >= 0.00095 else f"{_digits(100 * value)}%"


def _heading(machine):
    versions = ", ".join(
        f"{name} {version or 'missing'}" for name, version in machine["versions"].items()
    )
    governor = f", governor {machine['governor']}" if machine["governor"] else ""
    return (
        f"{machine['cpu']}, {machine['cores']} cores{governor}, load {machine['load']}; "
        f"kernels {machine['kernels']}; Python {machine['python']}, {versions}.\n"
        f"Medians of the rounds; {PLUS_MINUS} is half the distance of their quartiles. Ratios "
        "are taken within each round; vs a peer is its time over fastnn's."
    )


def _times(times):
    """Cases down, contenders across."""
    names = list(dict.fromkeys(name for contenders in times.values() for name in contenders))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("time")
    for name in names:
        table.add_column(name, justify="right")
    for case, contenders in times.items():
        table.add_row(case, *(_time(contenders.get(name)) for name in names))
    return table


def _time(summary):
    if summary is None:
        return ""
    spread = (summary.q3 - summary.q1) / 2 / summary.median
    return Text(duration(summary.median)).append(f"\n{PLUS_MINUS}{spread:.1%}", style="dim")


def _findings(findings):
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("case")
    table.add_column("finding")
    for column in ("measured", "quartiles", "target"):
        table.add_column(column, justify="right", no_wrap=True)
    limited = any(finding.ceiling is not None for finding in findings)
    if limited:
        table.add_column("by the peak", justify="right")
    table.add_column("", min_width=len("missed"))
    previous = None
    for finding in findings:
        case = finding.case if finding.case != previous else ""
        previous = finding.case
        cells = [case, finding.what, *_measured(finding), _target(finding)]
        table.add_row(*cells, *([_limit(finding)] if limited else []), verdict(finding))
    return table


def _measured(finding):
    value, unit = finding.value, finding.unit
    if value.median is None:
        return "n/a", ""
    quartiles = f"{_number(value.q1, unit)} {DASH} {_number(value.q3, unit)}"
    return quantity(value.median, unit), Text(quartiles, style="dim")


def verdict(finding):
    """Met, missed, or beyond the peak: what the arithmetic forbids."""
    if finding.met is False and finding.beyond_the_peak:
        return Text("peak", style="yellow")
    return VERDICTS[finding.met]


def _limit(finding):
    return "" if finding.ceiling is None else f"at most {quantity(finding.ceiling, finding.unit)}"


def _target(finding):
    if finding.at_least is not None:
        return f"≥ {quantity(finding.at_least, finding.unit)}"
    return "" if finding.at_most is None else f"≤ {quantity(finding.at_most, finding.unit)}"


def _warnings(name, results):
    yield from (f"Skipped: {what}" for what in results.skipped)
    if SECTIONS[name].pinned and results.cpu_share < LEAST_CPU_SHARE:
        yield (
            f"A contender had only {results.cpu_share:.0%} of its core: something else was "
            "running, do not rely on these figures."
        )
