"""Hold the solutions of assignment 12 against captum, and the probe that judges them against networks made for it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import LayerActivation, LayerGradCam, Occlusion, Saliency
from torch import nn

from cnnkit.checking import verdict_on
from cnnkit.exercises.probes import attribution, device
from cnnkit.exercises.probes.attribution import FACTS, small_network
from solutions import solutions

ANSWERS = solutions("12")
LAYERS = ("conv1", "bn1", "act1", "conv2", "bn2", "act2", "pool")

pytestmark = pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients:UserWarning")


class Drawn:
    """A network, images, targets and a layer, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([12, seed])
        classes = int(rng.integers(2, 9))
        kind = str(rng.choice(["relu", "tanh"]))
        self.model = small_network(kind, int(rng.integers(2, 9)), classes, seed).double()
        self.layer = self.model.get_submodule(str(rng.choice(LAYERS)))
        n, height, width = (int(v) for v in (rng.integers(1, 5), *rng.integers(5, 15, size=2)))
        self.x = torch.from_numpy(rng.standard_normal((n, 3, height, width)))
        targets = torch.from_numpy(rng.integers(classes, size=n))
        self.target = targets if rng.random() < 0.5 else int(targets[0])
        self.rng = rng


@pytest.fixture(params=range(12))
def drawn(request) -> Drawn:
    """Give twelve configurations."""
    return Drawn(request.param)


def test_feature_maps_are_captums_layer_activation(drawn):
    expected = LayerActivation(drawn.model, drawn.layer).attribute(drawn.x)
    torch.testing.assert_close(ANSWERS.feature_maps(drawn.model, drawn.layer, drawn.x), expected.detach())


def test_saliency_is_the_largest_of_captums_channels(drawn):
    expected = Saliency(drawn.model).attribute(drawn.x.clone().requires_grad_(), target=drawn.target)
    torch.testing.assert_close(ANSWERS.saliency(drawn.model, drawn.x, drawn.target), expected.amax(1))


def test_grad_cam_is_captums(drawn):
    expected = LayerGradCam(drawn.model, drawn.layer).attribute(drawn.x, target=drawn.target, relu_attributions=True)
    found = ANSWERS.grad_cam(drawn.model, drawn.layer, drawn.x, drawn.target)
    torch.testing.assert_close(found, expected[:, 0].detach())


def test_occlusion_spread_over_the_pixels_is_captums(drawn):
    """captum gives each pixel the mean drop of the squares that cover it, for squares that reach the border."""
    size = int(drawn.rng.integers(1, 5))
    stride = int(drawn.rng.integers(1, size + 1))
    fill = float(drawn.rng.normal())
    height, width = (size + stride * int(v) for v in drawn.rng.integers(1, 4, size=2))
    x = torch.from_numpy(drawn.rng.standard_normal((len(drawn.x), 3, height, width)))
    drops = ANSWERS.occlusion_map(drawn.model, x, drawn.target, size, stride, fill)
    square = torch.ones(1, 1, size, size, dtype=torch.float64)
    covered = F.conv_transpose2d(torch.ones_like(drops)[:, None], square, stride=stride)
    spread = F.conv_transpose2d(drops[:, None], square, stride=stride) / covered
    expected = Occlusion(lambda images: drawn.model(images).softmax(1)).attribute(
        x, (3, size, size), (3, stride, stride), baselines=fill, target=drawn.target
    )
    torch.testing.assert_close(spread.expand_as(expected).float(), expected)  # captum counts in single precision


