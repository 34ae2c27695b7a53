"""Arrays out of pickles: all of NumPy's ways of writing them, and no way to run anything."""

import contextlib
import copyreg
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import PurePosixPath

import numpy as np
import pytest

from sorby.core.errors import ReadError
from sorby.io import legacy
from sorby.io.legacy import read_pickled_arrays


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.pkl"


def objects(*values):
    array = np.empty(len(values), object)
    for place, value in enumerate(values):
        array[place] = value
    return array


def same(found, written):
    if isinstance(written, np.ndarray):
        assert found.shape == written.shape
        assert found.dtype == written.dtype
        if written.dtype == object:
            for one, other in zip(found.flat, written.flat, strict=True):
                same(one, other)
        else:
            np.testing.assert_array_equal(found, written)
    elif isinstance(written, list | tuple):
        assert type(found) is type(written) and len(found) == len(written)
        for one, other in zip(found, written, strict=True):
            same(one, other)
    elif isinstance(written, dict):
        assert list(found) == list(written)
        same(list(found.values()), list(written.values()))
    else:
        assert type(found) is type(written)
        assert found == written


PLAIN = {
    "numbers": [0, 1, 255, 65536, -7, 10**30, 0.25, True, False, None],
    "text": ("µm", b"raw", b"", ()),
    "one": (1,),
    "nested": [[{"a": (1, 2, 3, 4)}], {}],
    3: "number as a key",
}
ARRAYS = {
    "images": [
        np.arange(12, dtype=np.uint8).reshape(3, 4),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(24, dtype=">u2").reshape(2, 3, 4)[:, ::2],
        np.array([[True, False]]),
        np.zeros((0, 3), np.float32),
        np.float32(1.5) * np.ones((2, 2), np.float16),
        np.array(7),
    ],
    "labels": np.array([0, 1, 1]),
    "names": np.array(["pore", "lof"]),
    "masks": objects(np.ones((2, 3), bool), np.zeros((1, 2))),
    "scalars": [np.int64(3), np.float32(0.5), np.bool_(True), np.str_("lof")],
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("written", [PLAIN, ARRAYS], ids=["plain", "arrays"])
def test_what_was_written_comes_back(path, protocol, written):
    path.write_bytes(pickle.dumps(written, protocol))
    same(read_pickled_arrays(path), written)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_an_array_listed_twice_is_the_same_array(path, protocol):
    array = np.ones((2, 2))
    path.write_bytes(pickle.dumps([array, array, objects(array)], protocol))
    found = read_pickled_arrays(path)
    assert found[0] is found[1] is found[2][0]


@pytest.mark.parametrize("protocol", [2, 4])
def test_files_of_numpy_1_are_read(path, protocol):
    old, new = b"numpy.core.multiarray", b"numpy._core.multiarray"
    content = pickle.dumps(np.eye(2), protocol)
    if protocol == 4:  # text with its length before it, in a frame with its own
        old, new = bytes([len(old)]) + old, bytes([len(new)]) + new
        content = content[:2] + content[11:]
    assert new in content
    path.write_bytes(content.replace(new, old))
    same(read_pickled_arrays(path), np.eye(2))


class Call:
    def __init__(self, function, *values):
        self.reduced = (function, values)

    def __reduce__(self):
        return self.reduced


class Custom:
    pass


class Stated:
    def __reduce__(self):
        return (list, (), {"a": 1})


def hooked(place):
    return objects(Call(os.mkdir, str(place)))


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_a_file_asks_for_is_executed(path, tmp_path, protocol):
    place = tmp_path / "executed"
    for bomb, asked in (
        (Call(os.mkdir, str(place)), "posix.mkdir"),
        (Call(os.system, f"mkdir {place}"), "posix.system"),
        (Call(eval, f"__import__('os').mkdir({str(place)!r})"), "eval"),
        (Call(getattr, "text", "upper"), "getattr"),
        (hooked(place), "posix.mkdir"),
        ({"images": [np.eye(2), Call(os.mkdir, str(place))]}, "posix.mkdir"),
        (Custom(), "test_legacy|copy"),
        (Stated(), "list"),
        (OrderedDict(a=1), "OrderedDict"),
        (PurePosixPath("a"), "pathlib"),
        (np.ma.masked_array([1.0], [True]), "numpy.ma"),
        (np.datetime64("2020"), "number type"),
        (np.zeros(1, [("a", "i4")]), "number type"),
        ({1, 2}, "set|step EMPTY_SET"),
        (2j, "complex"),
        (np.random.default_rng(0), "numpy.random"),
        (os.system, "posix.system"),
        (np.ndarray, "numpy.ndarray"),
    ):
        path.write_bytes(pickle.dumps(bomb, protocol))
        with pytest.raises(ReadError, match=rf"set\.pkl is no plain set.*asks for .*({asked})"):
            read_pickled_arrays(path)
    assert not place.exists()


def text(value):
    return b"\x8c" + bytes([len(value)]) + value.encode()


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (b"(S'mkdir hacked'\nios\nsystem\n.", "string|STRING"),
        (b"(Vmkdir hacked\nios\nsystem\n.", "os.system"),
        (b"(cos\nsystem\nVmkdir hacked\no.", "os.system"),
        (
            b"\x80\x04" + text("os") + text("system") + b"\x93" + text("mkdir hacked") + b"\x85R.",
            "os",
        ),
        (b"\x80\x04" + text("numpy") + text("ndarray.tofile") + b"\x93.", "tofile"),
        (b"\x80\x04" + text("numpy.core.multiarray") + text("_reconstruct.x") + b"\x93.", "x"),
        (b"\x80\x04K\x01K\x02\x93.", "no text"),
        (b"cnumpy\nndarray\n(I5\ntR.", "call of numpy.ndarray"),
        (b"cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        (b"cnumpy\nndarray\n)}\x92.", "NEWOBJ_EX"),
        (b"Pmodel\n.", "persistent"),
        (b"Vmodel\nQ.", "persistent"),
        (b"\x82\x01.", "registered class 1"),
        (b"\x83\x01\x00.", "registered class 1"),
        (b"\x84\x01\x00\x00\x00.", "registered class 1"),
        (b"]}b.", "state of a list"),
        (b"cnumpy\ndtype\n}b.", "state of a _Name"),
        (b"c_codecs\nencode\n(Vabc\nVrot13\ntR.", "encoding"),
        (b"c__builtin__\nbytes\n(I5\ntR.", "bytes from"),
        (b"}(]I1\nu.", "as a key"),
        (b"})I1\ns.", "as a key"),
        (b"(I1\nI2\nI3\nd.", "entries"),
        (b"I1\nI2\na.", "added to a int"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"I1\n2.", "DUP"),
        (b"\x8f(I1\n\x90.", "EMPTY_SET"),
    ],
)
def test_steps_that_arrays_do_not_need_are_refused(path, tmp_path, monkeypatch, content, asked):
    monkeypatch.chdir(tmp_path)
    copyreg.add_extension("os", "system", 1)
    try:
        path.write_bytes(content)
        with pytest.raises(ReadError, match=asked):
            read_pickled_arrays(path)
    finally:
        copyreg.remove_extension("os", "system", 1)
    assert list(tmp_path.iterdir()) == [path]


