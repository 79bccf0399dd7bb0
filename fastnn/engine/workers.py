"""Pieces of work on several threads, which Ctrl-C ends at any moment.

`concurrent.futures` and `threading` take their locks in Python code. A KeyboardInterrupt between
taking a lock and entering the block it guards leaves it locked, and all threads that need it wait
for ever.
Here the main thread takes locks in C alone: when the interrupt comes, a lock is taken or it is not.
"""

import _thread
import time

_PATIENCE = 10.0  # seconds for the pieces under way, once one has failed or was interrupted
# Seconds between two looks at signals. A lock wakes up early only for a signal that comes to the
# main thread while it waits. One that another thread receives, or that comes just before, does not.
_LOOK = 0.05


def run(function, pieces, threads, stop=None):
    """``[function(*piece) for piece in pieces]``, on that many threads.

    The first error ends it, and so does Ctrl-C, once the pieces under way are done. The list `stop`
    is not empty from then on: long pieces can look at it, and end.
    """
    pieces = list(pieces)
    threads = min(threads, len(pieces))
    if threads <= 1:
        return [function(*piece) for piece in pieces]
    results, errors, over = [None] * len(pieces), {}, []
    stop = [] if stop is None else stop
    left, turn = iter(enumerate(pieces)), _thread.allocate_lock()

    def worker(ended):
        k = -1
        try:
            while not stop:
                with turn:
                    k, piece = next(left, (-1, None))
                if piece is None:
                    break
                results[k] = function(*piece)
        except BaseException as error:  # raised again by the thread that waits
            errors[k] = error
            stop.append(True)
        finally:
            over.append(True)
            ended.release()

    begun = []
    try:
        for _ in range(threads):
            ended = _thread.allocate_lock()
            ended.acquire()
            _thread.start_new_thread(worker, (ended,))
            begun.append(ended)
        for ended in begun:
            while not ended.acquire(timeout=_LOOK):
                pass
    finally:
        stop.append(True)
        # The threads write to the caller's arrays, so they end first; but not even then for ever.
        deadline = time.monotonic() + _PATIENCE
        while len(over) < len(begun) and time.monotonic() < deadline:
            time.sleep(0.001)
    if errors:
        raise errors[min(errors)]
    return results
