"""The drawings that one notebook uses: those of notebook 05 in `fig05`."""
