"""One exception root. Its text is a single sentence for the user: what is wrong and what to do."""


class MusterError(Exception):
    """Something a user can understand and act on. The command line prints it and exits with `exit_code`."""

    exit_code = 1


class UsageError(MusterError):
    """The command was asked for something that makes no sense."""

    exit_code = 2


class ImageError(MusterError):
    """An image cannot be read or used."""


class SourceError(MusterError):
    """A camera, file or stream cannot be opened or read."""


class ModelError(MusterError):
    """A model file is missing or damaged."""


class SettingsError(MusterError):
    """A setting has a value that makes no sense."""

    exit_code = 2


class DataError(MusterError):
    """Training data is missing or not in the form that is needed."""
