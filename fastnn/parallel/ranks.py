"""What the ranks of a communicator tell one another: where each is, and sums of their vectors.

Nothing here waits for ever: every exchange is non-blocking, and is looked at until a deadline, so
that Ctrl-C acts too.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

# What each rank says at the beginning of a call.
_WORD = np.dtype(
    [
        ("call", "S16"),  # its name, or _END
        ("steps", np.int64),  # updates so far
        ("rate", np.float64),  # learning rate of the next one
        ("failure", "S240"),  # the error on this rank, or nothing
        ("rows", np.int64),  # of this rank
        ("part", np.float64),  # of J
    ]
)
_ALIKE = _WORD.fields["rows"][
    1
]  # the bytes before are the same on all ranks, or something is wrong
_END = b"end"
_ADVICE = (
    "Every rank must make the same calls; one that has no rows left passes X[:0] and y[:0]. "
    "Training goes on from the last trainer.state() that was saved"
)


class Ranks:
    """The processes of a communicator of mpi4py, which make the same calls one after the other.

    `comm` is duplicated: other messages on it do not matter. A rank that waits for another one
    longer than `timeout` seconds raises TimeoutError.
    """

    rank: int
    count: int
    timeout: float

    def __init__(self, comm: Any, timeout: float) -> None:
        self.rank, self.count, self.timeout = comm.Get_rank(), comm.Get_size(), timeout
        self._ended = False
        # Exchanges that did not complete: MPI may still write to their buffers.
        self._left = []
        self._shares = None
        self._comm, request = comm.Idup()
        # MPI itself ends after these.
        atexit.register(self._at_exit)
        self._wait(request, "fastnn.parallel.mpi")

    # --- exchanges -----------------------------------------------------------------------------

    def meet(
        self,
        call: Any,
        *,
        steps: int,
        rate: float,
        rows: int = 0,
        part: float = 0.0,
        error: BaseException | None = None,
    ) -> Any:
        """The words of all ranks, once each has come to the same call.

        Raises
        ------
        RuntimeError
            A rank has ended, has failed with an `error`, or makes another call.
        TimeoutError
            A rank has not come.
        """
        if self._ended:
            raise RuntimeError(f"this training over {self.count} ranks has ended. {_ADVICE}")
        failure = "" if error is None else f"{type(error).__name__}: {error}"
        own = np.array(
            [(call, steps, rate, failure.encode("ascii", "replace")[:240], rows, part)], _WORD
        )
        words = np.empty(self.count, _WORD)
        self._wait(self._comm.Iallgather(own.view(np.uint8), words.view(np.uint8)), call)
        said = words.tobytes()
        if not failure and said[:_ALIKE] * self.count == b"".join(
            said[at : at + _ALIKE] for at in range(0, len(said), _WORD.itemsize)
        ):
            return words
        ended = call != _END and bool(np.any(words["call"] == _END))
        self._ended = self._ended or ended
        if error is not None and call != _END:
            raise error
        self._compare(own[0], words)
        return words

    def _compare(self, own, words):
        for rank, word in enumerate(words):
            failure = word["failure"].decode()
            if word["call"] == _END != own["call"]:
                why = f" by {failure}" if failure else ""
                raise RuntimeError(
                    f"rank {rank} has ended{why} after {word['steps']} steps, while rank "
                    f"{self.rank} calls {own['call'].decode()}. {_ADVICE}"
                )
            if failure and word["call"] != _END:
                raise RuntimeError(
                    f"rank {rank} failed in {word['call'].decode()}: {failure}. theta is unchanged "
                    "on all ranks"
                )
        for name in ["call"] if own["call"] == _END else ["call", "steps", "rate"]:
            for rank in np.flatnonzero(words[name] != words[name][0]):
                given = [
                    f"{word['call'].decode()} after {word['steps']} steps at learning rate "
                    f"{word['rate']:g}"
                    for word in words
                ]
                raise RuntimeError(
                    f"rank {rank} calls {given[rank]}, rank 0 calls {given[0]}. {_ADVICE}"
                )

    def add(self, vector: Any) -> None:
        """Replace `vector` by its sum over the ranks, which has the same bits on all of them.

        Each rank adds up one share of it, and all get that share from there. No algorithm of an
        MPI can then give two ranks different bits, as it may in an all-reduce. It sends as many
        bytes as a good all-reduce: 2 (p - 1) / p times the vector.
        """
        if self.count == 1:
            return
        if self._shares is None:
            ends = vector.size * np.arange(1, self.count + 1) // self.count
            self._shares = np.diff(ends, prepend=0)
            self._own = np.empty(self._shares[self.rank], vector.dtype)
        self._wait(self._comm.Ireduce_scatter(vector, self._own, self._shares), "an update")
        self._wait(self._comm.Iallgatherv(self._own, [vector, self._shares]), "an update")

    def broadcast(self, array: Any) -> None:
        """Replace `array` by the array of rank 0."""
        self._wait(self._comm.Ibcast(array), "a broadcast")

    def agree(self, settings: Mapping[str, bytes]) -> None:
        """Raise ValueError if a setting differs between ranks; `settings` is name -> bytes."""
        digests = np.array(
            [np.frombuffer(hashlib.sha256(value).digest(), "S32")[0] for value in settings.values()]
        )
        of_all = np.empty((self.count, len(digests)), digests.dtype)
        self._wait(
            self._comm.Iallgather(digests.view(np.uint8), of_all.view(np.uint8)), "a comparison"
        )
        for rank in range(self.count):
            different = [
                name
                for name, own, first in zip(settings, of_all[rank], of_all[0], strict=True)
                if own != first
            ]
            if different:
                raise ValueError(
                    f"expected the same trainer on all ranks, but rank {rank} differs from rank 0 "
                    f"in: {', '.join(different)}. Give all networks the same arguments and rng; "
                    "broadcast=True copies theta, moments, steps and seed from rank 0"
                )

    def _wait(self, request, call):
        deadline = time.monotonic() + self.timeout
        try:
            while not request.Test():
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"another rank has not come to {call} within {self.timeout:g} s: it has "
                        f"died, is busy with something else, or has stopped early. {_ADVICE}"
                    )
                # Another process may need this core. time.sleep(0) takes 50 us of a 7 us exchange.
                os.sched_yield()
        except BaseException:
            # The exchange cannot be taken back, nor can another one begin before it ends.
            self._ended = True
            self._left.append(request)
            raise

    # --- the end -------------------------------------------------------------------------------

    def end(self, steps: int, error: BaseException | None = None) -> None:
        """Tell the others that this rank makes no more calls, and wait until they say so too."""
        if self._ended:
            return
        try:
            self.meet(_END, steps=steps, rate=0.0, error=error)
        finally:
            self._ended = True
            atexit.unregister(self._at_exit)

    def _at_exit(self):
        """Tell the others if this process ends before they do.

        An exchange that did not complete would let MPI wait for ever: all processes are ended.
        """
        if self._left:
            print(
                f"rank {self.rank} ends all {self.count} ranks: one did not answer",
                file=sys.stderr,
                flush=True,
            )
            self._comm.Abort(1)
        try:
            self.end(-1, getattr(sys, "last_value", None))
        except BaseException as error:  # it is too late to raise
            print(f"rank {self.rank}: {error}", file=sys.stderr, flush=True)
