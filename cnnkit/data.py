"""Images for the course, offline: a subset of Fashion-MNIST, emoji, photographs, and on demand the full sets.

    images, labels = fashion_mnist("train")        (10000, 28, 28) uint8, (10000,) int64
    images, labels = emoji()                       (N, 64, 64, 3) uint8, (N,) int64
    cat = photograph("chelsea", size=128)          (128, 192, 3) uint8
    train, test = stratified_split(labels, 20, 10, seed=0)
    images, labels = full_dataset("cifar10", "train", download=True)

Importing this module loads NumPy and nothing heavier. Where each file comes from, and under which licence, is written
in cnnkit/assets/README.md.
"""

import hashlib
import importlib.util
import io
import os
import pickle
import re
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

ASSETS = Path(__file__).parent / "assets"
FASHION_MNIST_FILE = ASSETS / "fashion_mnist_12k.npz"
EMOJI_FILE = ASSETS / "emoji_64.zip"
EFFICIENTNET_LITE0_FILE = ASSETS / "efficientnet_lite0_imagenet_fp16.safetensors"  # read by cnnkit.backbones
SHIPPED_FILES = (FASHION_MNIST_FILE, EMOJI_FILE, EFFICIENTNET_LITE0_FILE)

REPAIR = "get the course's own copy back, with `git checkout -- cnnkit/assets` in a clone, or by installing cnnkit again."

REPAIR_SKIMAGE = "`pip install --force-reinstall --no-deps scikit-image` brings it back."

# In the order of the labels 0..9; Xiao, Rasul, Vollgraf, "Fashion-MNIST", arXiv:1708.07747, table 2.
FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

# In the order of the labels 0..5; the folders of EMOJI_FILE.
EMOJI_CLASSES = ("animal", "clothing", "food", "place", "tool", "vehicle")
EMOJI_SIZE = 64  # pixels

# Name -> file in the data folder of scikit-image. Only files that its wheel holds, so that nothing is ever downloaded,
# and only photographs whose origin scikit-image documents.
PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "chelsea": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble_deep_field": "hubble_deep_field.jpg",
    "immunohistochemistry": "ihc.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}


class FullDataset(NamedTuple):
    """What is known of a full set: its title, its class in torchvision.datasets, its folder under root, its size."""

    title: str
    torchvision_class: str
    folder: str
    megabytes: int


FULL_DATASETS = {
    "fashion_mnist": FullDataset("Fashion-MNIST", "FashionMNIST", "FashionMNIST", 31),
    "mnist": FullDataset("MNIST", "MNIST", "MNIST", 12),
    "cifar10": FullDataset("CIFAR-10", "CIFAR10", "cifar-10-batches-py", 171),
}

# Y' = 0.2126 R' + 0.7152 G' + 0.0722 B', ITU-R BT.709-6, item 3.2; the primaries are those of sRGB.
LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)


