"""The web site: all notebooks as pages, and what can be looked up in them.

``python -m helpers.site`` makes it from the stored notebooks.  `chapters`
reads them, `build` fills the templates in ``pages/`` from them and from the
tables beside, and hands all to Sphinx; what comes out makes no request.
"""

from helpers.site.build import build

__all__ = ["build"]
