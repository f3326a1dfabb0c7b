"""Time the model solutions' layers against PyTorch's, and write what was measured to results.md and results.png.

    python benchmarks/bench_layers.py                   all layers, as `make bench` does
    python benchmarks/bench_layers.py conv2d_forward    some of them; nothing is written

Method: float32, one thread, processor time of the thread. Each layer has a fresh process, in which the solution and PyTorch
take turns, after warming up; the ratio is that of the medians. Three such processes for each layer, one after the other: the
ratio reported is their median, beside the smallest and the largest. Temporaries are the most memory that NumPy holds during a
call, without arguments and result.

A group of rows is a function of a case that returns the two calls to compare: write one, and decorate it with `group`.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))  # for solutions.py, which loads the solutions from sources/

WARM_UP, ROUNDS, PROCESSES = 3, 9, 3
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
AGREEMENT = 1e-4  # of the largest value: float32, with sums of up to some hundred terms

Calls = tuple[Callable[[], Any], Callable[[], Any]]


class Layer(NamedTuple):
    """A convolution layer with its batch: n images of c channels, size x size, and k kernels of `kernel` x `kernel`."""

    n: int
    c: int
    k: int
    kernel: int
    size: int
    stride: int = 1
    padding: int = 0

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw images, kernels and biases, float32."""
        shapes = (self.n, self.c, self.size, self.size), (self.k, self.c, self.kernel, self.kernel), (self.k,)
        return tuple(rng.standard_normal(shape, dtype=np.float32) for shape in shapes)


LAYERS = {
    "3×3, 3→32, 32²": Layer(32, 3, 32, 3, 32, padding=1),
    "3×3, 64→64, 16²": Layer(32, 64, 64, 3, 16, padding=1),
    "3×3, 64→64, 56²": Layer(8, 64, 64, 3, 56, padding=1),
    "1×1, 256→64, 56²": Layer(8, 256, 64, 1, 56),
    "7×7, 3→64, 224², stride 2": Layer(8, 3, 64, 7, 224, stride=2, padding=3),
}
"""The five standard layers: of a small network, a deep one on small images, ResNet's 3×3, 1×1 and first layer."""


@dataclass(frozen=True)
class Group:
    """A table of results: `calls(case)` returns the solution's and PyTorch's call for each of the cases.

    `mean` and `worst` are the largest ratios wanted, as geometric mean over the cases and, unless None, for any of
    them; `megabytes` is the largest size wanted for the temporaries, by case.
    """

    title: str
    cases: Mapping[str, Any]
    calls: Callable[[Any], Calls]
    mean: float
    worst: float | None
    megabytes: Mapping[str, float]


GROUPS: dict[str, Group] = {}


def group(
    title: str,
    cases: Mapping[str, Any],
    *,
    mean: float,
    worst: float | None = None,
    megabytes: Mapping[str, float] | None = None,
):
    """Register the decorated function as a group of rows under its own name."""

    def register(calls: Callable[[Any], Calls]) -> Callable[[Any], Calls]:
        GROUPS[calls.__name__] = Group(title, cases, calls, mean, worst, megabytes or {})
        return calls

    return register


@group("conv2d, forward", LAYERS, mean=1.25, worst=1.5, megabytes={"3×3, 64→64, 56²": 9})
def conv2d_forward(layer: Layer) -> Calls:
    """Compare conv2d of topic 04 with torch's."""
    import torch
    import torch.nn.functional as F

    from solutions import solutions

    arrays = layer.draw(np.random.default_rng(4))
    tensors = [torch.from_numpy(array) for array in arrays]
    conv2d, options = solutions("04").conv2d, {"stride": layer.stride, "padding": layer.padding}
    return lambda: conv2d(*arrays, **options), lambda: F.conv2d(*tensors, **options).numpy()


@group("conv2d, backward", LAYERS, mean=1.0, worst=1.4)
def conv2d_backward(layer: Layer) -> Calls:
    """Compare conv2d_backward of topic 05 with the operation that torch's autograd calls: gradients of x, w and b."""
    import torch
    import torch.nn.functional as F

    from solutions import solutions

    rng = np.random.default_rng(5)
    x, w, b = layer.draw(rng)
    options = {"stride": layer.stride, "padding": layer.padding}
    tensors = [torch.from_numpy(array) for array in (x, w, b)]
    dy = rng.standard_normal(F.conv2d(*tensors, **options).shape, dtype=np.float32)
    ours, upstream, sizes = solutions("05").conv2d_backward, torch.from_numpy(dy), [list(b.shape)]
    geometry = [[layer.stride] * 2, [layer.padding] * 2, [1, 1], False, [0, 0], 1, [True] * 3]

    def theirs() -> tuple[np.ndarray, ...]:
        gradients = torch.ops.aten.convolution_backward(upstream, *tensors[:2], *sizes, *geometry)
        return tuple(gradient.numpy() for gradient in gradients)

    return lambda: ours(dy, x, w, **options), theirs


