"""Model files: what goes in comes out, and nothing else gets in."""

import errno
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from sorby.core.errors import ModelError, ProjectError
from sorby.core.records import ModelCard
from sorby.learn import checkpoint, load_checkpoint, save_checkpoint

CARD = ModelCard(
    name="pore finder <script>alert(1)</script>",
    task="défaut µm",
    classes=("a", "b"),
    scores={"macro_f1": {"mean": 0.5, "sd": 0.1}},
    settings={"seed": 3, "list": [1, None, True]},
    versions={"numpy": "2"},
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "model.safetensors"


def test_arrays_and_card_come_back_unchanged(path, rng):
    arrays = {
        "half": rng.normal(size=(3, 4)).astype(np.float16),
        "turned": rng.normal(size=(5, 2)).T,
        "whole": np.arange(7),
        "scalar": np.float32(2.5),
    }
    save_checkpoint(path, {**arrays, "tensor": torch.eye(2)}, CARD)
    loaded, card = load_checkpoint(path)
    assert card == CARD
    np.testing.assert_array_equal(loaded.pop("tensor"), np.eye(2))
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == np.asarray(array).dtype
        assert loaded[name].shape == np.shape(array)


def test_the_same_model_gives_the_same_bytes(path, tmp_path):
    save_checkpoint(path, {"b": np.ones(3), "a": np.zeros(2)}, CARD)
    again = tmp_path / "again.safetensors"
    save_checkpoint(again, {"a": np.zeros(2), "b": np.ones(3)}, CARD)
    assert path.read_bytes() == again.read_bytes()


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('executed')",))


def test_a_pickle_is_refused_and_not_executed(tmp_path):
    path = tmp_path / "model.safetensors"
    for write in (lambda: path.write_bytes(pickle.dumps(Bomb())), lambda: torch.save(Bomb(), path)):
        write()
        with pytest.raises(ModelError, match="not a whole safetensors file"):
            load_checkpoint(path)


def test_a_file_cut_anywhere_is_refused(path):
    save_checkpoint(path, {"weights": np.arange(100.0)}, CARD)
    content = path.read_bytes()
    for length in (0, 1, 7, 8, 50, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"model\.safetensors"):
            load_checkpoint(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.safetensors is not a file"):
        load_checkpoint(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    "card",
    [
        None,
        "",
        "[" * 100_000,
        "[1, 2]",
        "3",
        json.dumps({"name": "x"}),
        json.dumps({**CARD.__dict__, "classes": "ab"}),
        json.dumps({**CARD.__dict__, "classes": [1, 2]}),
        json.dumps({**CARD.__dict__, "name": {"$eval": "1"}}),
        json.dumps({**CARD.__dict__, "settings": []}),
        json.dumps({**CARD.__dict__, "versions": {"numpy": 2}}),
        json.dumps({**CARD.__dict__, "__class__": "os.system"}),
    ],
)
def test_a_file_without_a_proper_card_is_refused(card, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": np.ones(1)}, path, metadata=None if card is None else {"sorby_card": card})
    with pytest.raises(ModelError, match="no valid Sorby model card"):
        load_checkpoint(path)


def test_what_cannot_be_saved_is_refused_and_the_old_file_stays(path):
    save_checkpoint(path, {"a": np.ones(1)}, CARD)
    before = path.read_bytes()
    with pytest.raises(ModelError, match="'words' is of type"):
        save_checkpoint(path, {"words": np.array([{"a": 1}])}, CARD)
    with pytest.raises(ModelError, match="not plain JSON"):
        save_checkpoint(path, {"a": np.ones(1)}, ModelCard("x", "y", ("a",), scores={"f": np.nan}))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


def test_a_full_disk_leaves_the_old_file(path, monkeypatch):
    save_checkpoint(path, {"a": np.ones(1)}, CARD)
    before = path.read_bytes()

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(ProjectError, match="No space left"):
        save_checkpoint(path, {"a": np.zeros(1)}, CARD)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


def test_reading_a_model_file_does_not_import_torch(path):
    save_checkpoint(path, {"a": np.ones(1)}, CARD)
    code = (
        "import sys; from pathlib import Path; from sorby.learn import checkpoint, load_checkpoint;"
        "load_checkpoint(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
