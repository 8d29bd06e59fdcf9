"""Methods take turns, each in a process of its own; their medians count.

One process a method, because each leaves the allocator, and the threads of
its library, in another state; turns, so that whatever else the machine does
meets all of them.
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
    """Return the median milliseconds of each method, and print them.

    ``python script METHOD argument`` prints the milliseconds of one turn.
    """
    times = {method: [] for method in methods}
    for _ in range(turns):
        for method in methods:
            times[method].append(own_process(script, method, argument))
    median = {method: statistics.median(t) for method, t in times.items()}
    for method, value in median.items():
        fastest, ratio = min(times[method]), value / median["torch"]
        print(
            f"  {method:9}{value:9.2f} ms (fastest turn {fastest:8.2f})"
            f"{ratio:7.2f} of torch"
        )
    return median


def milliseconds(function, warm_up, rounds):
    """Return the median milliseconds of calls, after some that warm up."""
    times = []
    for _ in range(warm_up + rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[warm_up:])
