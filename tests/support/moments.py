"""Ctrl-C at every moment of a call at which Python may hand it over, one after the other.

Python looks at signals when a function begins or goes on, after a call and at the end of a round of
a loop. Compiled code in between, NumPy's included, is never interrupted. A signal sent by a timer
comes to each of these moments by luck only, to some of them almost never.
"""

import contextlib
import dis
import functools
import sys
from pathlib import Path

import numpy as np

import fastnn

_LOOKED_AT = *(str(Path(package.__file__).parent) for package in (fastnn, np)), contextlib.__file__
_LOOKS = "CALL", "RESUME", "JUMP_BACKWARD"


def moments(prepare, since=None):
    """The numbers of the moments of the call that ``prepare()`` gives.

    Of those at the same place one: the first of every other place, the last of the others. `since`
    is a function; the moments before it is called are left out.
    """
    for _ in range(2):  # Python 3.13 tells of instructions from the second time on
        places = []
        _run(prepare(), places.append)
    codes = [code for code, _ in places]
    begin = 0 if since is None else codes.index(since.__code__)
    seen = {}
    for k, place in enumerate(places[begin:], begin):
        seen.setdefault(place, []).append(k)
    return sorted(times[-(i % 2)] for i, times in enumerate(seen.values()))


def interrupt(call, moment):
    """Run `call` with a KeyboardInterrupt at this moment; the place, or None if it took none."""
    places = []

    def look(place):
        places.append(place)
        if len(places) == moment + 1:
            raise KeyboardInterrupt

    try:
        _run(call, look)
    except KeyboardInterrupt:
        code, offset = places[moment]
        lines = [line for start, end, line in code.co_lines() if start <= offset < end]
        return f"{Path(code.co_filename).name}:{lines[0]}, {code.co_name}"
    return None


@functools.cache
def _bytes(code):
    return code.co_code


def _run(call, look):
    before = {}  # the instruction that a frame has executed last

    def trace(frame, event, argument):
        code = frame.f_code
        if event == "call":
            if not code.co_filename.startswith(_LOOKED_AT):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            before[frame] = "RESUME"
        elif event == "opcode":
            executed = before[frame]
            before[frame] = dis.opname[_bytes(code)[frame.f_lasti]]
            if executed.startswith(_LOOKS):
                look((code, frame.f_lasti))
        elif event == "return":
            before.pop(frame, None)
        return trace

    previous = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # without which Python 3.12 tells of none
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(previous)
