"""Python's cyclic collector waits while thousands of records are made, which form no circles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector(*, skipping: bool = False) -> Iterator[None]:
    """No collection within the block: looking through all records again and again took half of a month's time.

    Args:
        skipping: what the block made counts as old at its end: for a program that ends soon. Otherwise the next object
            has all of it looked through. Not in the app, whose frozen objects it would thaw.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if skipping:
            gc.freeze()
            gc.unfreeze()
        gc.enable()
