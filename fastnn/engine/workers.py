"""Pieces of work on several threads, for which Ctrl-C is heard at every moment.

`concurrent.futures` and `threading` take their locks in Python code: a KeyboardInterrupt that lands
between the lock and the block it guards leaves it locked, and the threads that wait for it, and
whoever joins them, wait for ever. Here the main thread takes locks in C alone, which either are
taken when the interrupt comes or are not.
"""

import _thread
import time

_PATIENCE = 10.0  # seconds for the pieces under way, once one has failed or was interrupted


def run(function, pieces, threads):
    """``[function(*piece) for piece in pieces]``, on that many threads.

    The first error, or Ctrl-C between two pieces, ends it.
    """
    pieces = list(pieces)
    threads = min(threads, len(pieces))
    if threads <= 1:
        return [function(*piece) for piece in pieces]
    results, errors, stop, over = [None] * len(pieces), {}, [], []
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
        except BaseException as error:  # raised again where it is waited for
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
            ended.acquire()
    finally:
        stop.append(True)
        # They work on the caller's arrays; but nobody waits for ever.
        deadline = time.monotonic() + _PATIENCE
        while len(over) < len(begun) and time.monotonic() < deadline:
            time.sleep(0.001)
    if errors:
        raise errors[min(errors)]
    return results
