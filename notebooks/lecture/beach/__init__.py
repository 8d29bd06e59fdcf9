"""The beach: a crowd to search, one Waldo, and traps for each way to search.

No fonts and no pictures are read: `pen` draws what `looks` and `placing`
have drawn by lot, back to front.
"""

from lecture.beach.scene import BUNDLED_SEED, Box, Scene, draw_scene

__all__ = ["BUNDLED_SEED", "Box", "Scene", "draw_scene"]
