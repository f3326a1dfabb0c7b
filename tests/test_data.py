"""The course's images: shipped files, their rebuilding, photographs, and full sets without a network."""

import gzip
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from cnnkit import build_assets, data


def test_every_shipped_file_is_listed_with_its_sha256():
    listed = data.listed_hashes()
    shipped = {path.name for path in data.ASSETS.iterdir()} - {"README.md"}
    assert shipped == set(listed) - set(data.PHOTOGRAPHS.values())
    assert {name: data.sha256(data.ASSETS / name) for name in shipped} == {name: listed[name] for name in shipped}


def test_every_photograph_is_the_listed_file():
    listed = data.listed_hashes()
    found = {file: data.sha256(data.photograph_file(name)) for name, file in data.PHOTOGRAPHS.items()}
    assert found == {file: listed[file] for file in data.PHOTOGRAPHS.values()}


@pytest.mark.parametrize(("split", "per_class"), [("train", 1000), ("test", 200)])
def test_fashion_mnist_is_stratified_uint8(split, per_class):
    images, labels = data.fashion_mnist(split)
    assert images.shape == (10 * per_class, 28, 28)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels, minlength=10).tolist() == [per_class] * 10
    assert images.min() == 0
    assert images.max() == 255
    assert len(np.unique(labels[:50])) == 10, "the classes come mixed, not one after the other"


def test_fashion_mnist_gives_arrays_of_the_callers_own():
    images, labels = data.fashion_mnist("test")
    kept = images.copy(), labels.copy()
    images[:], labels[:] = 0, 0
    again = data.fashion_mnist("test")
    np.testing.assert_array_equal(again[0], kept[0])
    np.testing.assert_array_equal(again[1], kept[1])


def test_fashion_mnist_names_ten_classes():
    assert len(set(data.FASHION_MNIST_CLASSES)) == 10


def test_fashion_mnist_rejects_another_split():
    with pytest.raises(ValueError, match="must be 'train' or 'test', not 'valid'"):
        data.fashion_mnist("valid")


def test_a_missing_file_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "FASHION_MNIST_FILE", tmp_path / "nothing.npz")
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz is missing; .*git checkout -- cnnkit/assets") as caught:
        data.fashion_mnist()
    assert "\n" not in str(caught.value)


