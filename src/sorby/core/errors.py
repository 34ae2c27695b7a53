"""The family of errors, one class for each thing a caller can do about it.

::

    SorbyError
    ├── ReadError      a file cannot be read, or is not what it should be: replace the file
    ├── ScaleError     the size of a pixel is missing or contradicts itself: give µm/px
    ├── ProjectError   the project folder cannot do this now: follow the message
    ├── ModelError     a model file is missing, damaged or does not fit: choose another
    └── SettingError   a value is out of range or unknown: change the value

Every message says what was found, what is needed and what to do.
"""


class SorbyError(Exception):
    """Base of all errors that Sorby raises on purpose."""


class ReadError(SorbyError):
    """A file cannot be read, or is not what it should be."""


class ScaleError(SorbyError):
    """The size of a pixel is missing, impossible or contradicts itself."""


class ProjectError(SorbyError):
    """The project folder cannot do what was asked."""


class ModelError(SorbyError):
    """A model file is missing, damaged or does not fit the task."""


class SettingError(SorbyError):
    """A value is out of range or a name is unknown."""
