"""Alembic's scripts, shipped inside the package.

`down_revision` gives their order. Numbers were handed out before the scripts were written, so some are not used.
"""
