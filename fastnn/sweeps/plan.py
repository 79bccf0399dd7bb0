"""The course of a sweep, rung by rung and job by job, with the networks that it keeps."""

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from fastnn.sweeps.jobs import Job, make_network, train_job
from fastnn.sweeps.result import rank
from fastnn.sweeps.store import NoStore
from fastnn.sweeps.trials import Trial
from fastnn.sweeps.workers import outcomes
from fastnn.training.optimizers import LBFGS, make_optimizer


@dataclass
class Plan:
    """A sweep while it is carried out."""

    layer_sizes: tuple
    settings: list
    options: list  # all options of each setting, the common ones included
    seeds: list
    rungs: list
    select: str
    data: tuple
    store: NoStore
    keep: bool = False  # whether all networks are kept
    dev_weight: NDArray[Any] | None = None
    trials: dict = field(default_factory=dict)  # number -> Trial at its last rung so far
    _runs: dict = field(default_factory=dict)  # (trial, seed index) -> its last Run
    _at: dict = field(default_factory=dict)  # (trial, seed index) -> rung of that run
    _networks: dict = field(default_factory=dict)  # networks of trials with seeds still to do
    _kept: dict = field(default_factory=dict)  # (trial, seed index) -> its network, if `keep`
    _leader: Trial | None = None  # the best trial so far
    _best: tuple = (None, None)  # (trial, seed index, rung) and network of the leader

    @property
    def work(self):
        """The number of epochs of all fits."""
        if self.rungs[0][0] is None:
            return len(self.seeds) * sum(each.get("epochs", 100) for each in self.options)
        before = [0, *(end for end, _ in self.rungs)]
        return len(self.seeds) * sum(
            (end - begin) * count for (end, count), begin in zip(self.rungs, before, strict=False)
        )

    def carry_out(self, n_jobs, backend, bar):
        """Train all networks that are not in the store."""
        alive = range(len(self.settings))
        for rung, (_, count) in enumerate(self.rungs):
            if rung:
                best = self.ranked([self.trials[number] for number in alive])[:count]
                bar.ended(len(alive) - len(best))
                alive = [trial.number for trial in best if not trial.failure]
            self.store.keep_states_of(alive)
            self._climb(rung, alive, n_jobs, backend, bar)
        self.store.keep_states_of(())

    def ranked(self, trials):
        """The trials, best first."""
        return sorted(trials, key=lambda trial: rank(trial, self.select))

    def _climb(self, rung, alive, n_jobs, backend, bar):
        """Train the networks of a rung."""
        last = rung == len(self.rungs) - 1
        jobs = [job for number in alive for job in self._jobs(rung, number, backend, bar)]
        left = dict.fromkeys(alive, 0)
        for job in jobs:
            left[job.trial] += 1
        for number, count in left.items():
            if not count:
                self._complete(number, rung)
                bar.ended(int(last), self._leader)
        with outcomes(jobs, self.data, n_jobs, backend, bar.look) as results:
            for outcome in results:
                key = outcome.job.trial, outcome.job.seed_index
                self.store.keep((*key, rung), outcome)
                self._runs[key], self._at[key] = outcome.run, rung
                self._networks[key] = outcome.network
                left[key[0]] -= 1
                bar.worked(
                    (outcome.job.until or self.options[key[0]].get("epochs", 100))
                    - outcome.job.done
                )
                if not left[key[0]]:
                    self._complete(key[0], rung)
                    bar.ended(int(last), self._leader)

    def _jobs(self, rung, number, backend, bar):
        """The jobs of a trial on a rung, without fits that have ended or are in the store."""
        for index, seed in enumerate(self.seeds):
            key, options, until = (number, index), self.options[number], self.rungs[rung][0]
            done = self.rungs[rung - 1][0] if rung else 0
            ended = key in self._runs and self._runs[key].stopped != "rung"
            run = None if ended else self.store.finished_run((*key, rung))
            if run is not None:
                self._runs[key], self._at[key] = run, rung
            if ended or run is not None:
                bar.skipped((until or options.get("epochs", 100)) - done)
                continue
            state = self.store.take_state((*key, rung - 1)) if rung else None
            if state is None:
                done = 0
            # Another machine may not have the directory; with halving, rungs are the checkpoints.
            local = backend is None and until is None
            goes_on = not isinstance(make_optimizer(options.get("optimizer", "adam")), LBFGS)
            yield Job(
                number,
                index,
                self.layer_sizes,
                options,
                seed,
                until,
                done,
                state,
                self.store.autosave((*key, rung)) if local and goes_on else None,
                self.dev_weight,
            )

    def _complete(self, number, rung):
        """Record a trial whose seeds are all done on a rung; keep only the best trial's network."""
        keys = [(number, index) for index in range(len(self.seeds))]
        trial = Trial(number, self.settings[number], tuple(self._runs[key] for key in keys), rung)
        self.trials[number] = trial
        networks = {key: self._networks.pop(key, None) for key in keys}
        if self.keep:
            self._kept |= networks
        if self._leader is None or rank(trial, self.select) < rank(self._leader, self.select):
            self._leader, key = trial, self._key_of(trial)
            network = networks[key[:2]]
            if network is not None:
                self._best = key, network
                self.store.keep_best(key, network)

    def _key_of(self, trial):
        """(trial, seed index, rung) of the best network of a trial."""
        index = min(
            range(len(trial.runs)),
            key=lambda i: (getattr(trial.runs[i], self.select), trial.runs[i].dev_loss),
        )
        key = trial.number, index
        return *key, self._at[key]

    def best_network(self):
        """The network of the best trial; None if all failed."""
        best = self.ranked(self.trials.values())[0]
        if best.failure:
            return None
        key = self._key_of(best)
        if self._best[0] == key:
            return self._best[1]
        number, index, _ = key
        untrained, _ = make_network(self.layer_sizes, self.options[number], 0)
        network = self.store.best_network(
            key, best.runs[index], untrained.layer_sizes, (*self.data[2:], self.dev_weight)
        )
        if network is not None:
            return network
        # It was dropped while another was better, or a crash came before it was stored.
        return self._train_again(*key)

    def networks_of(self, trial):
        """The networks of a trial, one for each seed; None for a fit that failed."""
        return tuple(
            self._network_of(trial, index, self._at[trial.number, index])
            for index in range(len(trial.runs))
        )

    def _network_of(self, trial, index, rung):
        if trial.runs[index].failure:
            return None
        network = self._kept.get((trial.number, index))
        # A trial that was read from the store has none.
        return self._train_again(trial.number, index, rung) if network is None else network

    def _train_again(self, number, index, rung):
        stopped = self.trials[number].runs[index].stopped
        until = self.rungs[rung][0] if stopped == "rung" else None
        of = self.layer_sizes, self.options[number], self.seeds[index]
        job = Job(number, index, *of, until, dev_weight=self.dev_weight)
        return train_job(*self.data, job).network