class Pool(NamedTuple):
    """A max pooling layer with its batch: n images of c channels, size x size, windows of `kernel` x `kernel`."""

    n: int
    c: int
    size: int
    kernel: int = 2
    stride: int = 2
    padding: int = 0

    @property
    def options(self) -> dict[str, int]:
        """Return stride and padding by name."""
        return {"stride": self.stride, "padding": self.padding}

    def draw(self) -> np.ndarray:
        """Draw images, float32."""
        return np.random.default_rng(6).standard_normal((self.n, self.c, self.size, self.size), dtype=np.float32)


POOLS = {
    "2×2, 6 × 28²": Pool(64, 6, 28),
    "2×2, 32 × 32²": Pool(32, 32, 32),
    "2×2, 64 × 16²": Pool(32, 64, 16),
    "2×2, 64 × 56²": Pool(8, 64, 56),
    "3×3, 64 × 112², stride 2": Pool(8, 64, 112, 3, 2, 1),
}
"""Poolings: LeNet's first, three of VGG's kind, and the one in ResNet's stem."""


@group("max_pool2d with index, forward", POOLS, mean=0.9)
def max_pool2d_forward(pool: Pool) -> Calls:
    """Compare max_pool2d of topic 06 with torch's, both with the index."""
    import torch
    import torch.nn.functional as F

    from solutions import solutions

    x = pool.draw()
    tensor, ours = torch.from_numpy(x), solutions("06").max_pool2d

    def theirs() -> tuple[np.ndarray, ...]:
        return tuple(t.numpy() for t in F.max_pool2d(tensor, pool.kernel, **pool.options, return_indices=True))

    return lambda: ours(x, pool.kernel, **pool.options), theirs


@group("max_pool2d, backward", POOLS, mean=1.2)
def max_pool2d_backward(pool: Pool) -> Calls:
    """Compare max_pool2d_backward of topic 06 with the operation that torch's autograd calls, both given the index."""
    import torch
    import torch.nn.functional as F

    from solutions import solutions

    x = torch.from_numpy(pool.draw())
    y, places = F.max_pool2d(x, pool.kernel, **pool.options, return_indices=True)
    gradient = torch.randn(y.shape, generator=torch.Generator().manual_seed(6))
    dy, index, ours = gradient.numpy(), places.numpy(), solutions("06").max_pool2d_backward
    window = [[size, size] for size in (pool.kernel, pool.stride, pool.padding, 1)]

    def theirs() -> np.ndarray:
        return torch.ops.aten.max_pool2d_with_indices_backward(gradient, x, *window, False, places).numpy()

    return lambda: ours(dy, index, tuple(x.shape)), theirs


NORMS = {
    "32 × 32², 32 images": (32, 32, 32, 32),
    "64 × 16², 32 images": (32, 64, 16, 16),
    "64 × 112², 8 images": (8, 64, 112, 112),
    "64 × 56², 8 images": (8, 64, 56, 56),
    "256 × 14², 8 images": (8, 256, 14, 14),
}
"""Activations to normalise: two of a small network, and of ResNet the stem, the first stage and the third."""


