"""Networks trained on ImageNet: EfficientNet-Lite0 ships with the course, ResNet-18 comes from torchvision's cache.

    model = efficientnet_lite0()                   timm's tf_efficientnet_lite0 in eval mode, no download
    x = preprocess(photograph("coffee"))           (1, 3, 224, 224) float32
    IMAGENET_CLASSES[model(x).argmax().item()]     "espresso"

Where the shipped weights come from, and under which licence, is written in cnnkit/assets/README.md.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights

from cnnkit import data

# In the order of the 1000 logits; torchvision ships the names, and timm's networks have the same order.
IMAGENET_CLASSES = tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])

# The lite networks were trained on (x - 127) / 128 of values 0..255, not on the mean and deviation of ImageNet:
# tensorflow/tpu, efficientnet/lite/efficientnet_lite_builder.py, MEAN_RGB and STDDEV_RGB.
LITE_MEAN, LITE_STD = 127.0, 128.0
RESNET18_MEGABYTES = 47
SMALLEST_SIZE = 32  # pixels; the network halves its input five times


def efficientnet_lite0(pretrained: bool = True) -> nn.Module:
    """Build EfficientNet-Lite0 for 1000 classes, in eval mode, with the shipped ImageNet weights or with random ones.

    It maps float32 (N, 3, H, W) from preprocess to logits (N, 1000); model.forward_features gives (N, 1280, H/32, W/32),
    model.classifier is the head, and model.reset_classifier(classes) puts a new one there. The weights are stored in
    float16, which moves the logits by a few hundredths.
    Raises FileNotFoundError or RuntimeError when the shipped file is missing or is not the listed one.
    Source: Tan, Le, "EfficientNet", arXiv:1905.11946; Liu, "Higher accuracy on vision models with EfficientNet-Lite",
    TensorFlow blog, 2020; timm's tf_efficientnet_lite0.
    """
    import timm

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    if pretrained:
        model.load_state_dict(_shipped_weights())
    return model.eval()


def _shipped_weights() -> dict[str, Tensor]:
    import safetensors.torch

    path = data.EFFICIENTNET_LITE0_FILE
    try:
        content = path.read_bytes()
        listed = data.listed_hashes().get(path.name)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"efficientnet_lite0: {error.filename} is missing; {data.REPAIR}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != listed:
        raise RuntimeError(
            f"efficientnet_lite0: {path} is damaged or another file ({len(content):,} bytes, SHA-256 {found[:12]}..., "
            f"listed is {listed[:12] if listed else 'none'}...); {data.REPAIR}"
        )
    stored = safetensors.torch.load(content)
    return {name: value.float() if value.is_floating_point() else value for name, value in stored.items()}


def preprocess(images: np.ndarray, size: int = 224) -> Tensor:
    """Turn pictures into what EfficientNet-Lite0 takes: resize, cut out the middle square, (x - 127) / 128.

    images are uint8 (N, H, W, 3) or one (H, W, 3). The shorter side becomes size pixels (bilinear, low-pass filtered when
    it shrinks); what the longer side has beyond size is cut off at both ends. Returns float32 (N, 3, size, size), N = 1
    for one picture.
    Raises ValueError when images are no such pictures or size is no whole number from 32 on.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = f"an array of {images.dtype}" if isinstance(images, np.ndarray) else type(images).__name__
        raise ValueError(f"preprocess: images must be a NumPy array of uint8, values 0 to 255, not {kind}.")
    if images.ndim not in (3, 4) or images.shape[-1] != 3 or 0 in images.shape:
        raise ValueError(f"preprocess: images must have the shape (N, H, W, 3) or (H, W, 3), not {images.shape}.")
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < SMALLEST_SIZE:
        raise ValueError(f"preprocess: size must be a whole number of pixels from {SMALLEST_SIZE} on, not {size!r}.")
    size = int(size)
    batch = images if images.ndim == 4 else images[None]
    x = torch.from_numpy(np.ascontiguousarray(batch)).permute(0, 3, 1, 2).float()  # (N, H, W, 3) -> (N, 3, H, W)
    shorter = min(x.shape[2:])
    height, width = (max(size, round(side * size / shorter)) for side in x.shape[2:])
    if (height, width) != tuple(x.shape[2:]):
        x = F.interpolate(x, size=(height, width), mode="bilinear", antialias=True, align_corners=False)
    top, left = (height - size) // 2, (width - size) // 2
    x = x[:, :, top : top + size, left : left + size]
    return ((x - LITE_MEAN) / LITE_STD).contiguous()


def resnet18(pretrained: bool = True, download: bool = False) -> nn.Module:
    """Build torchvision's ResNet-18 for 1000 classes, in eval mode, with its ImageNet weights or with random ones.

    The weights are looked for where torch.hub keeps them (~/.cache/torch/hub/checkpoints; the environment variable
    TORCH_HOME moves it); with download=True they are fetched, 47 MB, when they are not there. Inputs are made by
    torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms(), not by preprocess.
    Raises FileNotFoundError when the weights are not there and download is False, RuntimeError when the download fails or
    the file is damaged.
    Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", arXiv:1512.03385; torchvision.
    """
    from torchvision import models

    model = models.resnet18(weights=None)
    if pretrained:
        model.load_state_dict(_cached_weights(ResNet18_Weights.IMAGENET1K_V1, download))
    return model.eval()


def _cached_weights(weights: ResNet18_Weights, download: bool) -> dict[str, Tensor]:
    from http.client import HTTPException

    path = Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)
    if path.is_file():
        begins_with = path.stem.rpartition("-")[2]  # torchvision writes the first digits of the SHA-256 into the name
        if not data.sha256(path).startswith(begins_with):
            raise RuntimeError(
                f"resnet18: {path} is damaged, its SHA-256 does not begin with {begins_with}; delete it and call "
                "resnet18(download=True)."
            )
    elif not download:
        raise FileNotFoundError(
            f"resnet18: the weights are not in {path.parent}; resnet18(download=True) fetches them once "
            f"({RESNET18_MEGABYTES} MB, needs the internet), and efficientnet_lite0() needs no download."
        )
    else:
        print(f"Downloading ResNet-18's weights ({RESNET18_MEGABYTES} MB) with torch.hub to {path}.")
    try:
        # Downloads into a temporary file, compares its hash, and only then gives it its name.
        return weights.get_state_dict(check_hash=True, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, HTTPException) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RuntimeError(
            f"resnet18: the weights could not be downloaded ({reason}) and nothing was kept; call again with an internet "
            f"connection, copy {path} from another machine, or use efficientnet_lite0(), which needs no download."
        ) from error


BACKBONES: dict[str, Callable[..., nn.Module]] = {"efficientnet_lite0": efficientnet_lite0, "resnet18": resnet18}


def backbone(name: str, pretrained: bool = True) -> nn.Module:
    """Build one of BACKBONES by its name, without a download.

    Raises ValueError for an unknown name, listing the known ones, and what the named function raises.
    """
    if name not in BACKBONES:
        raise ValueError(f"backbone: no network is called {name!r}; there are {', '.join(BACKBONES)}.")
    return BACKBONES[name](pretrained)
