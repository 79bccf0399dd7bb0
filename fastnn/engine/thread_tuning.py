"""The number of threads of a training session, tuned while it trains."""

import time


class ThreadTuner:
    """Trains a session on the number of threads that has been the fastest so far.

    How fast two cores exchange data is not known beforehand. On one machine it takes 40 ns in one
    second and 600 ns in the next, because its host moves the cores about. Other programs come and
    go. So other numbers of threads are tried for a moment, often at first and then twice a second.
    The results do not depend on it: theta has the same bits for every number of threads.

    Parameters
    ----------
    session : Session
        Opened for the most threads that may be used.
    chosen : bool
        Whether the user chose the number of threads; then no other is tried.
    """

    TRIAL = 0.002  # seconds of a trial of another number of threads
    RARITY = 50  # the time between two trials is at least this many trials long
    LONGEST = 0.5  # seconds; the time between two trials grows to this, if RARITY allows
    MARGIN = 0.97  # a trial wins if its time for a row is below this share of the usual time

    def __init__(self, session, chosen, clock=time.perf_counter):
        self._session, self._clock = session, clock
        most = session.threads
        powers = [2**k for k in range((most - 1).bit_length())]  # of two, below `most`
        self._choices = [most] if chosen else [*powers, most]
        self._at = len(self._choices) - 1  # the choice in use
        self._step = -1  # from the choice in use to the one that is tried next, or now
        self._trying = False
        self._between = self.TRIAL  # seconds between two trials
        self._usual = None  # seconds that a row took between the last two trials
        self._rows, self._seconds = 0, 0.0  # of this trial, or since the last one

    def turn(self, seconds):
        """Train for about `seconds`; False when the epoch is finished, or has failed."""
        session = self._session
        if len(self._choices) == 1:
            return session.train(seconds)
        length = self.TRIAL if self._trying else self._between
        # A trial is at least one chunk, even if that takes longer than TRIAL.
        least = session.chunk_rows * (1 if self._trying else self.RARITY)
        left = length - self._seconds
        rows, began = session.rows_trained, self._clock()
        going = session.train(min(seconds, left) if left > 0 else seconds)
        self._seconds += self._clock() - began
        self._rows += session.rows_trained - rows
        if self._seconds >= length and self._rows >= least:
            self._judge(self._seconds / self._rows)
            self._rows, self._seconds = 0, 0.0
            session.threads = self._choices[self._at + self._step * self._trying]
        return going

    def _judge(self, seconds_per_row):
        """End a trial, or the time between two, and choose the number of threads for the next."""
        if not self._trying:
            self._usual = seconds_per_row
            if 0 <= self._at - self._step < len(self._choices):  # the neighbours in turn
                self._step = -self._step
        elif seconds_per_row < self.MARGIN * self._usual:
            self._at, self._between = self._at + self._step, self.TRIAL
        else:
            self._between = max(min(4 * self._between, self.LONGEST), self.RARITY * self._seconds)
        self._trying = not self._trying