def test_the_effective_field_is_captums_saliency_of_the_middle_unit(drawn):
    def middle(images):
        kept = []
        handle = drawn.layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
        drawn.model(images)
        handle.remove()
        height, width = kept[0].shape[2:]
        return kept[0][:, :, height // 2, width // 2].sum(1)

    expected = Saliency(middle).attribute(drawn.x.clone().requires_grad_()).mean((0, 1))
    torch.testing.assert_close(ANSWERS.effective_receptive_field(drawn.model, drawn.layer, drawn.x), expected)


@pytest.mark.parametrize(("layer", "reach"), [("conv1", 1), ("act1", 1), ("conv2", 2), ("act2", 2)])
def test_the_effective_field_stays_inside_the_theoretical_one(layer, reach):
    """Two 3×3 convolutions, the second one with stride 2 after no other: a field of 3, then of 5 pixels."""
    model = small_network("tanh", seed=3)
    field = ANSWERS.effective_receptive_field(model, model.get_submodule(layer), torch.randn(4, 3, 17, 13))
    assert {tuple(p) for p in field.nonzero().tolist()} == {
        (i, j) for i in range(8 - reach, 9 + reach) for j in range(6 - reach, 7 + reach)
    }


def test_the_activation_rises():
    model = small_network("tanh", seed=5)
    images = [
        ANSWERS.activation_maximization(model, model.conv2, 1, steps, torch.Generator().manual_seed(1), (1, 3, 9, 8))
        for steps in (0, 5, 20)
    ]
    means = [ANSWERS.feature_maps(model, model.conv2, image)[:, 1].mean().item() for image in images]
    assert means[0] + 0.1 < means[1] < means[2] - 0.1


# The probe


def facts(function, *args, **network) -> dict[str, object]:
    """Return by name what the probe finds out about a function."""
    found = attribution.look(function, network, *(args or (torch.zeros(2, 3, 6, 5),)))
    return dict(zip(FACTS, found, strict=True))


def traceless(model, x):
    return x.sum((1, 2, 3))


LEFT = {
    "every module is in the mode in which it came": lambda model, x: model.bn1.train(),
    "no gradients are left in the parameters": lambda model, x: model(x).sum().backward(),
    "hooks left on the model": lambda model, x: model.conv1.register_forward_pre_hook(lambda module, inputs: None),
    "the weights are as before": lambda model, x: nn.init.zeros_(model.fc.bias),
    "the same parameters require gradients": lambda model, x: model.fc.requires_grad_(False),
    "torch records gradients as before": lambda model, x: torch.set_grad_enabled(False),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_behind_is_found(name):
    def careless(model, x):
        LEFT[name](model, x)
        return traceless(model, x)

    clean, found = facts(traceless), facts(careless)
    assert [fact for fact in FACTS[1:] if not np.array_equal(found[fact], clean[fact])] == [name]
    assert torch.is_grad_enabled()


def test_a_forward_pass_in_training_mode_shows_in_the_running_statistics():
    before, after = (
        facts(lambda model, x: model(x + 1).sum(1).detach(), mode=mode)["running statistics afterwards"]
        for mode in ("eval", "train")
    )
    assert not np.array_equal(before, after)


def test_a_forward_method_that_was_put_over_a_layers_own_counts_as_a_hook():
    def patching(model, x):
        model.conv1.forward = lambda images: images
        return traceless(model, x)

    assert facts(patching)["hooks left on the model"] == 1


def test_a_graph_is_noticed():
    assert not facts(lambda model, x: model(x))["the result holds on to no graph"]
    assert facts(lambda model, x: model(x).detach())["the result holds on to no graph"]


def test_a_network_that_fails_gives_no_result_but_facts():
    found = facts(lambda model, x: model(x), fails=True)
    assert found["result"] is None
    assert found["hooks left on the model"] == 0


def test_the_probe_leaves_random_numbers_and_threads_as_they_were():
    torch.manual_seed(1)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    facts(lambda model, x: model(x).detach() + torch.randn(1, device=x.device), mode="train")
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_images_that_a_function_changes_are_changed_in_the_case():
    x = torch.zeros(1, 3, 4, 4)
    facts(lambda model, images: images.fill_(2).sum((1, 2, 3)), x)
    assert (x == 2).all()


def test_what_is_no_tensor_is_refused_with_a_sentence():
    with pytest.raises(TypeError, match="Expected one tensor, got a value of type list"):
        facts(lambda model, x: [x])


def test_a_generator_comes_with_its_seed_on_the_device():
    found = attribution.maximise(
        lambda model, layer, channel, steps, generator: torch.randn(3, generator=generator, device=generator.device),
        {},
        "conv1",
        0,
        1,
        7,
    )
    expected = torch.randn(3, generator=torch.Generator(device()).manual_seed(7), device=device())
    np.testing.assert_array_equal(found[0], expected.cpu().numpy())


def test_captum_itself_is_refused():
    def saliency(model, x, target):
        return Saliency(model).attribute(x, target=target).amax(1)

    verdict = verdict_on("12.saliency", (saliency,), 0)
    assert (verdict.status, verdict.mistake) == ("failed", "forbidden_call")
    assert any(name.startswith("captum") for name in verdict.forbidden)
