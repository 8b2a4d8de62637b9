"""One exception root. Its text is a single sentence for the user: what is wrong and what to do."""


class MusterError(Exception):
    """Something a user can understand and act on. The command line prints it and exits with `exit_code`."""

    exit_code = 1
    code = "failed"
    """What went wrong, for programs; it stays when the sentence is written anew."""

    def __init__(self, sentence: str = "", *, code: str | None = None) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code


class UsageError(MusterError):
    """The command was asked for something that makes no sense."""

    exit_code = 2
    code = "usage"


class ImageError(MusterError):
    """An image cannot be read or used."""

    code = "image"


class SourceError(MusterError):
    """A camera, file or stream cannot be opened or read."""

    code = "source"


class ModelError(MusterError):
    """A model file is missing or damaged."""

    code = "model"


class SettingsError(MusterError):
    """A setting has a value that makes no sense."""

    exit_code = 2
    code = "settings"


class DataError(MusterError):
    """Training data is missing or not in the form that is needed."""

    code = "data"
