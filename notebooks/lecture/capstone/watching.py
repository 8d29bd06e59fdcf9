"""The reader's file is examined in a process of its own, which can be ended.

Whatever that process does, it does not outlive its limits: a loop that
catches every interrupt, a call in C that never returns, text without end.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from lecture.capstone.running import line

# Seconds until a part of the examination is ended, and what is told then.
SECONDS = {"the start": 120, "the file": 20, "a function": 20}
SECONDS |= {"the network": 120, "training": 900}
LATE = dict.fromkeys(SECONDS, "does that loop end?")
LATE["the start"] = "Python is slow to begin, try again."
LATE["the file"] = "let the file define functions, and nothing more."
LATE["training"] = "fewer passes, or a faster im2col."
PRINTED = 5_000, 200_000  # characters that a part may print; training


class Found(NamedTuple):
    """What an examination came to."""

    done: int  # functions that are right, one after the other
    message: str = ""  # about the next; "" if it is not there yet
    remark: str = ""  # about one that is right, and slow
    whole: bool = True  # False if the file itself is what is wrong


def say(text: str, end: str = "\n") -> None:
    """Print, also what the console's code page does not have."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    print(shown, end=end, flush=True)


def examined(path: Path, train: bool) -> Found:
    """Return what is found in the reader's file; show what it prints."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        watch = _Watch(path, train, folder)
        try:
            return watch.followed()
        except KeyboardInterrupt:
            return watch.stopped("Stopped by you.")
        finally:
            watch.end()


class _Watch:
    """One examination, seen from outside."""

    def __init__(self, path: Path, train: bool, folder: str) -> None:
        self.path, self.found = path, None
        # The faulthandler writes a path so.
        self.written = str(path).encode("ascii", "backslashreplace").decode()
        self.begin(0, "the start")
        files = [Path(folder, name) for name in ("printed", "told")]
        for file in files:
            file.touch()
        self.printed, self.told = (file.open("rb") for file in files)
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.last = "\n"  # that was shown
        with files[0].open("ab") as printed:
            self.child = _started(printed, str(path), train, str(files[1]))

    def begin(self, place: int, part: str) -> None:
        """Note what is examined now; its limits hold from here."""
        self.place, self.part, self.where = place, part, ""
        self.deadline = time.monotonic() + SECONDS[part]
        self.left = PRINTED[part == "training"]

    def followed(self) -> Found:
        """Return what the process finds; it ends at its limits."""
        while True:
            ended = self.child.poll() is not None
            self.take()
            if self.left < 0:
                return self.stopped("It prints without end.")
            if time.monotonic() > self.deadline:
                seconds, late = SECONDS[self.part], LATE[self.part]
                return self.stopped(f"It still runs after {seconds} s: {late}")
            if ended:
                return self.found or self.failed(self.last_word())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(0.05)

    def take(self) -> None:
        """Show what was printed since, and heed what was told."""
        text = self.decode(self.printed.read(2**20)).replace("\r\n", "\n")
        shown = text[: max(self.left, 0)]
        say(shown, end="")
        self.left -= len(text)
        self.last = shown[-1:] or self.last
        while (told := self.told.readline()).endswith(b"\n"):
            self.heed(told.decode())
        self.told.seek(-len(told), os.SEEK_CUR)  # half a line

    def heed(self, told: str) -> None:
        """Heed a line that `examining`, or its faulthandler, wrote."""
        at = re.fullmatch(r'  File "(.*)", line (\d+) in .*\s*', told)
        if told.startswith("["):
            kind, *values = json.loads(told)
            if kind == "begin":
                self.begin(*values)
            else:
                self.found = Found(*values)
        elif at and not self.where and at[1] == self.written:
            self.where = line(self.path, int(at[2]))

    def stopped(self, message: str) -> Found:
        """Return why the process is ended, and where it was."""
        with contextlib.suppress(OSError):  # it ended just now
            self.child.stdin.write(b"?")
        until = time.monotonic() + 0.5
        while not self.where and time.monotonic() < until:
            time.sleep(0.01)
            self.take()
        return self.failed(message)

    def failed(self, message: str) -> Found:
        """Return what is told about the part that was examined."""
        whole = self.part not in ("the start", "the file")
        return Found(self.place, message + self.where, whole=whole)

    def last_word(self) -> str:
        """Return what is told about a process that ended by itself."""
        code = self.child.returncode
        if self.part == "the start":
            return "Python cannot begin the check: see above."
        if code == -9:
            return "The system ended it, for want of memory? Print the shapes."
        if not 0 <= code <= 255:
            return f"It crashes Python itself (code {code})."
        return "It ends Python itself: take os._exit() out."

    def end(self) -> None:
        """End the process, and those that it began."""
        if os.name == "posix":
            with contextlib.suppress(OSError):  # there are none
                os.killpg(self.child.pid, signal.SIGKILL)
        self.child.kill()
        self.child.wait()
        for file in (self.child.stdin, self.printed, self.told):
            file.close()
        if self.last != "\n":
            say("")


def _started(printed: object, *values: object) -> subprocess.Popen:
    """Begin the examination; Ctrl-C does not reach it, only this process."""
    env = {"PYTHONIOENCODING": "utf-8:backslashreplace"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    code = "from lecture.capstone import examining; examining.main()"
    return subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-P",
            "-c",
            code,
            json.dumps([*values, SECONDS]),
        ],
        stdin=subprocess.PIPE,
        stdout=printed,
        stderr=subprocess.STDOUT,
        bufsize=0,
        env=os.environ | env,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
