"""The family of errors, one class for each thing a caller can do about it.

::

    SorbyError
    ├── ReadError      a file cannot be read, or is not what it should be: replace the file
    ├── ScaleError     the size of a pixel is missing or contradicts itself: give µm/px
    ├── ProjectError   the project folder cannot do this now: follow the message
    ├── ReviewError    a field's review is not where this can be done: reload, or do the other first
    ├── ModelError     a model file is missing, damaged or does not fit: choose another
    └── SettingError   a value is out of range or unknown: change the value
        └── UnknownFieldError   no field, image or defect of this name: look at what there is

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


class ReviewError(SorbyError):
    """The review of a field is not in a state in which this can be done."""


class ModelError(SorbyError):
    """A model file is missing, damaged or does not fit the task."""


class SettingError(SorbyError):
    """A value is out of range or a name is unknown."""


class UnknownFieldError(SettingError):
    """There is no field, image or defect of this name."""
