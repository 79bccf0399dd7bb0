"""A directory that one call at a time works in."""

import os
import signal
import subprocess
import sys

import pytest

from fastnn.files.one_process import one_process

HOLD = """
import sys, time
from fastnn.files.one_process import one_process
with one_process(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_call_is_refused(tmp_path):
    refused = pytest.raises(RuntimeError, match=r"another process.* is at work in .*: wait")
    with one_process(str(tmp_path)), refused, one_process(str(tmp_path)):
        pytest.fail("not reached")
    with one_process(str(tmp_path)):
        pass


def test_another_process_is_refused_until_it_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLD, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(RuntimeError, match="another process"), one_process(str(tmp_path)):
            pytest.fail("not reached")
        os.kill(child.pid, signal.SIGKILL)
    (tmp_path / ".fastnn-left.tmp").write_bytes(b"x")
    with one_process(str(tmp_path)):
        assert not list(tmp_path.iterdir())


def test_no_directory_has_no_lock():
    with one_process(None), one_process(None):
        pass
