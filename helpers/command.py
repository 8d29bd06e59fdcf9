"""How every command ends: with what it made, or in one line that helps."""

from __future__ import annotations

import errno
import functools
import os
import signal
import sys
from collections.abc import Callable, Sequence

# Where a file cannot be written: not allowed, no room, no folder.
UNWRITABLE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC),
    *(errno.EEXIST, errno.ENOTDIR),
}


def command(
    main: Callable[[Sequence[str] | None], None],
) -> Callable[[Sequence[str] | None], int]:
    """Make a `main` return its exit status, without tracebacks.

    TERM is taken as Ctrl-C is, so that workers end with the command.
    """

    @functools.wraps(main)
    def run(arguments: Sequence[str] | None = None) -> int:
        sys.stdout.reconfigure(errors="backslashreplace")  # if it is ASCII
        # Workers that are ended leave locks, which Python then clears away.
        os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            main(arguments)
            return 0
        except KeyboardInterrupt as stop:
            said, status = (
                f"\nstopped: {str(stop) or 'no file is half there'}",
                130,
            )
        except ImportError as error:
            said, status = f"error: {error}: see requirements.txt", 1
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            said, status = f"error: {error}", 1
            if getattr(error, "errno", None) in UNWRITABLE:
                said += ": make room, or choose another folder by --output"
        finally:
            signal.signal(signal.SIGTERM, before)
        print(said, file=sys.stderr)
        return status

    return run
