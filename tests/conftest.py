"""Settings for the whole test run, the notebooks' kernels included."""

import os

# Two workers with two BLAS threads each wait for one another on two cores.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