def _cut(content):
    return content[: len(content) // 2]


def _flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def _another_archive(content):
    return build_assets.pack_npz({"x": np.zeros(3)})


@pytest.mark.parametrize(
    "damage",
    [_cut, _flip, _another_archive, lambda _: b"", lambda _: b"<html>404</html>"],
    ids=["cut", "one byte flipped", "another archive", "empty", "a web page"],
)
def test_a_damaged_file_is_one_sentence(monkeypatch, tmp_path, damage):
    file = tmp_path / "subset.npz"
    file.write_bytes(damage(data.FASHION_MNIST_FILE.read_bytes()))
    monkeypatch.setattr(data, "FASHION_MNIST_FILE", file)
    with pytest.raises(RuntimeError, match=r"subset\.npz is damaged .*git checkout -- cnnkit/assets") as caught:
        data.fashion_mnist("train")
    assert "\n" not in str(caught.value)


def test_the_emoji_are_images_of_the_named_classes():
    images, labels, names = data.emoji_rgba()
    assert images.shape == (428, 64, 64, 4)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert len(data.EMOJI_CLASSES) == 6
    assert np.bincount(labels).min() >= 45
    assert len(set(names)) == len(names) == len(labels)
    called = dict(zip(names, labels, strict=True))
    examples = {"cat face": "animal", "t-shirt": "clothing", "banana": "food", "church": "place", "hammer": "tool"}
    assert {name: data.EMOJI_CLASSES[called[name]] for name in examples} == examples
    alpha = images[..., 3]
    assert (alpha.max(axis=(1, 2)) == 255).all()
    assert (alpha.min(axis=(1, 2)) == 0).all(), "every emoji has a transparent part, and so a mask"


def test_the_unpacked_emoji_are_an_image_folder(tmp_path):
    from torchvision.datasets import ImageFolder

    with zipfile.ZipFile(data.EMOJI_FILE) as archive:
        archive.extractall(tmp_path)
    folder = ImageFolder(tmp_path)
    assert tuple(folder.classes) == data.EMOJI_CLASSES
    assert sorted(folder.targets) == sorted(data.emoji()[1].tolist())


def test_no_two_emoji_are_nearly_the_same():
    images = data.emoji()[0].reshape(428, -1).astype(np.float32) / 255
    squares = (images**2).sum(axis=1)
    mean_square = (squares[:, None] + squares - 2 * images @ images.T) / images.shape[1]
    assert np.sqrt(mean_square[np.triu_indices(428, 1)].min()) > 0.1


def test_emoji_are_mixed_with_the_background():
    rgba, labels, _ = data.emoji_rgba()
    images, same = data.emoji(background=(250, 10, 128))
    assert images.shape == (428, 64, 64, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(labels, same)
    alpha = rgba[..., 3:] / 255
    exact = rgba[..., :3] * alpha + np.array([250, 10, 128]) * (1 - alpha)
    assert np.abs(images - exact).max() <= 0.5 + 1e-9
    assert {0, 255} < set(np.unique(rgba[..., 3])), "opaque, transparent and mixed pixels are all there"
    np.testing.assert_array_equal(data.emoji(7)[0], data.emoji((7, 7, 7))[0])
    assert (data.emoji()[0][rgba[..., 3] == 0] == 255).all()


@pytest.mark.parametrize("background", [256, -1, 0.5, (1, 2), (1, 2, 300), "white", True, None])
def test_an_impossible_background_is_one_sentence(background):
    with pytest.raises(ValueError, match="whole number from 0 to 255 or three of them, not"):
        data.emoji(background)


def _empty_archive(content):
    return build_assets.pack_npz({})


@pytest.mark.parametrize(
    "damage",
    [_cut, _flip, _another_archive, _empty_archive, lambda _: b"", lambda _: b"<html>404</html>"],
    ids=["cut", "one byte flipped", "another archive", "empty archive", "empty", "a web page"],
)
def test_damaged_emoji_are_one_sentence(monkeypatch, tmp_path, damage):
    file = tmp_path / "pictures.zip"
    file.write_bytes(damage(data.EMOJI_FILE.read_bytes()))
    monkeypatch.setattr(data, "EMOJI_FILE", file)
    with pytest.raises(RuntimeError, match=r"pictures\.zip is damaged .*git checkout -- cnnkit/assets") as caught:
        data.emoji()
    assert "\n" not in str(caught.value)


def test_missing_emoji_are_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "EMOJI_FILE", tmp_path / "nothing.zip")
    with pytest.raises(FileNotFoundError, match=r"nothing\.zip is missing; .*git checkout -- cnnkit/assets"):
        data.emoji_rgba()


def test_a_stratified_split_is_disjoint_with_equal_classes():
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1, 4], [30, 12, 20]))
    parts = data.stratified_split(labels, 5, 1, 6, seed=3)
    assert [len(part) for part in parts] == [15, 3, 18]
    for part, size in zip(parts, (5, 1, 6), strict=True):
        assert np.bincount(labels[part], minlength=5).tolist() == [size, size, 0, 0, size]
    together = np.concatenate(parts)
    assert len(set(together.tolist())) == len(together)
    assert (np.diff(labels[parts[2]]) != 0).sum() > 3, "the classes come mixed"


def test_a_stratified_split_depends_on_the_seed_alone():
    labels = np.arange(60) % 3
    first, again, other = (data.stratified_split(labels, 5, 6, seed=seed) for seed in (1, 1, 2))
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert sorted(first[0]) != sorted(other[0])


