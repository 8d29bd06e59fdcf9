"""Methods take turns, each in a process of its own; the fastest turn counts.

One process a method, because each leaves the allocator, and the threads of
its library, in another state.  What else the machine does, for seconds or
minutes, only makes a turn slower; so a turn is the median of its calls, but
of the turns the fastest counts.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

THREADS = 2


def own_process(script, *arguments):
    """Return the milliseconds that a script beside this one prints."""
    script = Path(__file__).with_name(script)
    done = subprocess.run(
        [sys.executable, script, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"OPENBLAS_NUM_THREADS": str(THREADS)},
    )
    return float(done.stdout)


def take_turns(script, methods, argument, turns):
    """Return each method's fastest turn as a part of torch's.

    ``python script METHOD argument`` prints the milliseconds of one turn.
    """
    times = {method: [] for method in methods}
    for _ in range(turns):
        for method in methods:
            times[method].append(own_process(script, method, argument))
    ratios = {}
    for method, own in times.items():
        ratios[method] = min(own) / min(times["torch"])
        print(
            f"  {method:9}{min(own):8.2f} ms {ratios[method]:7.2f} of torch"
            f"   (median turn {statistics.median(own):7.2f} ms)"
        )
    return ratios


def milliseconds(function, warm_up, rounds):
    """Return the median milliseconds of calls, after some that warm up."""
    times = []
    for _ in range(warm_up + rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[warm_up:])
