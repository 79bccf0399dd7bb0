"""Arguments of `fastnn.parallel.mpi` that are refused before any message is sent."""

import pytest

import fastnn


def test_what_is_no_trainer_or_communicator():
    trainer = fastnn.Network([2, 1], rng=0).trainer()
    with pytest.raises(TypeError, match=r"a trainer, as net\.trainer\(\) makes it, got Network"):
        fastnn.parallel.mpi(trainer.network, None)
    with pytest.raises(TypeError, match="a communicator of mpi4py"):
        fastnn.parallel.mpi(trainer, None)