def fashion_mnist(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Load the shipped subset of Fashion-MNIST.

    Returns images (N, 28, 28) uint8 and labels (N,) int64, indices into FASHION_MNIST_CLASSES; N is 10,000 for "train"
    (1,000 a class) and 2,000 for "test" (200 a class), in a mixed order. The arrays are yours to change.
    Raises ValueError for another split, FileNotFoundError or RuntimeError when the shipped file is missing or damaged.
    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST", arXiv:1708.07747.
    """
    if split not in ("train", "test"):
        raise ValueError(f"fashion_mnist: split must be 'train' or 'test', not {split!r}.")
    try:
        with FASHION_MNIST_FILE.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return archive[f"{split}_images"], archive[f"{split}_labels"].astype(np.int64)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{FASHION_MNIST_FILE} is missing; {REPAIR}") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise RuntimeError(f"{FASHION_MNIST_FILE} is damaged ({error}); {REPAIR}") from error


def emoji_rgba() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Load the shipped emoji with their alpha channel.

    Returns images (N, 64, 64, 4) uint8, red, green, blue and alpha (0 is transparent, 255 opaque; colours are not
    multiplied by it), labels (N,) int64, indices into EMOJI_CLASSES, and N names by Unicode such as "cat face". The
    classes come one after the other: split with stratified_split. The arrays are yours to change.
    Raises FileNotFoundError or RuntimeError when the shipped file is missing or damaged.
    Source: Google, Noto Emoji, Unicode 16.0; see cnnkit/assets/README.md.
    """
    from PIL import Image

    images, labels, names = [], [], []
    try:
        with zipfile.ZipFile(EMOJI_FILE) as archive:
            for path in archive.namelist():
                folder, _, file = path.partition("/")
                with Image.open(io.BytesIO(archive.read(path))) as picture:
                    images.append(np.asarray(picture.convert("RGBA")))
                labels.append(EMOJI_CLASSES.index(folder))
                names.append(file.removesuffix(".png").partition("_")[2].replace("_", " "))
        return np.stack(images), np.array(labels, np.int64), names
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{EMOJI_FILE} is missing; {REPAIR}") from error
    except (OSError, EOFError, ValueError, KeyError, SyntaxError, zipfile.BadZipFile, zlib.error) as error:
        raise RuntimeError(f"{EMOJI_FILE} is damaged ({error}); {REPAIR}") from error


def emoji(background: int | tuple[int, int, int] = 255) -> tuple[np.ndarray, np.ndarray]:
    """Load the shipped emoji on a plain background.

    background is a grey value or red, green and blue, each 0 to 255; a transparent pixel takes it, a half transparent
    one a mixture. Returns images (N, 64, 64, 3) uint8 and labels (N,) int64, indices into EMOJI_CLASSES. The classes come
    one after the other: split with stratified_split. The arrays are yours to change.
    Raises ValueError for another background, FileNotFoundError or RuntimeError when the shipped file is missing or damaged.
    Source: Google, Noto Emoji, Unicode 16.0; see cnnkit/assets/README.md.
    """
    colour = np.asarray(background)
    if colour.shape not in ((), (3,)) or colour.dtype.kind not in "iu" or colour.min() < 0 or colour.max() > 255:
        raise ValueError(f"emoji: background must be a whole number from 0 to 255 or three of them, not {background!r}.")
    rgba, labels, _ = emoji_rgba()
    alpha = rgba[..., 3:].astype(np.uint32)
    mixed = rgba[..., :3] * alpha + colour.astype(np.uint32) * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8), labels  # rounded to the nearest: 255 is odd, so there are no ties


def stratified_split(labels: np.ndarray, *sizes: int, seed: int) -> tuple[np.ndarray, ...]:
    """Draw disjoint sets of indices with the same number of images of every class.

    labels (N,) whole numbers; sizes are counts per class, one for each set. Returns for each size an array of
    size x classes indices in a mixed order; the same labels, sizes and seed give the same indices.
    Raises ValueError when labels has another shape, a size is no positive whole number, or a class has too few images.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"stratified_split: labels must have one axis, not the shape {labels.shape}.")
    if not sizes or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in sizes):
        raise ValueError(f"stratified_split: sizes must be positive whole numbers, images per class, not {sizes!r}.")
    rng = np.random.default_rng(seed)
    drawn = [[] for _ in sizes]
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        if len(members) < sum(sizes):
            needed = " + ".join(map(str, sizes)) + (f" = {sum(sizes)}" if len(sizes) > 1 else "")
            raise ValueError(f"stratified_split: class {label} has {len(members)} images, {needed} are needed.")
        for part, chosen in zip(drawn, np.split(members, np.cumsum(sizes))[:-1], strict=True):
            part.append(chosen)
    return tuple(rng.permutation(np.concatenate(part)) for part in drawn)


def photograph_file(name: str) -> Path:
    """Find the file of a photograph inside the installed scikit-image.

    Raises ValueError for an unknown name, listing the known ones, and FileNotFoundError when scikit-image or the file
    is missing.
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(f"photograph: no photograph is called {name!r}; there are {', '.join(PHOTOGRAPHS)}.")
    # find_spec does not import scikit-image; reading by path cannot start a download, as skimage.data may.
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("photograph: scikit-image is not installed; `pip install scikit-image` brings them.")
    path = Path(spec.origin).parent / "data" / PHOTOGRAPHS[name]
    if not path.is_file():
        raise FileNotFoundError(f"photograph: {path} is missing; {REPAIR_SKIMAGE}")
    return path


