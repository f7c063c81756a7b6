"""Where schemagen's templates are. Imported by builds with nothing to do, so without Jinja2."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
TEMPLATES = (PACKAGE / "templates", PACKAGE.parent.parent / "templates")
"""The folders of templates: in the wheel, and in a checkout."""
