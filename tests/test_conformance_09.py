"""Hold the solutions of assignment 09 against torchvision's networks, and the probe that judges them against itself."""

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck

from cnnkit.exercises.probes import networks
from solutions import solutions

ANSWERS = solutions("09")


def projection(c_in, c_out, stride):
    if stride == 1 and c_in == c_out:
        return None
    return nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("c_in", "width"), [(8, 8), (32, 8), (5, 8)])
@pytest.mark.parametrize(("name", "theirs"), [("BasicBlock", BasicBlock), ("Bottleneck", Bottleneck)])
def test_residual_blocks_are_torchvisions(name, theirs, c_in, width, stride):
    torch.manual_seed(c_in + stride)
    expected = theirs(c_in, width, stride, projection(c_in, width * theirs.expansion, stride)).double()
    block = getattr(ANSWERS, name)(c_in, width, stride).double()
    block.load_state_dict(expected.state_dict(), strict=True)
    x = torch.randn(3, c_in, 9, 7, dtype=torch.float64)
    torch.testing.assert_close(block(x), expected(x))
    torch.testing.assert_close(block.state_dict(), expected.state_dict())
    torch.testing.assert_close(block.eval()(x), expected.eval()(x))


def test_five_blocks_are_the_features_of_vgg16():
    plan = [(2, 3, 64), (2, 64, 128), (3, 128, 256), (3, 256, 512), (3, 512, 512)]
    features = nn.Sequential(*(ANSWERS.vgg_block(*step) for step in plan))
    expected = models.vgg16(num_classes=10).features
    with torch.no_grad():
        for own, theirs in zip(features.parameters(), expected.parameters(), strict=True):
            own.copy_(theirs)
        x = torch.randn(1, 3, 64, 96)
        torch.testing.assert_close(features(x), expected(x))


def test_resnet18_is_torchvisions_on_images_of_the_usual_size():
    torch.manual_seed(9)
    expected = models.resnet18().eval()
    network = ANSWERS.resnet18().eval()
    network.load_state_dict(expected.state_dict(), strict=True)
    assert ANSWERS.count_parameters(network) == sum(p.numel() for p in expected.parameters())
    with torch.no_grad():
        x = torch.randn(1, 3, 224, 224)
        torch.testing.assert_close(network(x), expected(x))


def test_an_inception_block_has_the_width_of_googlenets_3a():
    block = ANSWERS.InceptionBlock(192, 64, (96, 128), (16, 32), 32)
    assert block(torch.zeros(1, 192, 28, 28)).shape == (1, 256, 28, 28)


class Pair(nn.Module):
    """Two convolutions with batch norms on the same input, registered and called in an order to be chosen."""

    def __init__(self, registered, called):
        super().__init__()
        self.called = called
        for name in registered:
            k = {"wide": 3, "narrow": 1}[name]
            self.add_module(name, nn.Conv2d(2, 3, k, padding=k // 2, bias=False))
            self.add_module(f"{name}_norm", nn.BatchNorm2d(3))

    def forward(self, x):
        return sum(getattr(self, f"{name}_norm")(getattr(self, name)(x)) for name in self.called)


def test_weights_do_not_depend_on_the_order_of_layers():
    x = np.random.default_rng(0).standard_normal((4, 2, 5, 6))
    orders = [("wide", "narrow"), ("narrow", "wide")]
    results = [networks.module(Pair, a, b, x=x, seed=3, training=True) for a in orders for b in orders]
    for found in results[1:]:
        for one, other in zip(found[2:], results[0][2:], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert networks.module(Pair, *orders, x=x, seed=4)[2].shape == (4, 3, 5, 6)
    assert not np.allclose(networks.module(Pair, *orders, x=x, seed=4)[2], networks.module(Pair, *orders, x=x, seed=3)[2])


def test_the_probe_leaves_random_numbers_and_threads_as_they_were():
    torch.manual_seed(1)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    networks.module(nn.Conv2d, 2, 3, 3, x=np.zeros((1, 2, 5, 5)), training=True)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_a_network_that_changes_its_input_changes_the_cases_array():
    x = np.array([[[[-1.0, 2.0]]]])
    networks.module(lambda: nn.ReLU(inplace=True), x=x)
    assert x.tolist() == [[[[0.0, 2.0]]]]


def test_what_is_no_network_is_refused_with_a_sentence():
    with pytest.raises(TypeError, match=r"Expected a network \(a torch.nn.Module\), got a value of type list"):
        networks.module(lambda: [nn.ReLU()], x=np.zeros((1, 1, 2, 2)))
    with pytest.raises(TypeError, match="forward must return a tensor; yours returned a value of type tuple"):
        networks.module(nn.MaxPool2d, 2, return_indices=True, x=np.zeros((1, 1, 2, 2)))
    with pytest.raises(ValueError, match="A lazy layer has no weights before its first batch"):
        networks.module(nn.LazyLinear, 2, x=np.zeros((1, 2)))


def test_weights_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"yours has no conv1\.weight .*torchvision's has no 0\.weight") as refused:
        networks.resnet18(lambda classes: nn.Sequential(nn.Linear(2, 2)), 10, x=np.zeros((1, 3, 64, 64)))
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match=r"your fc\.weight has the shape \(7, 512\), torchvision's \(10, 512\), and 1 more"):
        networks.resnet18(lambda classes: ANSWERS.resnet18(7), 10, x=np.zeros((1, 3, 64, 64)))