@pytest.mark.parametrize(
    ("labels", "sizes", "message"),
    [
        ([0, 0, 1], (1, 1), r"class 1 has 1 images, 1 \+ 1 = 2 are needed"),
        ([0, 0, 1], (2,), "class 1 has 1 images, 2 are needed"),
        ([[0, 1]], (1,), r"must have one axis, not the shape \(1, 2\)"),
        ([0, 1], (), "sizes must be positive whole numbers"),
        ([0, 1], (0,), "sizes must be positive whole numbers"),
        ([0, 1], (0.5, 0.5), "sizes must be positive whole numbers, images per class, not"),
    ],
)
def test_an_impossible_split_is_one_sentence(labels, sizes, message):
    with pytest.raises(ValueError, match=message):
        data.stratified_split(np.array(labels), *sizes, seed=0)


ORIGINALS = Path(os.environ.get("FASHION_MNIST_ORIGINALS", "/usr/share/datasets/fashion-mnist"))


def _idx(array):
    """Pack an array of bytes as the original files are packed."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=1)


def _write_originals(folder, train=12_000, test=2_500, side=2):
    """Write four files in the original format, with small images that tell their index; return the arrays."""
    folder.mkdir(exist_ok=True)
    arrays = {}
    rng = np.random.default_rng(5)
    for split, prefix, n in (("train", "train", train), ("test", "t10k", test)):
        labels = rng.permutation(np.arange(n) % 10).astype(np.uint8)
        images = rng.integers(0, 256, (n, side, side), dtype=np.uint8)
        images[:, 0, 0], images[:, 0, 1] = np.arange(n) // 256, np.arange(n) % 256
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(_idx(images))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(_idx(labels))
        arrays[split] = images, labels
    return arrays


def test_the_shipped_file_is_what_the_packer_makes_of_its_arrays():
    shipped = data.FASHION_MNIST_FILE.read_bytes()
    with np.load(data.FASHION_MNIST_FILE) as archive:
        rebuilt = build_assets.pack_npz(dict(archive))
        arrays = dict(archive)
    if "ng" in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng makes other bytes of the same arrays
        with np.load(io.BytesIO(rebuilt)) as archive:
            assert {name: a.tobytes() for name, a in archive.items()} == {n: a.tobytes() for n, a in arrays.items()}
    else:
        assert rebuilt == shipped
        if ORIGINALS.is_dir():  # where the originals are installed, the whole way from them
            assert build_assets.fashion_mnist_npz(ORIGINALS) == shipped


def test_packing_depends_on_the_arrays_alone():
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    packed = build_assets.pack_npz({"images": images})
    assert build_assets.pack_npz({"images": np.asfortranarray(images)}) == packed
    assert build_assets.pack_npz({"images": images + 1}) != packed
    with np.load(io.BytesIO(packed)) as archive:
        np.testing.assert_array_equal(archive["images"], images)


def test_the_draw_is_stratified_and_keeps_pixels_labels_and_order(tmp_path):
    originals = _write_originals(tmp_path)
    with np.load(io.BytesIO(build_assets.fashion_mnist_npz(tmp_path))) as archive:
        for split, per_class in (("train", 1000), ("test", 200)):
            images, labels = archive[f"{split}_images"], archive[f"{split}_labels"]
            index = images[:, 0, 0].astype(int) * 256 + images[:, 0, 1]
            assert (np.diff(index) > 0).all()
            assert np.bincount(labels).tolist() == [per_class] * 10
            np.testing.assert_array_equal(images, originals[split][0][index])
            np.testing.assert_array_equal(labels, originals[split][1][index])


def test_the_draw_is_by_sha256_of_seed_split_and_index():
    labels = np.repeat(np.arange(10), 6)
    chosen = build_assets.stratified_indices(labels, 1, seed=2017, split="train")
    by_hand = [
        min(range(6 * c, 6 * c + 6), key=lambda i: hashlib.sha256(f"2017/train/{i}".encode()).hexdigest()) for c in range(10)
    ]
    assert chosen.tolist() == by_hand
    assert build_assets.stratified_indices(labels, 1, seed=2018, split="train").tolist() != by_hand


def test_a_class_with_too_few_images_is_an_error():
    with pytest.raises(ValueError, match=r"class 9 \(Ankle boot\) of the test set has 3 images, 4 are needed"):
        build_assets.stratified_indices(np.repeat(np.arange(10), [4] * 9 + [3]), 4, 0, "test")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_idx(np.zeros((3, 2)))[:-12], "not a complete gzip file"),
        (b"no gzip at all", "not a complete gzip file"),
        (gzip.compress(b"GIF89a"), "not an idx file of unsigned bytes: it begins with 47 49 46 38"),
        (gzip.compress(b"\x00\x00\x08\x01\x00\x00\x00\x05abc"), r"announces \(5,\) values but holds 3"),
        (gzip.compress(b"\x00\x00\x08\x03\x00\x00"), "not an idx file of unsigned bytes"),
    ],
    ids=["cut", "no gzip", "another format", "too few values", "half a header"],
)
def test_a_damaged_original_is_one_sentence(tmp_path, content, message):
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        build_assets.read_idx(tmp_path / "x.gz")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder of originals that the command takes for the published ones."""
    folder = tmp_path / "originals"
    _write_originals(folder)
    digests = {n: hashlib.sha256(gzip.decompress((folder / n).read_bytes())).hexdigest() for n in build_assets.ORIGINALS}
    monkeypatch.setattr(build_assets, "ORIGINALS", digests)
    return folder


