"""The paper's data sets: arrays read out of a pickle without unpickling it.

A pickle is a program. Python's own reader runs it and imports whatever it names; this one knows
the few steps that write down numbers, text, lists, dicts and NumPy arrays, does them itself, and
refuses the file at the first other step. Nothing that a file names is imported or called.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sorby.core.errors import ReadError
from sorby.io.limits import checked_file, decoding

MAX_BYTES = 1024**3
"""Most bytes of a file, and of what is built from text in it: the paper's largest has 0.14 GiB."""

MAX_STEPS = 20_000_000
"""Most steps of a file; an array takes about thirty, whatever its size."""

_WHAT = "a data set of arrays (pickle)"
_DTYPE = re.compile(r"b1|\?|[iu][1248]|f[248]|U\d{1,3}|O8?")
_ORDERS = {"<": "<", ">": ">", "|": "|", "=": "="}
_PLAIN = (str, int, float, bool, type(None), bytes, bytearray)


def read_pickled_arrays(path: Path | str) -> Any:
    r"""Arrays, lists, dicts, numbers and text of a pickle; nothing in it is executed.

    Parameters
    ----------
    path : Path or str
        File written by Python's pickle, protocols 0 to 5.

    Returns
    -------
    dict, list, tuple, ndarray, number or str
        What the file holds. Numeric arrays are read-only; arrays of objects hold arrays, numbers
        and text.

    Raises
    ------
    ReadError
        If the file is missing, damaged, too large, or asks for anything else: a function, a
        class, an object of another library. The message names it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "two.pkl"
    >>> _ = path.write_bytes(b"(lp0\nI1\naI2\na.")
    >>> read_pickled_arrays(path)
    [1, 2]
    """
    path = checked_file(Path(path))
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ReadError(
            f"{path} has {size / 1024**3:.1f} GiB. At most {MAX_BYTES / 1024**3:.0f} GiB of "
            "pickled arrays are read: save the images as PNG or TIFF files."
        )
    machine = _Machine(path)
    with decoding(path, _WHAT), path.open("rb") as stream:
        for count, (step, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= MAX_STEPS:
                raise machine.refusal(f"more than {MAX_STEPS:,} steps")
            machine.do(step.name, argument)
        return machine.result()


class _Name:
    """Something the file asks for by name: one of the few that this module does itself."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Mark:
    """Where a list, tuple or dict on the stack begins."""


class _Dtype:
    """A number type whose byte order comes in a later step."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "|"

    def made(self) -> np.dtype:
        if self.code.startswith("O"):
            return np.dtype(object)
        return np.dtype(self.code).newbyteorder(self.order)  # type: ignore[arg-type]


class _Unfilled:
    """An array whose shape and values come in a later step; where it was noted meanwhile."""

    def __init__(self) -> None:
        self.keys: list[int] = []


class _Machine:
    """Stack and notes of a pickle, and the steps that may change them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stack: list[Any] = []
        self.notes: dict[int, Any] = {}
        self.built = 0

    def refusal(self, found: str) -> ReadError:
        return ReadError(
            f"{self.path} is no plain set of arrays: it asks for {found[:120]}. Needed are NumPy "
            "arrays of numbers, lists, dicts and text; nothing else is built and nothing was "
            "executed. If it comes from a stranger, delete it; else save the arrays as PNG."
        )

    def do(self, step: str, argument: Any) -> None:
        if step in _PUSHES:
            self.stack.append(argument)
        elif step in _CONSTANTS:
            self.stack.append(_CONSTANTS[step]())
        elif step in _STEPS:
            _STEPS[step](self, argument)
        else:
            raise self.refusal(_asked(step, argument))

    def pop(self, n: int) -> list[Any]:
        if len(self.stack) < n:
            raise ValueError("it takes more than it holds")
        taken = self.stack[len(self.stack) - n :]
        del self.stack[len(self.stack) - n :]
        return taken

    def pop_to_mark(self) -> list[Any]:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _Mark:
                taken = self.stack[place + 1 :]
                del self.stack[place:]
                return taken
        raise ValueError("a list has no beginning")

    def note(self, key: int) -> None:
        top = self.stack[-1]
        self.notes[key] = top
        if isinstance(top, _Unfilled):
            top.keys.append(key)

    def result(self) -> Any:
        if len(self.stack) != 1:
            raise ValueError(f"it ends with {len(self.stack)} values")
        _check_plain(self.stack[0], self)
        return self.stack[0]


def _asked(step: str, argument: Any) -> str:
    if step == "INST":
        return _dotted(str(argument))
    if step in ("EXT1", "EXT2", "EXT4"):
        return f"the registered class {argument}"
    if step in ("PERSID", "BINPERSID"):
        return "an object outside the file (persistent id)"
    return f"the step {step}"


def _dotted(module_and_name: str) -> str:
    return module_and_name.replace(" ", ".")


def _names(machine: _Machine, found: str) -> None:
    """Push a name, if it is one of the few."""
    known = found.replace("numpy.core.", "numpy._core.", 1).replace("__builtin__.", "builtins.", 1)
    if known not in _KNOWN:
        raise machine.refusal(found)
    machine.stack.append(_Name(known))


def _stack_global(machine: _Machine, argument: Any) -> None:
    module, name = machine.pop(2)
    if type(module) is not str or type(name) is not str:
        raise machine.refusal("a name that is no text")
    _names(machine, f"{module}.{name}")


def _call(machine: _Machine, argument: Any) -> None:
    function, values = machine.pop(2)
    if type(function) is not _Name or type(values) is not tuple:
        raise machine.refusal(f"a call of a {type(function).__name__}")
    if function.name not in _CALLS:
        raise machine.refusal(f"a call of {function.name}")
    machine.stack.append(_CALLS[function.name](machine, *values))


def _build(machine: _Machine, argument: Any) -> None:
    """Give an array its values or a number type its byte order; nothing else has a state."""
    target, state = machine.pop(2)
    if type(target) is _Unfilled and type(state) is tuple and len(state) == 5:
        _, shape, dtype, by_columns, values = state
        target_array = _array(machine, values, dtype, shape, "F" if by_columns else "C")
        for key in target.keys:
            machine.notes[key] = target_array
        machine.stack.append(target_array)
    elif type(target) is _Dtype and type(state) is tuple and state[2:5] == (None, None, None):
        target.order = _ORDERS[state[1]]
        machine.stack.append(target)
    else:
        raise machine.refusal(f"a state of a {type(target).__name__}")


def _array(machine: _Machine, values: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if type(dtype) is not _Dtype or type(shape) is not tuple or order not in ("C", "F"):
        raise machine.refusal("an array of an unusual kind")
    if not all(type(length) is int and length >= 0 for length in shape) or len(shape) > 32:
        raise ValueError("an array has an impossible shape")
    made, size = dtype.made(), math.prod(shape)
    if made.hasobject:
        if type(values) is not list or len(values) != size:
            raise ValueError("an array of objects does not hold as many as its shape says")
        flat = np.empty(size, object)
        for place, value in enumerate(values):
            flat[place] = value
    else:
        if type(values) not in (bytes, bytearray) or len(values) != size * made.itemsize:
            raise ValueError("an array does not hold as many bytes as its shape says")
        flat = np.frombuffer(bytes(values), made) if values else np.empty(0, made)
    array = flat.reshape(shape, order=order)
    array.flags.writeable = made.hasobject
    return array


def _reconstruct(machine: _Machine, kind: Any, shape: Any, code: Any) -> _Unfilled:
    if type(kind) is not _Name or kind.name != "numpy.ndarray":
        raise machine.refusal("an array of a class of its own")
    return _Unfilled()


def _dtype(machine: _Machine, code: Any, *flags: Any) -> _Dtype:
    if type(code) is not str or not _DTYPE.fullmatch(code):
        raise machine.refusal(f"the number type {str(code)[:40] if type(code) is str else '?'}")
    return _Dtype(code)


def _scalar(machine: _Machine, dtype: Any, value: Any) -> Any:
    if type(dtype) is _Dtype and dtype.code.startswith("O"):
        raise machine.refusal("a single object")
    return _array(machine, value, dtype, (), "C")[()]


def _frombuffer(machine: _Machine, values: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if type(dtype) is _Dtype and dtype.code.startswith("O"):
        raise machine.refusal("objects in a buffer")
    return _array(machine, values, dtype, shape, order)


def _encode(machine: _Machine, text: Any, encoding: Any) -> bytes:
    """Bytes as protocols 0 to 2 write them: as latin-1 text."""
    if type(text) is not str or encoding != "latin1":
        raise machine.refusal("a text encoding other than latin1")
    return bytes(_within(machine, text.encode("latin-1")))


def _empty_bytes(machine: _Machine, *values: Any) -> bytes:
    if values:
        raise machine.refusal("bytes from other values")
    return b""


def _within(machine: _Machine, made: bytes) -> bytes:
    machine.built += len(made)
    if machine.built > MAX_BYTES:
        raise machine.refusal(f"more than {MAX_BYTES / 1024**3:.0f} GiB")
    return made


def _set_items(machine: _Machine, pairs: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not dict or len(pairs) % 2:
        raise machine.refusal(f"entries in a {type(target).__name__}")
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        if type(key) not in (str, int, float, bool, type(None), bytes):
            raise machine.refusal(f"a dict with a {type(key).__name__} as a key")
        target[key] = value


def _extend(machine: _Machine, values: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not list:
        raise machine.refusal(f"values added to a {type(target).__name__}")
    target.extend(values)


def _tuple_of(n: int) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(tuple(machine.pop(n)))


def _new_dict(machine: _Machine, argument: Any) -> None:
    pairs = machine.pop_to_mark()
    machine.stack.append({})
    _set_items(machine, pairs)


def _check_plain(value: Any, machine: _Machine) -> None:
    """Refuse a result in which a name, a mark or an unfilled array is left over."""
    waiting, seen = [value], set()
    while waiting:
        one = waiting.pop()
        if type(one) in _PLAIN or isinstance(one, np.generic) or id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is dict:
            waiting += one.values()
        elif type(one) in (list, tuple):
            waiting += one
        elif type(one) is not np.ndarray:
            raise machine.refusal(one.name if isinstance(one, _Name) else "an unfinished object")
        elif one.dtype.hasobject:
            waiting += one.ravel().tolist()


_PUSHES = {
    *("INT", "LONG", "LONG1", "LONG4", "BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _Mark,
}
_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda machine, argument: None,
    "FRAME": lambda machine, argument: None,
    "STOP": lambda machine, argument: None,
    "PUT": lambda machine, argument: machine.note(argument),
    "BINPUT": lambda machine, argument: machine.note(argument),
    "LONG_BINPUT": lambda machine, argument: machine.note(argument),
    "MEMOIZE": lambda machine, argument: machine.note(len(machine.notes)),
    "GET": lambda machine, argument: machine.stack.append(machine.notes[argument]),
    "BINGET": lambda machine, argument: machine.stack.append(machine.notes[argument]),
    "LONG_BINGET": lambda machine, argument: machine.stack.append(machine.notes[argument]),
    "TUPLE": lambda machine, argument: machine.stack.append(tuple(machine.pop_to_mark())),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "LIST": lambda machine, argument: machine.stack.append(machine.pop_to_mark()),
    "DICT": _new_dict,
    "APPEND": lambda machine, argument: _extend(machine, machine.pop(1)),
    "APPENDS": lambda machine, argument: _extend(machine, machine.pop_to_mark()),
    "SETITEM": lambda machine, argument: _set_items(machine, machine.pop(2)),
    "SETITEMS": lambda machine, argument: _set_items(machine, machine.pop_to_mark()),
    "GLOBAL": lambda machine, argument: _names(machine, _dotted(argument)),
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _call,
    "BUILD": _build,
}
_CALLS: dict[str, Callable[..., Any]] = {
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _frombuffer,
    "numpy.dtype": _dtype,
    "_codecs.encode": _encode,
    "builtins.bytes": _empty_bytes,
}
_KNOWN = {*_CALLS, "numpy.ndarray"}