def photograph(name: str, size: int | None = None, grey: bool = False) -> np.ndarray:
    """Load one of the photographs of scikit-image.

    name is a key of PHOTOGRAPHS; size is the length of the shorter side in pixels, None for the original. A smaller
    picture is low-pass filtered first (Lanczos), so that it has no aliasing; its sides keep their ratio to the nearest
    pixel. Returns uint8 (H, W, 3), or (H, W) with grey=True and for the photographs taken in grey (brick, camera,
    clock, coins, grass, gravel). Grey is 0.2126 R + 0.7152 G + 0.0722 B of the stored values (ITU-R BT.709-6), rounded.
    Raises ValueError for an unknown name or a size that is not between 1 and the shorter side, FileNotFoundError when
    scikit-image lacks the file, RuntimeError when the file is damaged.
    """
    from PIL import Image

    path = photograph_file(name)
    try:
        with Image.open(path) as opened:
            picture = opened.convert("L" if opened.mode in ("L", "1") else "RGB")
    except OSError as error:
        raise RuntimeError(f"photograph: {path} is damaged ({error}); {REPAIR_SKIMAGE}") from error
    if size is not None:
        shorter = min(picture.size)
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or not 1 <= size <= shorter:
            raise ValueError(
                f"photograph: size must be a whole number from 1 to {shorter} ({name}'s shorter side), not {size!r}."
            )
        width, height = (max(1, round(side * int(size) / shorter)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    image = np.array(picture)
    if grey and image.ndim == 3:
        image = np.rint(image @ np.array(LUMINANCE_WEIGHTS)).astype(np.uint8)
    return image


def full_dataset(
    name: str, split: str = "train", root: str | os.PathLike | None = None, download: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Load a full data set through torchvision.datasets and print where it comes from.

    name is a key of FULL_DATASETS, split "train" or "test". The files lie under root, by default the folder that the
    environment variable CNNKIT_DATA names, else ~/.cache/cnnkit. With download=True they are fetched when their folder
    is not there, with a progress bar; a download that fails leaves nothing behind. Returns images uint8, (N, 28, 28) or
    for CIFAR-10 (N, 32, 32, 3), and labels (N,) int64.
    Raises ValueError for an unknown name or split, FileNotFoundError when the set is not there and download is False,
    RuntimeError when the download fails or the files are damaged.
    Source: Xiao, Rasul, Vollgraf 2017 (Fashion-MNIST); LeCun, Bottou, Bengio, Haffner 1998 (MNIST); Krizhevsky 2009
    (CIFAR-10).
    """
    if name not in FULL_DATASETS:
        raise ValueError(f"full_dataset: no data set is called {name!r}; there are {', '.join(FULL_DATASETS)}.")
    if split not in ("train", "test"):
        raise ValueError(f"full_dataset: split must be 'train' or 'test', not {split!r}.")
    full = FULL_DATASETS[name]
    root = Path(root or os.environ.get("CNNKIT_DATA") or Path.home() / ".cache" / "cnnkit").expanduser()
    folder = root / full.folder
    if not folder.is_dir():
        if not download:
            raise FileNotFoundError(
                f"full_dataset: {full.title} is not in {root}; full_dataset({name!r}, download=True) fetches it once "
                f"({full.megabytes} MB, needs the internet), and fashion_mnist() needs no download."
            )
        _download(full, root)

    import torch
    from torchvision import datasets

    try:
        opened = getattr(datasets, full.torchvision_class)(root, train=split == "train")
        images = torch.as_tensor(opened.data).contiguous().numpy()
        labels = torch.as_tensor(opened.targets, dtype=torch.int64).numpy()
        if len(images) != len(labels):
            raise ValueError(f"{len(images)} images but {len(labels)} labels")
    except (
        AssertionError,  # torchvision asserts the header of an idx file
        EOFError,
        KeyError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        raise RuntimeError(
            f"full_dataset: the files in {folder} are damaged ({_one_line(error)}); delete that folder and call "
            f"full_dataset({name!r}, download=True)."
        ) from error
    print(f"{full.title}, full {split} set: {len(images):,} images from {folder}, read by torchvision.datasets.")
    return images, labels


def _download(full: FullDataset, root: Path) -> None:
    from http.client import HTTPException

    from torchvision import datasets

    print(f"Downloading {full.title} ({full.megabytes} MB) with torchvision.datasets into {root}.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Inside root, so that the finished folder moves by one rename; whatever goes wrong, the rest is deleted.
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as temporary:
            getattr(datasets, full.torchvision_class)(temporary, download=True)
            Path(temporary, full.folder).rename(root / full.folder)
    except (OSError, RuntimeError, HTTPException) as error:
        raise RuntimeError(
            f"full_dataset: {full.title} could not be downloaded ({_one_line(error)}) and nothing was kept; call again "
            f"with an internet connection, copy {root / full.folder} from another machine, or use fashion_mnist(), "
            "which needs no download."
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def listed_hashes() -> dict[str, str]:
    """Read the SHA-256 that cnnkit/assets/README.md lists for every shipped file and every photograph, by file name.

    Raises FileNotFoundError when README.md is missing.
    """
    table = (ASSETS / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", table, re.MULTILINE))


def sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