def _build(*args):
    return CliRunner().invoke(build_assets.app, ["fashion-mnist", *map(str, args)])


def test_the_command_writes_the_same_bytes_twice_and_checks_them(published, tmp_path):
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    assert _build(published, "--output", first).exit_code == 0
    assert _build(published, "--output", second).exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    assert _build(published, "--output", first, "--check").exit_code == 0
    first.write_bytes(b"something else")
    result = _build(published, "--output", first, "--check")
    assert result.exit_code == 1
    assert "is not what the original gives" in result.stderr
    assert first.read_bytes() == b"something else", "--check writes nothing"


def test_the_command_refuses_files_that_are_not_the_published_ones(tmp_path):
    _write_originals(tmp_path / "fake")
    result = _build(tmp_path / "fake", "--output", tmp_path / "out.npz")
    assert result.exit_code == 2
    assert "not the published originals" in result.stderr
    assert not (tmp_path / "out.npz").exists()


def test_the_command_says_how_to_get_missing_originals(tmp_path):
    result = _build(tmp_path)
    assert result.exit_code == 2
    assert "lacks train-images-idx3-ubyte.gz" in result.stderr
    assert "apt-get install dataset-fashion-mnist" in result.stderr


def _emoji_package(path, leave_out=""):
    """Write a package with the table and the images of the shipped emoji, made back from the archive, and one more."""
    with zipfile.ZipFile(data.EMOJI_FILE) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    subgroups = {name: text.split()[0] for name, text in build_assets.EMOJI_SUBGROUPS.items()}
    added = {short for text in build_assets.EMOJI_ADDED.values() for short in text.split()}
    others = {*build_assets.EMOJI_OTHER_THINGS.split(), *build_assets.EMOJI_NEAR_DUPLICATES.split()} - added
    table, contents = [], {}
    for order, (name, content) in enumerate(files.items()):
        folder, _, file = name.partition("/")
        image, _, called = file.removesuffix(".png").partition("_")
        entry = {"image": f"{image}.png", "name": called.upper().replace("_", " "), "sort_order": order}
        table.append(entry | {"short_name": f"x{order}", "subcategory": subgroups[folder]})
        contents[f"{build_assets.EMOJI_FOLDER}{image}.png"] = content
    placeholder = {"image": "0.png", "name": "OTHER", "sort_order": 0, "subcategory": "clothing"}
    table += [placeholder | {"short_name": short} for short in sorted(others)]
    for folder, text in build_assets.EMOJI_ADDED.items():
        for short in text.split():
            entry = next(e for e in table if e["subcategory"] == subgroups[folder] and e["short_name"].startswith("x"))
            entry |= {"short_name": short, "subcategory": "elsewhere"}
    contents["package/emoji.json"] = json.dumps(table[::-1]).encode()
    contents["package/README.md"] = b"not an image"
    contents.pop(leave_out, None)
    with tarfile.open(path, "w:gz") as package:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def emoji_package(tmp_path, monkeypatch):
    """A package that the command takes for the published one."""
    path = _emoji_package(tmp_path / "package.tgz")
    monkeypatch.setattr(build_assets, "EMOJI_TARBALL_SHA256", data.sha256(path))
    return path


