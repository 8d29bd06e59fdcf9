"""The web site: all notebooks as pages, and what can be looked up in them.

``python -m helpers.site`` makes it from the stored notebooks; nothing is
executed, and what it makes opens from a folder and makes no request.
`chapters` reads notebooks, `build` fills the templates in ``pages/`` from
them and from the tables beside, and hands all of it to Sphinx.
"""

from helpers.site.build import build

__all__ = ["build"]
