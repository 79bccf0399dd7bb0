"""The results of a section of the bench: times, and findings that may have a target."""

from dataclasses import asdict, dataclass, field

import numpy as np

from bench.measure import ratios

TIMES = "\N{MULTIPLICATION SIGN}"  # the unit of ratios
SHARE = "share"


@dataclass(frozen=True)
class Summary:
    """Median and spread of the rounds; all None where there was nothing to measure."""

    median: float | None
    q1: float | None
    q3: float | None
    min: float | None
    max: float | None
    rounds: int

    @classmethod
    def of(cls, values):
        if not len(values):
            return cls(None, None, None, None, None, 0)
        median, *spread = np.quantile(values, [0.5, 0.25, 0.75, 0, 1])
        return cls(*(float(f"{value:.5g}") for value in (median, *spread)), len(values))


@dataclass(frozen=True)
class Finding:
    """`unit` is TIMES, SHARE, "" of a plain number, or the unit of a quantity."""

    case: str
    what: str
    unit: str
    value: Summary
    at_least: float | None = None
    at_most: float | None = None
    ceiling: float | None = None  # the value at which the arithmetic runs at the CPU's peak

    @property
    def beyond_the_peak(self):
        """Whether no program could meet the target on this CPU."""
        return None not in (self.ceiling, self.at_least) and self.at_least > self.ceiling

    @property
    def has_target(self):
        return self.at_least is not None or self.at_most is not None

    @property
    def met(self):
        """Whether the median meets the target; None without a target or a measurement."""
        if self.value.median is None or not self.has_target:
            return None
        if self.at_least is not None:
            return self.value.median >= self.at_least
        return self.value.median <= self.at_most


@dataclass
class Results:
    """Filled by a section in its own process, and sent to the report as JSON."""

    # case -> contender -> seconds for one unit (a step, a call, a row)
    times: dict[str, dict[str, Summary]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    cpu_share: float = 1.0  # the least of any contender's medians

    def time(self, case, timings):
        """Keep the timings that `measure.compare` gave."""
        self.times[case] = {name: Summary.of(t.seconds) for name, t in timings.items()}
        shares = [float(np.median(t.cpu_share)) for t in timings.values()]
        self.cpu_share = min(self.cpu_share, *shares)

    def find(self, case, what, values, unit, *, at_least=None, at_most=None, ceilings=()):
        """A finding from its values in each round, and the most that the peak allowed in each."""
        ceiling = Summary.of(ceilings).median
        self.findings.append(
            Finding(case, what, unit, Summary.of(values), at_least, at_most, ceiling)
        )

    def against(self, case, timings, mine, flops, peaks, targets, what="vs"):
        """How many times as fast as each peer; the peaks in GFLOP/s allow at most the ceilings."""
        floors = [flops / peak / 1e9 for peak in peaks]
        for peer, timing in timings.items():
            ceilings = [s / floor for s, floor in zip(timing.seconds, floors, strict=True)]
            shares, least = ratios(timing, mine), targets.get(peer)
            self.find(case, f"{what} {peer}", shares, TIMES, at_least=least, ceilings=ceilings)

    def skip(self, what):
        """Something that could not be measured, and why."""
        if what not in self.skipped:
            self.skipped.append(what)

    def as_json(self):
        findings = [{**asdict(finding), "met": finding.met} for finding in self.findings]
        return {**asdict(self), "findings": findings}

    @classmethod
    def from_json(cls, data):
        times = {
            case: {name: Summary(**summary) for name, summary in contenders.items()}
            for case, contenders in data["times"].items()
        }
        findings = [
            Finding(
                **{k: v for k, v in finding.items() if k not in ("value", "met")},
                value=Summary(**finding["value"]),
            )
            for finding in data["findings"]
        ]
        return cls(times, findings, data["skipped"], data["cpu_share"])
