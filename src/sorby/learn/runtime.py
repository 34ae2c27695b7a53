"""What a trained network is run by: torch, or ONNX Runtime where that is quicker here.

Integers of 8 bits are not offered: see `docs/explanation/inference.md`.
"""

from __future__ import annotations

import copy
import importlib.util
import inspect
import io
import logging
import time
import warnings
import weakref
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

_LOG = logging.getLogger(__name__)

Engine: TypeAlias = Callable[..., np.ndarray]
"""``run(planes, inner=None)``: from planes (n, channels, M, N), float32, to the logits of the
window ``inner`` (all without it); every edge is a multiple of the stride."""

TOLERANCE = 1e-4
"""Another engine than torch must come so close to its logits."""

_TRIAL_PX, _TRIAL_INNER, _TRIALS = 768, (slice(192, 576), slice(192, 576)), 3
_CHOSEN: weakref.WeakKeyDictionary[nn.Module, tuple[object, Engine]] = weakref.WeakKeyDictionary()


def engine(network: nn.Module, in_channels: int) -> Engine:
    """The quickest way there is on this machine to run a network.

    torch is the default. Where ``onnxruntime`` is installed (``pip install sorby[fast]``) both
    are timed on a tile, once a process and state of the network, and the quicker is
    taken, if their logits agree to `TOLERANCE`.

    Parameters
    ----------
    network : Module
        In evaluation mode, with a ``stride``.
    in_channels : int
        Planes of its input.

    Returns
    -------
    callable
        From an array (n, channels, M, N), float32, to the logits.

    Examples
    --------
    >>> from sorby.learn import NETWORKS
    >>> run = engine(NETWORKS["fast"](in_channels=2, n_classes=1).eval(), 2)
    >>> run(np.zeros((1, 2, 64, 32), np.float32)).shape
    (1, 1, 64, 32)
    """
    values = [*network.parameters(), *network.buffers()]
    state = tuple((id(value), value._version) for value in values)
    known = _CHOSEN.get(network)
    if known is None or known[0] != state:
        known = _CHOSEN[network] = state, _quickest(network, in_channels)
    return known[1]


def torch_engine(network: nn.Module) -> Engine:
    """Network run by torch in the memory layout that is quick on a CPU, its state as it is."""
    knows_windows = "inner" in inspect.signature(network.forward).parameters

    def run(planes: np.ndarray, inner: tuple[slice, slice] | None = None) -> np.ndarray:
        image = torch.from_numpy(planes).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            if inner is None or knows_windows:
                logits = network(image) if inner is None else network(image, inner)
            else:
                logits = network(image)[:, :, *inner]
            return np.asarray(logits.numpy())

    return run


def folded(network: nn.Module) -> nn.Module:
    """Copy of a network with each batch normalisation made part of the convolution before it."""
    found = copy.deepcopy(network).eval()
    for block in list(found.modules()):
        if not isinstance(block, nn.Sequential):
            continue
        layers: list[nn.Module] = []
        for layer in block:
            if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1], nn.Conv2d):
                layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
            else:
                layers.append(layer)
        for name in list(block._modules):
            del block._modules[name]
        for number, layer in enumerate(layers):
            block.add_module(str(number), layer)
    return found.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _quickest(network: nn.Module, in_channels: int) -> Engine:
    plain = folded(network)
    default = torch_engine(plain)
    if importlib.util.find_spec("onnxruntime") is None:
        return default
    rng = np.random.default_rng(0)
    trial = rng.random((1, in_channels, _TRIAL_PX, _TRIAL_PX), dtype=np.float32)
    try:
        other = onnx_engine(plain, in_channels)
        apart = float(np.abs(other(trial, _TRIAL_INNER) - default(trial, _TRIAL_INNER)).max())
    except (RuntimeError, ImportError, ValueError, TypeError, AttributeError) as error:
        _LOG.warning("ONNX Runtime cannot run this network (%s): torch runs it.", error)
        return default
    if not apart <= TOLERANCE:
        _LOG.warning("ONNX Runtime is %.1g away from torch: torch runs the network.", apart)
        return default
    times = {"torch": _seconds(default, trial), "ONNX Runtime": _seconds(other, trial)}
    _LOG.info("Seconds for a tile: %s", times)
    return other if times["ONNX Runtime"] < times["torch"] else default


def onnx_engine(network: nn.Module, in_channels: int) -> Engine:
    """Network run by ONNX Runtime.

    Parameters
    ----------
    network : Module
        In evaluation mode, with a ``stride``.
    in_channels : int
        Planes of its input.

    Returns
    -------
    callable
        From planes to logits, as of `engine`.

    Raises
    ------
    ImportError
        If ``onnxruntime`` is not installed; without ``onnx`` torch's exporter raises a
        RuntimeError.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest tile
    session: Any = onnxruntime.InferenceSession(
        _onnx(network, in_channels), options, providers=["CPUExecutionProvider"]
    )

    def run(planes: np.ndarray, inner: tuple[slice, slice] | None = None) -> np.ndarray:
        logits = np.asarray(session.run(None, {"planes": planes})[0])
        return logits if inner is None else logits[:, :, *inner]

    return run


def _onnx(network: nn.Module, in_channels: int) -> bytes:
    """Network as an ONNX graph for planes of any size."""
    edge = 2 * int(network.stride)  # type: ignore[arg-type]
    any_size = {0: "n", 2: "rows", 3: "columns"}
    stream = io.BytesIO()
    plain = copy.deepcopy(network).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with warnings.catch_warnings():
        # the exporter by tracing needs onnx beside torch; it warns that it is the old one
        warnings.simplefilter("ignore")
        torch.onnx.export(
            plain,
            (torch.zeros(1, in_channels, edge, edge),),
            stream,  # type: ignore[arg-type]
            dynamo=False,
            input_names=["planes"],
            output_names=["logits"],
            dynamic_axes={"planes": any_size, "logits": any_size},
        )
    return stream.getvalue()


def _seconds(run: Engine, planes: np.ndarray) -> float:
    """Shortest of a few runs."""
    times = []
    for _ in range(_TRIALS):
        began = time.perf_counter()
        run(planes, _TRIAL_INNER)
        times.append(time.perf_counter() - began)
    return min(times)