def _build_emoji(*args):
    return CliRunner().invoke(build_assets.app, ["emoji", *map(str, args)])


def test_the_shipped_emoji_are_what_the_packer_makes_of_them(emoji_package, tmp_path):
    assert _build_emoji(emoji_package, "--output", tmp_path / "a.zip").exit_code == 0
    assert (tmp_path / "a.zip").read_bytes() == data.EMOJI_FILE.read_bytes()
    assert _build_emoji(emoji_package, "--check").exit_code == 0
    (tmp_path / "a.zip").write_bytes(b"something else")
    result = _build_emoji(emoji_package, "--output", tmp_path / "a.zip", "--check")
    assert result.exit_code == 1
    assert "is not what the original gives" in result.stderr
    assert (tmp_path / "a.zip").read_bytes() == b"something else", "--check writes nothing"


def test_another_emoji_package_is_refused(tmp_path):
    path = _emoji_package(tmp_path / "fake.tgz")
    result = _build_emoji(path, "--output", tmp_path / "out.zip")
    assert result.exit_code == 2
    assert "fake.tgz is not the published original" in result.stderr
    assert not (tmp_path / "out.zip").exists()
    assert "No such file" in _build_emoji(tmp_path / "nothing.tgz").stderr


def test_a_damaged_emoji_package_is_one_sentence(tmp_path):
    whole = _emoji_package(tmp_path / "whole.tgz").read_bytes()
    broken = tmp_path / "broken.tgz"
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=r"broken\.tgz is not the package emoji-datasource-google"):
            build_assets.emoji_zip(broken)
    with pytest.raises(ValueError, match=r"not the package .*1f435\.png"):
        build_assets.emoji_zip(_emoji_package(broken, leave_out="package/img/google/64/1f435.png"))
    with pytest.raises(ValueError, match="has no emoji called aerial_tramway, airplane_arriving"):
        build_assets.chosen_emoji([])


@pytest.mark.parametrize("name", data.PHOTOGRAPHS)
def test_a_photograph_is_the_one_of_scikit_image(name):
    import skimage.data

    np.testing.assert_array_equal(data.photograph(name), getattr(skimage.data, name)())


@pytest.mark.parametrize("name", data.PHOTOGRAPHS)
def test_size_is_the_shorter_side_and_the_ratio_is_kept(name):
    full, small = data.photograph(name), data.photograph(name, size=64)
    assert small.dtype == np.uint8
    assert small.ndim == full.ndim
    assert min(small.shape[:2]) == 64
    scale = min(full.shape[:2]) / 64
    assert np.abs(np.array(full.shape[:2]) / scale - small.shape[:2]).max() <= 0.5
    assert abs(full.mean() - small.mean()) < 1, "resizing keeps the brightness"


def test_grey_is_the_luminance_of_bt709():
    colour, grey = data.photograph("coffee"), data.photograph("coffee", grey=True)
    assert grey.shape == colour.shape[:2]
    assert grey.dtype == np.uint8
    red, green, blue = colour[123, 321].astype(float)
    assert abs(grey[123, 321] - (0.2126 * red + 0.7152 * green + 0.0722 * blue)) <= 0.5
    exact = 0.2126 * colour[..., 0] + 0.7152 * colour[..., 1] + 0.0722 * colour[..., 2]
    assert np.abs(grey - exact).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("name", ["brick", "camera", "clock", "coins", "grass", "gravel"])