def frombuffer(values, code, shape, order="C"):
    shape = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in shape) + b"t"
    dtype = b"cnumpy\ndtype\n(" + text(code) + b"\x89\x88tR"
    values = b"B" + struct.pack("<I", len(values)) + values
    return b"cnumpy._core.numeric\n_frombuffer\n(" + values + dtype + shape + text(order) + b"tR."


def test_an_array_is_of_its_bytes_and_of_no_others(path):
    path.write_bytes(frombuffer(bytes(6), "u1", (2, 3)))
    assert read_pickled_arrays(path).shape == (2, 3)
    for bad in (
        frombuffer(bytes(6), "u1", (2, 4)),
        frombuffer(bytes(6), "u1", (2, 2)),
        frombuffer(bytes(6), "f8", (2, 3)),
        frombuffer(b"", "u1", (2**30, 2**30)),
        frombuffer(bytes(6), "u1", (-2, -3)),
        frombuffer(bytes(1), "u1", (1,) * 40),
        frombuffer(bytes(8), "O8", (1,)),
        frombuffer(bytes(6), "u1", (2, 3), "K"),
        frombuffer(bytes(6), "V6", (1,)),
        frombuffer(bytes(6), "u9", (1,)),
    ):
        path.write_bytes(bad)
        with pytest.raises(ReadError, match=r"set\.pkl"):
            read_pickled_arrays(path)


def test_damaged_files_are_refused_wherever_they_are_cut(path):
    for protocol in (0, 2, 5):
        whole = pickle.dumps(ARRAYS, protocol)
        for length in range(0, len(whole) - 1, 7):
            path.write_bytes(whole[:length])
            with pytest.raises(ReadError, match=r"set\.pkl"):
                read_pickled_arrays(path)
    with pytest.raises(ReadError, match="does not exist"):
        read_pickled_arrays(path.with_name("none.pkl"))


def test_flipped_bytes_give_arrays_or_an_error_of_ours(path, rng):
    for protocol in (2, 4):
        whole = pickle.dumps(ARRAYS, protocol)
        for _ in range(300):
            spoilt = bytearray(whole)
            spoilt[rng.integers(len(whole))] = rng.integers(256)
            path.write_bytes(spoilt)
            with contextlib.suppress(ReadError):
                read_pickled_arrays(path)


@pytest.mark.parametrize(
    "content",
    [
        b"(" * 50_000 + b"t" * 50_000 + b".",
        b"]" + b"]a" * 50_000 + b".",
        b"])" + b"\x85" * 100_000 + b"s.",
        b"}" + b")" + b"\x85" * 100_000 + b"I1\ns.",
        b"c" + b"a" * 100_000 + b"\nb\n.",
        b"I" + b"9" * 100_000 + b"\n.",
    ],
)
def test_deep_or_endless_content_does_not_crash(path, content):
    path.write_bytes(content)
    try:
        read_pickled_arrays(path)
    except ReadError as error:
        assert len(str(error)) < 1000


def test_a_list_that_holds_itself_is_no_endless_loop(path):
    loop = []
    loop.append(loop)
    path.write_bytes(pickle.dumps(loop))
    assert type(read_pickled_arrays(path)) is list


def test_a_small_file_cannot_grow_beyond_the_cap(path, monkeypatch):
    monkeypatch.setattr(legacy, "MAX_BYTES", 10_000)
    grown = b"(" + b"c_codecs\nencode\n(" + b"V" + b"a" * 900 + b"\np0\nVlatin1\np1\ntR"
    grown += b"c_codecs\nencode\n(g0\ng1\ntR" * 20 + b"t."
    assert len(grown) < 10_000
    path.write_bytes(grown)
    with pytest.raises(ReadError, match="more than"):
        read_pickled_arrays(path)
    path.write_bytes(bytes(10_001))
    with pytest.raises(ReadError, match="GiB"):
        read_pickled_arrays(path)
    monkeypatch.setattr(legacy, "MAX_STEPS", 10)
    path.write_bytes(pickle.dumps(list(range(20))))
    with pytest.raises(ReadError, match="steps"):
        read_pickled_arrays(path)
