"""One exception root. Its text is a single sentence for the user: what is wrong and what to do."""

from typing import Final


class MusterError(Exception):
    """An error that a user can understand and act on. The command line prints it and exits with `exit_code`."""

    exit_code = 1
    code = "failed"
    """The kind of error, for programs; it stays when the sentence changes."""

    def __init__(self, sentence: str = "", *, code: str | None = None) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code


class UsageError(MusterError):
    """The arguments of a command or a use case make no sense."""

    exit_code = 2
    code = "usage"


class ImageError(MusterError):
    """An image cannot be read or used."""

    code = "image"


class SourceError(MusterError):
    """A camera, file or stream cannot be opened or read."""

    code = "source"


class KioskHangs(MusterError):  # noqa: N818 - reads as a sentence where it is raised
    """A thread of the kiosk does not answer and cannot be ended; the process has to end without waiting for it."""

    code = "hangs"


class ModelError(MusterError):
    """A model file is missing or damaged."""

    code = "model"


class SettingsError(MusterError):
    """A setting has a value that makes no sense."""

    exit_code = 2
    code = "settings"


class DataError(MusterError):
    """Training data is missing or has the wrong form."""

    code = "data"


LOW_MEMORY: Final = "Too little memory is free for this; close other programs, or give this machine more."


_NO_MEMORY: Final = (
    "Insufficient memory",
    "bad_alloc",
    "out of memory",
    "Failed to allocate memory",
    "failed to map segment",
)


def short_of_memory(error: BaseException) -> bool:
    """Whether this is the system's "no memory", also in the words of OpenCV, onnxruntime and SQLite."""
    return isinstance(error, MemoryError) or (
        not isinstance(error, MusterError) and any(words in str(error) for words in _NO_MEMORY)
    )