def test_grey_photographs_have_one_plane_either_way(name):
    assert data.photograph(name).ndim == 2
    np.testing.assert_array_equal(data.photograph(name), data.photograph(name, grey=True))


def _use_picture(monkeypatch, tmp_path, image):
    path = tmp_path / "picture.png"
    Image.fromarray(image).save(path)
    monkeypatch.setattr(data, "photograph_file", lambda name: path)


def test_a_white_pixel_stays_white_in_grey(monkeypatch, tmp_path):
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 0], image[1, 2] = 255, (255, 0, 0)
    _use_picture(monkeypatch, tmp_path, image)
    assert data.photograph("camera", grey=True).tolist() == [[255, 0, 0], [0, 0, 54]]


def test_a_smaller_picture_has_no_aliasing(monkeypatch, tmp_path):
    checkerboard = ((np.indices((64, 96)).sum(axis=0) % 2) * 255).astype(np.uint8)
    _use_picture(monkeypatch, tmp_path, checkerboard)
    small = data.photograph("camera", size=16)
    assert small.shape == (16, 24)
    assert np.abs(small.astype(int) - 128).max() <= 12, "taking every fourth pixel would give pure black or pure white"


def test_an_unknown_photograph_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no photograph is called 'lena'; there are astronaut, brick, camera, chelsea"):
        data.photograph("lena")


@pytest.mark.parametrize("size", [0, -3, 301, 2.5, "64", True])
def test_an_impossible_size_is_one_sentence(size):
    with pytest.raises(ValueError, match=r"whole number from 1 to 300 \(chelsea's shorter side\), not"):
        data.photograph("chelsea", size=size)


def test_a_photograph_can_be_changed():
    image = data.photograph("chelsea", size=20)
    image[:] = 7
    assert data.photograph("chelsea", size=20).std() > 0


def test_a_photograph_that_scikit_image_lacks_is_one_sentence(monkeypatch):
    monkeypatch.setitem(data.PHOTOGRAPHS, "camera", "eagle_owl.png")
    with pytest.raises(FileNotFoundError, match=r"eagle_owl\.png is missing; .*--force-reinstall --no-deps scikit-image"):
        data.photograph("camera")


def test_without_scikit_image_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(data.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="scikit-image is not installed; `pip install scikit-image`"):
        data.photograph("camera")


def test_a_damaged_photograph_is_one_sentence(monkeypatch, tmp_path):
    path = tmp_path / "chelsea.png"
    path.write_bytes(_cut(data.photograph_file("chelsea").read_bytes()))
    monkeypatch.setattr(data, "photograph_file", lambda name: path)
    with pytest.raises(RuntimeError, match=r"chelsea\.png is damaged .*scikit-image` brings it back"):
        data.photograph("chelsea")


