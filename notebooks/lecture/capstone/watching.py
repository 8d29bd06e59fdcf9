"""The reader's file is examined in a process of its own, which can be ended.

Whatever that process does, it does not outlive its limits: a loop that
catches every interrupt, a call in C that never returns, text without end.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from lecture.capstone.running import line


class Limit(NamedTuple):
    """What one part of the examination may take."""

    seconds: float
    printed: int  # characters
    late: str = "does that loop end?"


LIMITS = {
    "the start": Limit(120, 5_000, "Python is slow to begin, try again."),
    "the file": Limit(
        20, 5_000, "let the file define functions, and nothing more."
    ),
    "a function": Limit(20, 5_000),
    "the network": Limit(120, 5_000),
    "training": Limit(900, 200_000, "fewer passes, or a faster im2col."),
}


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
    watch = _Watch(path, train)
    try:
        return watch.followed()
    except KeyboardInterrupt:
        return watch.stopped("Stopped by you.")
    finally:
        watch.end()
        if watch.last != "\n":
            say("")


class _Watch:
    """One examination, seen from outside."""

    def __init__(self, path: Path, train: bool) -> None:
        self.path, self.found = path, None
        # The faulthandler writes a path so.
        self.written = str(path).encode("ascii", "backslashreplace").decode()
        self.begin(0, "the start")
        self.events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.last = "\n"  # that was shown
        self.half = b""  # a line of the process that is not complete
        self.fault = ""  # of this installation, not of the reader's file
        self.child = _started(path, train)
        self.open = {"stdout", "stderr"}
        for name in self.open:
            threading.Thread(
                target=self.listen, args=(name,), daemon=True
            ).start()

    def listen(self, name: str) -> None:
        """Put what the process writes into the queue, at its end b""."""
        data = b"begun"
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile
            while data:
                data = getattr(self.child, name).read(65536)
                self.events.put((name, data))

    def begin(self, place: int, part: str) -> None:
        """Note what is examined now, and its limits."""
        self.place, self.part, self.limit = place, part, LIMITS[part]
        self.deadline = time.monotonic() + self.limit.seconds
        self.left, self.where = self.limit.printed, ""

    def followed(self) -> Found:
        """Return what the process finds; it ends at its limits."""
        ended = False
        while True:
            silent = not self.take()
            if self.left < 0:
                return self.stopped("It prints without end.")
            if time.monotonic() > self.deadline:
                late = f"{self.limit.seconds} s: {self.limit.late}"
                return self.stopped(f"It still runs after {late}")
            # Another process of the reader's may keep the pipes open.
            if (self.found and not self.open) or (ended and silent):
                return self.found or self.failed(self.last_word())
            ended = self.child.poll() is not None

    def take(self) -> bool:
        """Take one event; return whether there was one."""
        try:
            name, data = self.events.get(timeout=0.1)
        except queue.Empty:
            return False
        if not data:
            self.open.remove(name)
        elif name == "stderr":
            *lines, self.half = (self.half + data).split(b"\n")
            for text in lines:
                self.heed(text.decode())
        else:
            text = self.decode(data).replace("\r\n", "\n")
            shown = text[: max(self.left, 0)]
            say(shown, end="")
            self.left -= len(text)
            self.last = shown[-1:] or self.last
        return True

    def heed(self, text: str) -> None:
        """Heed a line that `examining`, or the faulthandler, wrote."""
        at = re.fullmatch(r'  File "(.*)", line (\d+) in .*', text)
        if text.startswith("["):
            kind, *values = json.loads(text)
            if kind == "begin":
                self.begin(*values)
            else:
                self.found = Found(*values)
        elif at and at[1] == self.written and not self.where:
            self.where = line(self.path, int(at[2]))
        elif self.part == "the start":
            self.fault += f"\n{text}"

    def stopped(self, message: str) -> Found:
        """Return why the process is ended, and where it was."""
        with contextlib.suppress(OSError):  # it ended just now
            self.child.stdin.write(b"?")
        until = time.monotonic() + 0.5
        while not self.where and time.monotonic() < until:
            self.take()
        return self.failed(message)

    def failed(self, message: str) -> Found:
        """Return what is told about the part that was examined."""
        whole = self.part not in ("the start", "the file")
        return Found(self.place, message + self.where, whole=whole)

    def last_word(self) -> str:
        """Return what is told about a process that ended by itself."""
        code = self.child.wait()
        if self.part == "the start":
            raise RuntimeError(f"the check cannot begin: {self.fault}")
        if code == -9:
            return (
                "The system ended it, most likely for want of memory: print "
                "the shapes."
            )
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
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            stream.close()


def _started(path: Path, train: bool) -> subprocess.Popen:
    """Begin the examination; Ctrl-C does not reach it, only this process."""
    seconds = {part: limit.seconds for part, limit in LIMITS.items()}
    pipes = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
    return subprocess.Popen(
        [
            *(sys.executable, "-u", "-P", "-c"),
            "from lecture.capstone import examining; examining.main()",
            json.dumps([str(path), train, seconds]),
        ],
        **pipes,
        bufsize=0,
        env=os.environ
        | {
            "PYTHONIOENCODING": "utf-8:backslashreplace",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
