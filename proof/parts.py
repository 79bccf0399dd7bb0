"""Long forms that are done in parts: what is done is kept in build/proof/ from run to run."""

import json
import time
from pathlib import Path
from typing import NamedTuple

_STATE = Path(__file__).parents[1] / "build" / "proof"
_ends = float("inf")
seconds = {}  # of each proof that was run here: the time that all its runs have taken


class Parts(NamedTuple):
    """What the runs so far have done.

    Attributes
    ----------
    words : str
        How much was done of each kind, in how many seconds, and since when.
    found : dict
        For each kind, the list of what its parts have found.
    """

    words: str
    found: dict


def stop_after(minutes):
    """Let long forms end after so many minutes; the next run goes on."""
    global _ends
    _ends = time.monotonic() + 60 * minutes


def in_parts(name, counts, work, parts):
    """Do so much of each kind of work, in turn; once all is done, the next run begins anew.

    Parameters
    ----------
    name : str
        The proof.
    counts : dict
        How much there is to do of each kind.
    work : function
        ``work(kind, first, count)`` does a part; it gives how much it did, and a list of what it
        found. `first` counts up from a number that no other run begins with.
    parts : int
        Each kind of work is cut into so many.

    Returns
    -------
    parts : Parts
    """
    file = _STATE / f"{name}.json"
    state = json.loads(file.read_text()) if file.exists() else {}
    if state.get("done", counts) == counts:
        today = time.strftime("%Y-%m-%d", time.gmtime())
        state = {"first": int(time.time()) * 1000, "seconds": 0, "since": today}
        state["done"] = dict.fromkeys(counts, 0)
    _STATE.mkdir(parents=True, exist_ok=True)
    done, began = state["done"], time.monotonic()
    found = state.setdefault("found", {kind: [] for kind in counts})
    while done != counts and time.monotonic() < _ends:
        for kind, count in counts.items():
            if done[kind] < count and time.monotonic() < _ends:
                some = min(-(-count // parts), count - done[kind])
                did, more = work(kind, state["first"] + done[kind], some)
                done[kind] = min(count, done[kind] + did)
                found[kind] += more
                now = time.monotonic()
                state["seconds"], began = state["seconds"] + now - began, now
                file.write_text(json.dumps(state))
    whole = f"{sum(done.values()):,}"
    if done != counts:
        whole += f" of {sum(counts.values()):,}"
    each = ", ".join(f"{kind} {count:,}" for kind, count in done.items())
    seconds[name] = state["seconds"]
    return Parts(f"{whole}, in {state['seconds']:,.0f} s since {state['since']}: {each}", found)