def _run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_importing_loads_neither_torch_nor_skimage_nor_matplotlib():
    result = _run(
        "import sys, cnnkit, cnnkit.data\n"
        "heavy = {'torch', 'torchvision', 'skimage', 'matplotlib', 'PIL', 'scipy', 'IPython'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert result.returncode == 0, result.stderr


def test_shipped_images_and_photographs_need_no_network_and_no_heavy_import():
    result = _run(
        "import socket, sys\n"
        "def refuse(*args, **kwargs): raise AssertionError('a connection was attempted')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from cnnkit import data\n"
        "data.fashion_mnist('train'), data.fashion_mnist('test'), data.emoji()\n"
        "for name in data.PHOTOGRAPHS: data.photograph(name, size=32, grey=True)\n"
        "heavy = {'torch', 'torchvision', 'skimage', 'matplotlib', 'pooch'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert result.returncode == 0, result.stderr


class _Response(io.BytesIO):
    """What urlopen returns, as far as torchvision uses it."""

    def __init__(self, url, content):
        super().__init__(content)
        self.url, self.length = url, len(content)


class _BrokenResponse(_Response):
    """A connection that is reset after the first bytes."""

    def read(self, size=-1):
        if self.tell():
            raise ConnectionResetError("connection reset by peer")
        return super().read(7)


@pytest.fixture
def server(monkeypatch):
    """Serve the dict that the test fills, file name -> bytes, in place of the internet; whatever is not in it is offline."""
    files = {}

    def urlopen(request, *args, **kwargs):
        url = request.full_url
        name = url.rpartition("/")[2]
        if name not in files:
            raise urllib.error.URLError("[Errno -3] Temporary failure in name resolution")
        response = files[name]
        return response(url, b"0123456789" * 10) if isinstance(response, type) else _Response(url, response)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return files


def _md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _serve_idx(server, monkeypatch, tmp_path, cls):
    """Serve tiny idx files under the names of the originals, with their MD5 in torchvision's class; return the arrays."""
    arrays = _write_originals(tmp_path / "served", train=30, test=20, side=28)
    server.update({path.name: path.read_bytes() for path in (tmp_path / "served").iterdir()})
    monkeypatch.setattr(cls, "resources", [(name, _md5(server[name])) for name, _ in cls.resources])
    return arrays


def _serve_cifar10(server, monkeypatch):
    """Serve a tiny archive in the original format of CIFAR-10; return the arrays."""
    from torchvision.datasets import CIFAR10

    rng = np.random.default_rng(3)

    def batch(n):
        labels = rng.integers(0, 10, n).tolist()
        return {"data": rng.integers(0, 256, (n, 3072), dtype=np.uint8), "labels": labels}

    batches = {f"data_batch_{i}": batch(4) for i in range(1, 6)} | {"test_batch": batch(6)}
    contents = {name: pickle.dumps(value, protocol=2) for name, value in batches.items()}
    contents["batches.meta"] = pickle.dumps({"label_names": [str(i) for i in range(10)]}, protocol=2)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    server[CIFAR10.filename] = packed.getvalue()
    monkeypatch.setattr(CIFAR10, "tgz_md5", _md5(packed.getvalue()))
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", _md5(contents[f"data_batch_{i}"])] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", _md5(contents["test_batch"])]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": _md5(contents["batches.meta"])})

    def joined(names):
        images = np.concatenate([batches[n]["data"] for n in names]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return images, np.concatenate([batches[n]["labels"] for n in names])

    return {"train": joined([f"data_batch_{i}" for i in range(1, 6)]), "test": joined(["test_batch"])}


def _serve(name, server, monkeypatch, tmp_path):
    from torchvision import datasets

    if name == "cifar10":
        return _serve_cifar10(server, monkeypatch)
    return _serve_idx(server, monkeypatch, tmp_path, getattr(datasets, data.FULL_DATASETS[name].torchvision_class))


@pytest.mark.parametrize("name", data.FULL_DATASETS)
def test_a_full_set_is_downloaded_once_and_read_afterwards(name, server, monkeypatch, tmp_path, capsys):
    expected = _serve(name, server, monkeypatch, tmp_path)
    root = tmp_path / "some" / "root"
    full = data.FULL_DATASETS[name]
    for split in ("train", "test"):
        images, labels = data.full_dataset(name, split, root=root, download=True)
        assert images.dtype == np.uint8
        assert labels.dtype == np.int64
        np.testing.assert_array_equal(images, expected[split][0])
        np.testing.assert_array_equal(labels, expected[split][1])
        server.clear()  # offline from here on
    assert [path.name for path in root.iterdir()] == [full.folder], "one folder, nothing temporary beside it"
    printed = capsys.readouterr().out
    assert printed.count(f"Downloading {full.title}") == 1
    assert f"{full.title}, full test set: {len(images):,} images from {root / full.folder}" in printed
    again, _ = data.full_dataset(name, "test", root=root)
    np.testing.assert_array_equal(again, images)


@pytest.mark.parametrize("name", data.FULL_DATASETS)
def test_offline_is_one_sentence_and_leaves_nothing(name, server, tmp_path):
    with pytest.raises(RuntimeError, match=r"could not be downloaded .*name resolution.* nothing was kept") as caught:
        data.full_dataset(name, root=tmp_path, download=True)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", data.FULL_DATASETS)
def test_a_connection_that_breaks_leaves_nothing(name, server, monkeypatch, tmp_path):
    _serve(name, server, monkeypatch, tmp_path)
    server[list(server)[-1]] = _BrokenResponse
    with pytest.raises(RuntimeError, match="could not be downloaded"):
        data.full_dataset(name, root=tmp_path / "root", download=True)
    assert list((tmp_path / "root").iterdir()) == []


def test_an_altered_download_is_refused_and_leaves_nothing(server, monkeypatch, tmp_path):
    _serve("mnist", server, monkeypatch, tmp_path)
    server["t10k-labels-idx1-ubyte.gz"] = _idx(np.zeros(20))
    with pytest.raises(RuntimeError, match=r"could not be downloaded .*corrupted"):
        data.full_dataset("mnist", root=tmp_path / "root", download=True)
    assert list((tmp_path / "root").iterdir()) == []


def test_an_interrupted_download_leaves_nothing(server, monkeypatch, tmp_path):
    class Interrupted(_Response):
        def read(self, size=-1):
            raise KeyboardInterrupt

    _serve("mnist", server, monkeypatch, tmp_path)
    server["train-labels-idx1-ubyte.gz"] = Interrupted
    with pytest.raises(KeyboardInterrupt):
        data.full_dataset("mnist", root=tmp_path / "root", download=True)
    assert list((tmp_path / "root").iterdir()) == []


def test_a_root_that_cannot_be_written_is_one_sentence(server, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RuntimeError, match="could not be downloaded"):
        data.full_dataset("mnist", root=tmp_path / "file" / "root", download=True)


def test_without_download_the_error_says_what_to_do(server, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"CIFAR-10 is not in .*full_dataset\('cifar10', download=True\)"):
        data.full_dataset("cifar10", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", data.FULL_DATASETS)
def test_damaged_files_are_one_sentence(name, server, monkeypatch, tmp_path):
    _serve(name, server, monkeypatch, tmp_path)
    root = tmp_path / "root"
    data.full_dataset(name, root=root, download=True)
    folder = root / data.FULL_DATASETS[name].folder
    for file in filter(Path.is_file, folder.rglob("*")):
        file.write_bytes(_cut(file.read_bytes()))
    with pytest.raises(RuntimeError, match=r"are damaged .*delete that folder and call") as caught:
        data.full_dataset(name, root=root, download=True)
    assert "\n" not in str(caught.value)


def test_images_and_labels_that_do_not_match_are_damaged(server, monkeypatch, tmp_path):
    _serve("mnist", server, monkeypatch, tmp_path)
    data.full_dataset("mnist", root=tmp_path / "root", download=True)
    labels = tmp_path / "root" / "MNIST" / "raw" / "train-labels-idx1-ubyte"
    labels.write_bytes(gzip.decompress(_idx(np.zeros(29))))
    with pytest.raises(RuntimeError, match="30 images but 29 labels"):
        data.full_dataset("mnist", root=tmp_path / "root")


def test_root_comes_from_the_environment(server, monkeypatch, tmp_path):
    expected = _serve("mnist", server, monkeypatch, tmp_path)
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "elsewhere"))
    images, _ = data.full_dataset("mnist", download=True)
    np.testing.assert_array_equal(images, expected["train"][0])
    assert (tmp_path / "elsewhere" / "MNIST").is_dir()


def test_root_is_the_users_cache_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("CNNKIT_DATA", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        data.full_dataset("mnist")
    assert str(tmp_path / ".cache" / "cnnkit") in str(caught.value)


def test_full_dataset_rejects_unknown_names_and_splits():
    with pytest.raises(ValueError, match=r"no data set is called 'imagenet'; there are fashion_mnist, mnist, cifar10"):
        data.full_dataset("imagenet")
    with pytest.raises(ValueError, match="must be 'train' or 'test', not 'val'"):
        data.full_dataset("mnist", "val")