def norm_case(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Draw x, gamma, beta, running mean and running variance, float32."""
    rng, channels = np.random.default_rng(7), shape[1]
    x, gamma, beta = (rng.standard_normal(size, dtype=np.float32) for size in (shape, channels, channels))
    return x, gamma, beta, np.zeros(channels, np.float32), np.ones(channels, np.float32)


@group("batch norm in training, forward", NORMS, mean=0.8)
def batch_norm_forward(shape: tuple[int, ...]) -> Calls:
    """Compare batch_norm_train of topic 07 with torch's, both with the new running statistics."""
    import torch
    import torch.nn.functional as F

    from solutions import solutions

    arrays, ours = norm_case(shape), solutions("07").batch_norm_train
    x, gamma, beta, *_ = tensors = [torch.from_numpy(array.copy()) for array in arrays]

    def theirs() -> np.ndarray:
        return F.batch_norm(x, *tensors[3:], gamma, beta, training=True).numpy()

    return lambda: ours(*arrays)[0], theirs


@group("batch norm, backward", NORMS, mean=2.5)
def batch_norm_backward(shape: tuple[int, ...]) -> Calls:
    """Compare batch_norm_backward of topic 07 with the operation that torch's autograd calls: gradients of x, gamma, beta."""
    import torch

    from solutions import solutions

    arrays, module = norm_case(shape), solutions("07")
    _, cache, *_ = module.batch_norm_train(*arrays)
    dy = np.random.default_rng(8).standard_normal(shape, dtype=np.float32)
    upstream, (x, gamma, beta, mean, var) = torch.from_numpy(dy), [torch.from_numpy(array.copy()) for array in arrays]
    _, *saved = torch.native_batch_norm(x, gamma, beta, mean, var, True, 0.1, 1e-5)

    def theirs() -> tuple[np.ndarray, ...]:
        gradients = torch.ops.aten.native_batch_norm_backward(upstream, x, gamma, mean, var, *saved, True, 1e-5, [True] * 3)
        return tuple(gradient.numpy() for gradient in gradients)

    return lambda: module.batch_norm_backward(dy, cache), theirs


@group("a training step of LeNet", {"28², 64 images": 64}, mean=1.25, worst=1.25)
def lenet_step(images: int) -> Calls:
    """Compare a step of SGD on NumpyLeNet of topic 08 with one by torch's autograd: forward, loss, backward, new weights."""
    import torch
    import torch.nn.functional as F

    from solutions import solutions

    module, rng = solutions("08"), np.random.default_rng(9)
    net, lr, momentum = module.NumpyLeNet(rng), 1e-3, 0.9
    x, labels = rng.standard_normal((images, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, images)
    velocity = [np.zeros_like(p) for p in net.parameters()]
    tensor, targets = torch.from_numpy(x), torch.from_numpy(labels)
    weights = [torch.tensor(p, requires_grad=True) for p in net.parameters()]
    optimizer = torch.optim.SGD(weights, lr=lr, momentum=momentum)

    def ours() -> tuple[np.ndarray, ...]:
        _, dlogits = module.cross_entropy(net.forward(x), labels)
        gradients = net.backward(dlogits)
        module.sgd_step(net.parameters(), gradients, velocity, lr, momentum)
        return tuple(gradients)

    def theirs() -> tuple[np.ndarray, ...]:
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = weights
        with torch.enable_grad():
            y = F.max_pool2d(F.relu(F.conv2d(tensor, w1, b1, padding=2)), 2)
            y = F.max_pool2d(F.relu(F.conv2d(y, w2, b2)), 2).flatten(1)
            y = F.linear(F.relu(F.linear(F.relu(F.linear(y, w3, b3)), w4, b4)), w5, b5)
            optimizer.zero_grad()
            F.cross_entropy(y, targets).backward()
        optimizer.step()
        return tuple(w.grad.numpy() for w in weights)

    return ours, theirs


class Timing(NamedTuple):
    """Medians of one process, in milliseconds, and the temporaries in megabytes."""

    ours: float
    theirs: float
    megabytes: float


def measure(name: str, label: str) -> Timing:
    """Time a case in this process. Raises ValueError if the two results differ."""
    import torch

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    pair = GROUPS[name].calls(GROUPS[name].cases[label])
    require_agreement(*(call() for call in pair), where=f"{GROUPS[name].title}, {label}")
    milliseconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(WARM_UP + ROUNDS):
        for which in (0, 1) if turn % 2 else (1, 0):
            begin = time.thread_time()
            result = pair[which]()
            passed = time.thread_time() - begin
            del result
            if turn >= WARM_UP:
                milliseconds[which].append(1e3 * passed)
    return Timing(median(milliseconds[0]), median(milliseconds[1]), temporaries(pair[0]) / 1e6)


def require_agreement(ours: Any, theirs: Any, where: str) -> None:
    """Raise ValueError unless two results, arrays or tuples of arrays, agree to within rounding."""
    if isinstance(theirs, tuple):
        for one, other in zip(ours, theirs, strict=True):
            require_agreement(one, other, where)
    elif not np.abs(ours - theirs).max() <= AGREEMENT * np.abs(theirs).max():
        raise ValueError(f"{where}: the solution's result differs from PyTorch's by {np.abs(ours - theirs).max():g}.")


def temporaries(call: Callable[[], Any]) -> int:
    """Return the most bytes held during a call, without those of its result."""
    tracemalloc.start()
    result = call()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return peak - held


def measure_apart(name: str, label: str) -> Timing:
    """Time a case in a fresh process with one thread."""
    command = [sys.executable, __file__, "--measure", name, label]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True)
    return Timing(*json.loads(done.stdout))


@dataclass(frozen=True)
class Row:
    """What was measured for one case."""

    label: str
    timings: list[Timing]

    @property
    def ratios(self) -> list[float]:
        """The solution's time over PyTorch's, from the smallest to the largest."""
        return sorted(t.ours / t.theirs for t in self.timings)

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    def cells(self) -> list[str]:
        """Return the row of the table."""
        ours, theirs, megabytes = (median(values) for values in zip(*self.timings, strict=True))
        spread = f"{self.ratios[0]:.2f}–{self.ratios[-1]:.2f}"
        return [self.label, f"{ours:.2f}", f"{theirs:.2f}", f"**{self.ratio:.2f}**", spread, f"{megabytes:.1f}"]


HEADER = ("layer", "NumPy, ms", "PyTorch, ms", "ratio", "smallest–largest", "temporaries, MB")


def table(group: Group, rows: list[Row]) -> str:
    """Return the section of a group in Markdown: its rows, the mean and the worst ratio, and the limits wanted."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (HEADER, ["---"] * len(HEADER), *(row.cells() for row in rows))]
    mean, worst = geometric_mean(row.ratio for row in rows), max(row.ratio for row in rows)
    limit = "" if group.worst is None else f" (wanted: at most {group.worst:g})"
    says = f"Geometric mean {mean:.2f} (wanted: at most {group.mean:g}), worst {worst:.2f}{limit}."
    for label, limit in group.megabytes.items():
        says += f" Temporaries of {label}: at most {limit:g} MB wanted."
    return "\n".join([f"## {group.title}", "", *lines, "", says, ""])


def machine() -> list[str]:
    """Describe processor, system and versions, without any name of the computer."""
    import torch

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE))
        numbers = f" (family {found['cpu family']}, model {found['model']})" if "cpu family" in found and "model" in found else ""
        model = found.get("model name", model) + numbers
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return [
        f"Processor: {model}, {torch.backends.cpu.get_cpu_capability()}; {platform.system()} {platform.machine()}.",
        f"Python {platform.python_version()}, NumPy {np.__version__} with {blas['name']} {blas['version']}, "
        f"PyTorch {torch.__version__.partition('+')[0]}{' with oneDNN' if torch.backends.mkldnn.is_available() else ''}.",
    ]


def write(results: dict[str, list[Row]]) -> None:
    """Write results.md and results.png."""
    method = (
        "The model solutions in NumPy against PyTorch, written by `make bench`. The ratio is the solution's time over PyTorch's: "
        "below 1 NumPy is faster. Float32, one thread, processor time; solution and PyTorch take turns in one process, "
        f"{ROUNDS} rounds after {WARM_UP} to warm up; ratio of the medians. Each layer is measured in {PROCESSES} fresh "
        "processes: given are the median of the ratios, the smallest and the largest."
    )
    sections = [table(GROUPS[name], rows) for name, rows in results.items()]
    picture = "![The ratios as a dot plot, the same numbers as in the tables.](results.png)"
    text = "\n".join(["# How fast are the solutions?", "", method, "", *machine(), "", picture, "", *sections])
    (HERE / "results.md").write_text(text, encoding="utf-8")
    draw(results).savefig(HERE / "results.png", metadata={"Software": None})


def draw(results: dict[str, list[Row]]) -> Any:
    """Return a figure with the ratios of all rows, group by group, and their spread."""
    import matplotlib.pyplot as plt

    from cnnkit import plotting

    plotting.use_style()
    heights = [len(rows) + 0.8 for rows in results.values()]
    fig, axes = plt.subplots(
        len(results), 1, figsize=(7.6, 0.5 + 0.36 * sum(heights)), height_ratios=heights, sharex=True, squeeze=False
    )
    for (name, rows), ax in zip(results.items(), axes[:, 0], strict=True):
        places = range(len(rows))
        for place, row in zip(places, rows, strict=True):
            ax.plot([row.ratios[0], row.ratios[-1]], [place, place], color=plotting.SKY, lw=5, solid_capstyle="round")
        ax.plot([row.ratio for row in rows], places, "o", color=plotting.BLUE)
        ax.axvline(1, color=plotting.GREY)
        chosen = GROUPS[name]
        what = "mean" if chosen.worst is None else "ratio"
        ax.axvline(chosen.worst or chosen.mean, color=plotting.VERMILLION, ls="--")
        ax.set_yticks(places, [row.label for row in rows])
        ax.set(ylim=(len(rows) - 0.5, -0.5), title=f"{chosen.title}: dashed, the largest {what} wanted")
    axes[-1, 0].set(xlabel="time over PyTorch's (1: as fast)", xlim=(0, None))
    return fig


def main() -> None:
    """Measure the groups asked for, print their tables, and write the results if all of them were."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"some of: {', '.join(GROUPS)}; all if none is given")
    parser.add_argument("--measure", nargs=2, metavar=("GROUP", "CASE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    if unknown := [name for name in arguments.groups if name not in GROUPS]:
        parser.error(f"there is no group {unknown[0]!r}: the groups are {', '.join(GROUPS)}")
    results: dict[str, list[Row]] = {}
    for name in arguments.groups or GROUPS:
        chosen = GROUPS[name]
        results[name] = [Row(label, [measure_apart(name, label) for _ in range(PROCESSES)]) for label in chosen.cases]
        print(table(chosen, results[name]), flush=True)
    if len(results) == len(GROUPS):
        write(results)
        print(f"Written: {HERE.name}/results.md and {HERE.name}/results.png")


if __name__ == "__main__":
    main()
