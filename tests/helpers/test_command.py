"""A command ends with what it made, or in one line."""

import errno
import os
import signal

import pytest

from helpers.command import command


def full(path):
    return OSError(errno.ENOSPC, "No space left on device", path)


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (ValueError("seeds must be"), 1, "error: seeds must be"),
        (MemoryError("too large"), 1, "error: too large"),
        (RuntimeError("é"), 1, "error: é"),
        (ImportError("No module"), 1, "error: No module: see requirements"),
        (full("/x"), 1, "'/x': make room, or choose another folder by --outp"),
        (FileExistsError(errno.EEXIST, "", "a"), 1, "another folder by --out"),
        (KeyboardInterrupt(), 130, "stopped: no file is half there"),
        (KeyboardInterrupt("3 of"), 130, "stopped: 3 of"),
    ],
)
def test_what_goes_wrong_is_one_line(capsys, raised, status, said):
    def main(arguments):
        raise raised

    assert command(main)() == status
    (line,) = filter(None, capsys.readouterr().err.split("\n"))
    assert said in line


def test_a_bug_of_ours_shows_where_it_is():
    with pytest.raises(ZeroDivisionError):
        command(lambda arguments: 1 / 0)()


def test_term_is_taken_as_an_interrupt_and_then_as_before(capsys):
    before = signal.getsignal(signal.SIGTERM)
    stop = command(lambda arguments: os.kill(os.getpid(), signal.SIGTERM))
    assert stop() == 130
    assert signal.getsignal(signal.SIGTERM) is before
