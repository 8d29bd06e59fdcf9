"""The exercises, one module for each notebook, and the checker they share."""
