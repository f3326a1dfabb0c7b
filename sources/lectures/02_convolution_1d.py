# %% [markdown]
r"""
# 02 · Convolution in one dimension

A camera image has two dimensions and three colours. Before we go there, take the smallest case in which everything
about convolution can already be seen: one row of numbers, and a short row of weights that slides along it.

**After this lecture you can**

- compute any output of a sliding [kernel](../glossary.ipynb#kernel) by hand, and say how many outputs there are;
- choose a [padding](../glossary.ipynb#padding) and predict what it does to the two ends;
- tell [cross-correlation](../glossary.ipynb#cross-correlation) from [true convolution](../glossary.ipynb#convolution),
  and say which of the two a framework computes;
- say which algebraic laws hold for which of them, and check such a claim numerically;
- write a convolution as a matrix product and as a product of spectra, and say when the second one pays;
- say what the "1d" in `Conv1d` counts.

**Time:** about 75 minutes to read, predict and run; the code itself needs less than a minute. **You need** NumPy arrays
and slices, and lecture 01. Afterwards: [assignment 02](../assignments/02_convolution_1d/02_convolution_1d.ipynb).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from cnnkit import plotting

plotting.use_style()

# %% [markdown]
r"""
## A noisy sensor

A thermometer lies on a small metal plate and is read once a second, for four minutes. Twice somebody switches on a
heater under the plate. The plate follows Newton's law: each second it moves by a fixed fraction, $1/\tau$, towards the
temperature at which it would settle. And the thermometer is a cheap one: every reading is off by a random amount of
about half a degree.

There is no such plate on our desk. We compute its temperature from that law and add the noise from a seeded generator,
so we know the truth that a real sensor would never tell us.
"""

# %%
SECONDS = 240
ROOM = 20.0  # °C
HEATING = 4.0  # °C above the room, where the heated plate would settle
TAU = 15.0  # s, time constant of the plate
NOISE = 0.5  # °C, standard deviation of one reading
RESOLUTION = 1 / 16  # °C, smallest step the thermometer can report

seconds = np.arange(SECONDS)
heater = ((seconds >= 60) & (seconds < 120)) | (seconds >= 225)
truth = np.empty(SECONDS)
plate = ROOM
for i in seconds:
    plate = plate + (ROOM + HEATING * heater[i] - plate) / TAU
    truth[i] = plate

rng = np.random.default_rng(13)
readings = np.round((truth + rng.normal(0, NOISE, SECONDS)) / RESOLUTION) * RESOLUTION
print("the first five readings:", readings[:5], "°C")

# %%
fig, ax = plt.subplots()
full_height = ax.get_xaxis_transform()
ax.fill_between(seconds, 0, 1, where=heater, transform=full_height, color=plotting.ORANGE, alpha=0.15, lw=0, label="heater on")
ax.plot(seconds, readings, ".", color=plotting.GREY, label="readings")
ax.plot(seconds, truth, color=plotting.BLUE, label="true temperature")
ax.set(xlabel="time in s", ylabel="temperature in °C", ylim=(18, 26.5))
ax.set_title("The noise is as large as some of the changes")
ax.legend(loc="upper left", ncols=3)
plotting.show(
    fig,
    "Scattered temperature readings around a smooth true curve: 20 °C, a rise to almost 24 °C "
    "while the heater is on, a slow fall, and a second rise that the recording cuts off.",
)

# %% [markdown]
r"""
Look at any single grey dot: it says little. Look at a handful of neighbours together, and you can guess the blue
curve. Your eye is averaging. Do the same for one moment, second 100, with the two readings before it and the two after
it.
"""

# %%
window = readings[98:103]
average = window.mean()
print("window:       ", window)
print(f"one reading:   {readings[100]:.4f} °C, off by {abs(readings[100] - truth[100]):.2f}")
print(f"their average: {average:.4f} °C, off by {abs(average - truth[100]):.2f}")

weights = np.full(5, 1 / 5)
assert np.isclose(average, np.dot(window, weights))

# %% [markdown]
r"""
The last line says the same thing in other words: an average of five is a *dot product* with five weights of $\frac15$.
That small change of words is the whole lecture. Once the average is a dot product, the weights need not be equal. And a
person need not choose them: at the end [data will](#Let-the-data-choose-the-kernel). The row of weights is called the
**kernel**.

## The sliding dot product

One window gives one number. To get a curve, slide the window along the signal and take the dot product at every stop.

Call the signal $x$, with $m$ values $x_0, \dots, x_{m-1}$, and the kernel $w$, with $n \le m$ weights $w_0, \dots,
w_{n-1}$. The output $y$ at stop $i$ is

$$y_i = \sum_{k=0}^{n-1} x_{i+k}\, w_k .$$

Here $i$ says where the window starts, and $k$ counts inside the window. Take eight values and three weights. *How many
stops will there be? And what is the first output?* Write both down before you run the cell.
"""

# %%
x = np.array([2.0, 1.0, 4.0, 3.0, 7.0, 8.0, 6.0, 8.0])
w = np.array([0.25, 0.5, 0.25])

y = np.correlate(x, w, mode="valid")
print("y =", y)

assert y[0] == 2 * 0.25 + 1 * 0.5 + 4 * 0.25 == 2.0
assert y[1] == 1 * 0.25 + 4 * 0.5 + 3 * 0.25 == 3.0
assert len(y) == 6

# %%
plotting.slide_1d(x, w, y)

# %% [markdown]
r"""
Watch the four rows: the signal $x$, the kernel $w$, their products $x \cdot w$ and the output $y$. The orange window moves
one step at a time. The products under it change completely at every step, although only one value leaves and one enters.
And the output row is shorter than the signal's: at the sixth stop the window touches the right end.

### How many outputs?

The first window starts at 0. The last one ends at $m-1$, so it starts at $m-n$. The index $i$ runs over $0, \dots,
m-n$, *both included*, and that makes

$$m - n + 1 \text{ outputs.}$$

Forgetting the $+1$ loses the last output, and summing to $k = n$ instead of $n-1$ reads one value too far. Both are
easy to write and hard to see in a plot, so count.
"""

# %%
for m, n in [(8, 3), (5, 5), (100, 7), (240, 5)]:
    outputs = np.correlate(np.zeros(m), np.zeros(n), mode="valid")
    assert len(outputs) == m - n + 1
    print(f"m = {m:3d}, n = {n}: {len(outputs):3d} outputs, the last one reads x[{m - n}] … x[{m - 1}]")

# %% [markdown]
r"""
Look at the second line: a kernel as long as the signal has a single stop. That case is a plain dot product, a unit of
a fully connected layer.

> **Check yourself.** A signal has 100 values, a kernel has 7. What is the index of the last output, and which values
> does it read?
>
> <details><summary>Answer</summary>
>
> There are 94 outputs, so the last index is 93. That output reads $x_{93}, \dots, x_{99}$: seven values, and the last
> one of the signal. The third line above says the same.
>
> </details>

*And what if the kernel is longer than the signal?* Then no window fits. Two libraries, two answers:
"""

# %%
short, long = np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0])
try:
    F.conv1d(torch.from_numpy(short)[None, None], torch.from_numpy(long)[None, None])
except RuntimeError as error:
    print("torch:", error)

print("numpy:", np.correlate(short, long, mode="valid"))
assert np.array_equal(np.correlate(short, long, "valid"), np.correlate(long, short, "valid")[::-1])

# %% [markdown]
r"""
Look at NumPy's line. It gives two numbers without a word of warning: it has swapped the two arrays, so that the signal
slides over the kernel. PyTorch refuses, and says which size was too large. Your own function in the assignment should
refuse too.

## Smoothing the sensor

Now the real thing: the kernel $[\frac15, \frac15, \frac15, \frac15, \frac15]$, called a **moving average** of window
5, over all 240 readings. *By how much will the noise shrink: five times, or less?*
"""

# %%
smooth = np.correlate(readings, weights, mode="valid")
centres = seconds[2:-2]  # the window that starts at i is centred on second i + 2
assert len(smooth) == len(centres) == 236

fig, ax = plt.subplots()
ax.plot(seconds, readings, ".", color="#bbbbbb", label="readings")
ax.plot(seconds, truth, color=plotting.BLUE, label="true temperature")
ax.plot(centres, smooth, color=plotting.VERMILLION, label="moving average, window 5")
ax.set(xlabel="time in s", ylabel="temperature in °C", ylim=(18, 26.5))
ax.set_title("Five readings together say more than one")
ax.legend(loc="upper left", ncols=3)
plotting.show(fig, "The moving average of window 5 follows the true temperature with less than half of the scatter.")

# %% [markdown]
r"""
Look at the spread around the blue curve: it has shrunk. By how much? Smoothing is linear, so the noise can be smoothed
on its own. One recording is one roll of the dice, so take 500 more from the same thermometer.
"""

# %%
noise = readings - truth
left = np.correlate(noise, weights, mode="valid")
print(f"this recording: {noise.std():.3f} °C before, {left.std():.3f} °C after, ratio {noise.std() / left.std():.2f}")

others = rng.normal(0, NOISE, (500, SECONDS))
ratios = np.array([row.std() / np.correlate(row, weights, mode="valid").std() for row in others])
print(f"500 others: ratio {ratios.mean():.2f} ± {ratios.std():.2f}; independent errors promise √5 = {np.sqrt(5):.2f}")
assert abs(ratios.mean() - np.sqrt(5)) < 0.05

# %% [markdown]
r"""
Look at the second ratio: the noise shrinks by about $\sqrt5$, not by 5. Independent errors cancel only partly, and
that is a law of averages, not of convolution. To halve the noise you must average *four* readings.

So why not average fifty? Because the window also averages the truth. Split the error of the smooth curve into two
parts: what is left of the noise, and what the window does to the true temperature, the **blur**. *Which window would
you choose?*
"""

# %%
widths = np.arange(1, 52, 2)
noise_part, blur_part, total = [], [], []
for n in widths:
    kernel, half = np.full(n, 1 / n), n // 2
    inner = truth[half : SECONDS - half]
    noise_part.append(np.std(np.correlate(noise, kernel, "valid")))
    blur_part.append(np.sqrt(np.mean((np.correlate(truth, kernel, "valid") - inner) ** 2)))
    total.append(np.sqrt(np.mean((np.correlate(readings, kernel, "valid") - inner) ** 2)))

best = widths[np.argmin(total)]
print(f"best window: {best} readings, error {min(total):.3f} °C; a single reading: {total[0]:.3f} °C")
assert 5 < best < 25

# %%
fig, ax = plt.subplots()
ax.plot(widths, noise_part, "--", color=plotting.VERMILLION, label="noise left over")
ax.plot(widths, blur_part, ":", color=plotting.BLUE, label="blur of the truth")
ax.plot(widths, total, "o-", color=plotting.GREEN, label="total error")
ax.plot(best, min(total), "o", ms=11, mfc="none", mew=2, color="black")
ax.set(xlabel="window in readings", ylabel="root mean square error in °C")
ax.set_title(f"Two errors pull against each other: best window {best}")
ax.legend()
plotting.show(
    fig,
    "Root mean square error against window width: the noise falls, the blur rises, and their total has a minimum in between.",
)

# %% [markdown]
r"""
Look at the green curve: it falls, turns, and rises. A narrow window leaves noise, a wide one flattens the corners
where the heater goes on and off. The best width depends on the signal, and here we could only find it because we know
the truth. Keep that in mind for the end of this lecture, where data choose the kernel.

### Smoothing again and again

Smooth, then smooth the result, then smooth that. *Is that the same as one wide moving average?* A good way to find out
what any such procedure does: feed it a single spike.
"""

# %%
spike = np.zeros(81)
spike[40] = 1.0

responses, result = {}, spike
for passes in range(1, 9):
    result = np.correlate(result, weights, mode="valid")
    responses[passes] = result

smoothed = readings
for _ in range(8):
    smoothed = np.correlate(smoothed, weights, mode="valid")

sigma = np.sqrt(8 * (5**2 - 1) / 12)  # each pass adds the variance of one window
distance = np.arange(-20, 21)
bell = np.exp(-(distance**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=(1, 1.3))
for passes, colour in ((1, plotting.SKY), (2, plotting.ORANGE), (8, plotting.VERMILLION)):
    middle = len(responses[passes]) // 2
    label = f"{passes} passes" if passes > 1 else "1 pass"
    axes[0].plot(distance, responses[passes][middle - 20 : middle + 21], ".-", color=colour, label=label)
axes[0].plot(distance, bell, "--", color="black", lw=1, label="bell curve")
axes[0].set(xlabel="distance from the spike in s", ylabel="weight", xlim=(-18, 18))
axes[0].set_title("What becomes of one spike")
axes[0].legend()

axes[1].plot(seconds, readings, ".", color="#cccccc", label="readings")
axes[1].plot(seconds, truth, color=plotting.BLUE, label="true temperature")
axes[1].plot(seconds[16:-16], smoothed, color=plotting.VERMILLION, label="8 passes")
axes[1].set(xlabel="time in s", ylabel="temperature in °C", title="Smoother, blurred, and shorter")
axes[1].legend()
plotting.show(
    fig,
    "Left: a spike smoothed once is a box, twice a triangle, eight times a bell. Right: eight "
    "passes over the readings give a smooth curve that rounds the corners and ends 16 seconds "
    "before each border.",
)

# %%
kernel = responses[8][np.abs(np.arange(len(responses[8])) - len(responses[8]) // 2) <= 16]
assert np.count_nonzero(responses[8]) == len(kernel) == 33
spread = np.sqrt(np.sum(np.arange(-16, 17) ** 2 * kernel))
gap = np.abs(kernel - bell[4:37]).max()
print(f"8 passes: spread {spread:.3f} s, predicted {sigma:.3f} s")
print(f"largest distance from the bell: {gap:.4f}, or {gap / bell.max():.1%} of its height")
assert np.isclose(spread, sigma)

assert np.allclose(np.correlate(readings, kernel, mode="valid"), smoothed)
assert len(smoothed) == 240 - 8 * 4 == 208

# %% [markdown]
r"""
Look at the left picture from the box to the bell. No, it is not a wide moving average. Repeating gives a kernel that
trusts near neighbours more than far ones. The spread grows with the *square root* of the number of passes: one pass of
window $n$ has variance $\frac{n^2-1}{12}$, and variances add up. The printed line "8 passes: spread …" holds that
prediction against the measured kernel.

The last assertions hold two things worth keeping. Eight passes equal **one** pass with the kernel of 33 weights that
the spike revealed. And every pass cost four outputs. After eight, 32 of 240 seconds are gone. In a network with many
layers that would leave nothing, so something must be done about the ends.

## Edges and padding

The output is shorter because windows must lie inside the signal. The way out is to make the signal longer first, which
is called **padding**. With $p$ extra values on each side the output has $m + 2p - n + 1$ values, and for odd $n$ the
choice $p = \frac{n-1}{2}$ keeps the length.

But extra values are invented values. Three common inventions, for a signal $1, 2, 3, 4$:
"""

# %%
signal = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])  # (batch, channels, length)
MODES = {"zeros": "constant", "replicate": "replicate", "reflect": "reflect"}
for name, mode in MODES.items():
    print(f"{name:>9}:", F.pad(signal, (2, 2), mode=mode)[0, 0].numpy())

# %% [markdown]
r"""
Look at the first two entries of each line. *Zeros* invents a cold world. *Replicate* holds the last value. *Reflect*
mirrors the signal at its end value, and the end value itself is not repeated: left of 1 comes 2, then 3.

The three have other names elsewhere. `np.pad` calls them `constant`, `edge` and `reflect`; its `symmetric` repeats the
end value.

Now smooth the readings with a wide window, 21, so that the ends show. *What do you expect at the first reading, for
each of the three?*
"""

# %%
n, p = 21, 10
box = torch.full((1, 1, n), 1 / n, dtype=torch.float64)
row = torch.from_numpy(readings)[None, None]
padded = {name: F.conv1d(F.pad(row, (p, p), mode=mode), box)[0, 0].numpy() for name, mode in MODES.items()}
assert all(len(y) == SECONDS for y in padded.values())

for name, y in padded.items():
    print(f"{name:>9}: first {y[0]:6.2f} °C (truth {truth[0]:.2f}), last {y[-1]:6.2f} °C (truth {truth[-1]:.2f})")
print(f"At the first reading {n - p} of {n} weights meet a real one: {(n - p) / n * 20:.1f} of 20 °C are left.")
assert np.isclose(padded["zeros"][0], readings[: p + 1].sum() / n)

# %%
# without noise, what is still wrong is the fault of the padding and the window
exact = torch.from_numpy(truth)[None, None]
noise_free = {name: F.conv1d(F.pad(exact, (p, p), mode=mode), box)[0, 0].numpy() for name, mode in MODES.items()}
for name, y in noise_free.items():
    start, end = y[0] - truth[0], y[-1] - truth[-1]
    print(f"{name:>9}, noise-free: off by {start:+6.2f} °C at the start, {end:+6.2f} °C at the end")

assert abs(noise_free["replicate"][0] - truth[0]) < 0.01
assert abs(noise_free["reflect"][0] - truth[0]) < 0.01
assert noise_free["reflect"][-1] - truth[-1] < 1.8 * (noise_free["replicate"][-1] - truth[-1]) < -0.5
for y in padded.values():
    assert np.allclose(y[p:-p], np.correlate(readings, np.full(n, 1 / n), "valid"))

# %%
LOOKS = {
    "zeros": {"color": plotting.VERMILLION},
    "replicate": {"color": plotting.GREEN, "ls": "--"},
    "reflect": {"color": plotting.PURPLE, "ls": "-."},
}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
first, last = slice(0, 30), slice(205, 240)
axes[0].plot(seconds[first], readings[first], ".", color="#aaaaaa", label="readings")
for ax, part, curves in ((axes[0], first, padded), (axes[1], last, noise_free)):
    ax.plot(seconds[part], truth[part], color=plotting.BLUE, lw=1, label="true temperature")
    for name, y in curves.items():
        ax.plot(seconds[part], y[part], label=name, **LOOKS[name])
    ax.set(xlabel="time in s", ylabel="temperature in °C")
axes[0].set(title="Start: nothing got colder there", ylim=(9, 22.5))
axes[1].set(title="End, without noise: nobody guesses the rise", ylim=(19.5, 23))
axes[0].legend(loc="lower right", ncols=2)
plotting.show(
    fig,
    "Both ends of the smoothed signal. At the start, zero padding drops to about half, while "
    "replicate and reflect stay near 20 °C. At the end, where the temperature rises, replicate "
    "falls short, reflect falls short by more, and zeros leave the picture downwards.",
)

# %% [markdown]
r"""
Look at the start of the orange-red curve. We divided by 21 but had only 11 readings, because the missing neighbours
counted as zeros. Then look at the end, in the right panel: there no padding is right. The plate is warming up. A copy
of the last value does not know that, and a mirror image even claims the opposite: it is off by almost twice as much.
Away from the ends all three agree, says the last assertion.

Why do networks pad with zeros all the same? It is cheap, and a network can learn to live with it. The zeros even tell
it where the border is (Islam, Jia and Bruce 2020). In a smoothing filter you would choose otherwise.

**Even kernels.** To keep the length, $n-1$ values must be added in all. For even $n$ that is an odd number, so one
side gets one more. Which side? Ask the libraries with a kernel that answers with the first value of its window: it
answers 0 once for every value added on the left.
"""

# %%
import warnings

values = np.arange(1.0, 6.0)
for n in (3, 9, 4):
    first = torch.zeros(1, 1, n, dtype=torch.float64)
    first[0, 0, 0] = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch warns that an even kernel may cost a copy of the input
        answers = F.conv1d(torch.from_numpy(values)[None, None], first, padding="same")[0, 0].numpy()
    left = np.count_nonzero(answers == 0)
    print(f"PyTorch, n = {n}: {n - 1} values added, {left} left and {n - 1 - left} right; windows start at {answers}")
    assert len(answers) == 5
    assert left == (n - 1) // 2

answers = np.convolve(values, [0, 0, 0, 1], mode="same")
print(f"NumPy's convolve, n = 4: windows start at {answers}")
assert np.count_nonzero(answers == 0) == 2

# %% [markdown]
r"""
> **Check yourself.** A kernel has 9 weights. How many values must be added to keep the length, and where? And for 4
> weights?
>
> <details><summary>Answer</summary>
>
> Nine weights need 8 values, four on each side. Four weights need 3, which cannot be split evenly: PyTorch adds one on
> the left and two on the right, and the last printed line shows NumPy's `convolve` doing the opposite.
>
> </details>

## Flip, or no flip?

Ask a mathematician for the convolution of $x$ and $w$ and you get another formula. One sign differs:

$$(x * w)_i = \sum_{k} x_{i-k}\, w_k \qquad\text{against}\qquad y_i = \sum_k x_{i+k}\, w_k .$$

The left one is **true convolution**. The right one, which we have used so far, is **cross-correlation**. In the left
one $x$ is read backwards while $w$ is read forwards: the kernel lies on the signal *flipped*.

Why would anybody want that? Think of causes and effects. The heater gives a pulse at second $j$. What does it do to
the plate $k$ seconds later? It warms it by $w_k$, a little less every second. So the temperature *now*, at second $i$,
collects from the pulse $k$ seconds *ago*: $x_{i-k}\, w_k$. The minus sign is the word "ago".
"""

# %%
fading = HEATING / TAU * (1 - 1 / TAU) ** np.arange(SECONDS)  # °C, so many seconds after one second of heating
pulses = np.zeros(SECONDS)
pulses[[20, 45, 50, 55, 120]] = 1.0

summed = np.zeros(SECONDS)
for j in np.flatnonzero(pulses):
    summed[j:] += fading[: SECONDS - j]
assert np.allclose(summed, np.convolve(pulses, fading)[:SECONDS])

# the plate of the first section, which was computed second by second from Newton's law
assert np.allclose(truth, ROOM + np.convolve(heater, fading)[:SECONDS])

# %%
fig, ax = plt.subplots()
for j in np.flatnonzero(pulses):
    label = "answer to one pulse" if j == 20 else None
    ax.plot(seconds[j:], fading[: SECONDS - j], color=plotting.SKY, lw=1, label=label)
ax.plot(seconds, summed, color=plotting.VERMILLION, label="their sum: true convolution")
ax.vlines(np.flatnonzero(pulses), -0.06, 0, color=plotting.ORANGE, lw=3, label="heater pulses")
ax.set(xlabel="time in s", ylabel="warming in °C")
ax.set_title("Each pulse leaves a copy of the response; convolution adds them up")
ax.legend()
plotting.show(
    fig,
    "Five heater pulses; each starts a decaying curve, and the sum of the five curves jumps at every pulse and decays between.",
)

# %% [markdown]
r"""
Look at the copies: each runs *forwards*, and none starts before its pulse. And look at the last assertion before the
picture. The true temperature [of the plate](#A-noisy-sensor), computed step by step from Newton's law, was a true
convolution all along: the heater's switch, convolved with the fading warmth of one second.

So there are two ways to see a kernel. True convolution **scatters**: every input leaves a copy of the kernel.
Cross-correlation **gathers**: every output asks how much its window looks like the kernel. The quickest way to tell
which of them a library computes is a single spike and a lopsided kernel.
"""

# %%
spike = np.zeros(9)
spike[4] = 1.0
lopsided = np.array([3.0, 2.0, 1.0])

as_torch = torch.from_numpy(spike)[None, None], torch.from_numpy(lopsided)[None, None]
gathered = F.conv1d(*as_torch, padding=1)[0, 0].numpy()
scattered = np.convolve(spike, lopsided, mode="same")
print("np.convolve:", scattered)
print("F.conv1d:   ", gathered)

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True, width_ratios=(1, 2.4, 2.4))
axes[0].bar(np.arange(3), lopsided, color=plotting.GREY)
axes[0].set(xlabel="index", ylabel="value", title="the kernel", xticks=np.arange(3))
axes[1].bar(np.arange(9), scattered, color=plotting.BLUE)
axes[1].set(xlabel="index", title="np.convolve: as it is", xticks=np.arange(9))
axes[2].bar(np.arange(9), gathered, color=plotting.VERMILLION)
axes[2].set(xlabel="index", title="F.conv1d: mirrored", xticks=np.arange(9))
for ax in axes[1:]:
    ax.axvline(4, color="black", lw=1, ls=":", label="place of the spike")
axes[1].legend(loc="upper right")
plotting.show(
    fig,
    "Bars of a kernel 3, 2, 1; np.convolve turns the spike at index 4 into 3, 2, 1; F.conv1d turns it into 1, 2, 3.",
)

# %% [markdown]
r"""
Look at the right panel; the dotted line marks the spike. PyTorch's `conv1d` has answered with the kernel mirrored, so
it is cross-correlation. Its manual says so, and most frameworks do the same (Goodfellow, Bengio and Courville 2016,
section 9.1). *Everybody in deep learning says convolution and computes cross-correlation.* So do we, from here on, and
we say *true convolution* when we mean the flip.

One flip turns one into the other:
"""

# %%
signal, kernel = rng.integers(-9, 10, 12), rng.integers(-9, 10, 4)
assert np.array_equal(np.convolve(signal, kernel, "valid"), np.correlate(signal, kernel[::-1], "valid"))

framework = F.conv1d(torch.from_numpy(signal)[None, None], torch.from_numpy(kernel)[None, None])[0, 0].numpy()
assert np.array_equal(framework, np.correlate(signal, kernel, "valid"))
assert not np.array_equal(framework, np.convolve(signal, kernel, "valid"))

i = 5
by_hand = sum(signal[i - k] * kernel[k] for k in range(4))
print(f"(x * w)[{i}] by hand: {by_hand}; from np.convolve, mode 'full': {np.convolve(signal, kernel, 'full')[i]}")
for mode in ("full", "same", "valid"):
    print(f"{mode:>5}: {len(np.convolve(signal, kernel, mode))} values from m = 12, n = 4")
assert by_hand == np.convolve(signal, kernel, "full")[i]

# %% [markdown]
r"""
Look at the three lengths. *Full* keeps every output to which at least one real value contributes, $m+n-1$ of them;
*same* keeps the $m$ in the middle, from index $\lfloor (n-1)/2 \rfloor$ on; *valid* keeps the $m-n+1$ whose window lies
inside. In `full`, index $i$ of the result belongs to $x_i, x_{i-1}, \dots$, with zeros where $x$ has no value. Here is
`full` in slow motion, a kernel of three on six values with two zeros on each side. *Compare the row $w$ with the kernel
that the cell defines.*
"""

# %%
x, w = np.array([2.0, 1.0, 4.0, 3.0, 7.0, 8.0]), np.array([3.0, 2.0, 1.0])
full = np.convolve(x, w, mode="full")
plotting.slide_1d(np.pad(x, 2), w[::-1], full, seconds=0.7)

# %% [markdown]
r"""
Look at the second row: 1, 2, 3 where the cell says 3, 2, 1. That is the flip. And look at the two ends: the kernel
starts with one real value under it, and ends with one.

> **Check yourself.** For which kernels does the flip make no difference? And does it matter for a kernel that a
> network learns?
>
> <details><summary>Answer</summary>
>
> For kernels that read the same from both ends, such as every moving average. For learned kernels it does not matter
> either: a network that flips would learn the mirrored weights and give the same outputs. It does matter when you copy
> weights from one library to another, or a filter from a signal-processing book.
>
> </details>

## Which laws hold?

True convolution behaves like a multiplication. Does cross-correlation? Do not believe it, try it. With small random
*integers* there are no rounding errors, so one counterexample is a proof that a law fails. That a thousand trials
agree is no proof that it holds, but every law below that passes has a short one.

Both operations in `full` mode, five laws. *Which laws will fail, and for which of the two?*
"""


# %%
def conv(a, b):
    return np.convolve(a, b, "full")


def corr(a, b):
    return np.correlate(a, b, "full")


LAWS = {
    "linear in the signal": lambda f, a, b, c: (f(3 * a - 2 * c, b), 3 * f(a, b) - 2 * f(c, b)),
    "linear in the kernel": lambda f, a, b, c: (f(b, 3 * a - 2 * c), 3 * f(b, a) - 2 * f(b, c)),
    "shift of the signal shifts the result": lambda f, a, b, c: (f(np.append(0, a), b), np.append(0, f(a, b))),
    "commutative": lambda f, a, b, c: (f(a, b), f(b, a)),
    "associative": lambda f, a, b, c: (f(f(a, b), c), f(a, f(b, c))),
}

trials = [tuple(rng.integers(-5, 6, size) for size in (6, 4, 6)) for _ in range(1000)]
agree = {}
print(f"{'agreement in 1000 trials':38}  true convolution   cross-correlation")
for name, law in LAWS.items():
    for f in (conv, corr):
        agree[name, f] = sum(np.array_equal(*law(f, *arrays)) for arrays in trials)
    print(f"{name:38}{agree[name, conv]:>18}{agree[name, corr]:>20}")

assert all(agree[name, conv] == 1000 for name in LAWS)
assert all(agree[name, corr] == 1000 for name in list(LAWS)[:3])
assert agree["commutative", corr] < 10
assert agree["associative", corr] < 10

# %% [markdown]
r"""
Look at the last two rows. Commutativity and associativity are laws of *true* convolution, and cross-correlation fails
them nearly always. Here is one failure each that you can check on paper:
"""

# %%
a, b, c = np.array([1, 2]), np.array([3, 1]), np.array([1, 4])
print("convolution:        a*b =", conv(a, b), "       b*a =", conv(b, a))
print("cross-correlation:  a⋆b =", corr(a, b), "       b⋆a =", corr(b, a), " (the mirror image)")
print("convolution:        (a*b)*c =", conv(conv(a, b), c), " a*(b*c) =", conv(a, conv(b, c)))
print("cross-correlation:  (a⋆b)⋆c =", corr(corr(a, b), c), " a⋆(b⋆c) =", corr(a, corr(b, c)))
assert np.array_equal(corr(a, b), corr(b, a)[::-1])
assert not np.array_equal(corr(a, b), corr(b, a))
assert not np.array_equal(corr(corr(a, b), c), corr(a, corr(b, c)))

# %% [markdown]
r"""
Look at the second line: swapping the arguments of a cross-correlation mirrors the result.

Does the missing law hurt a network? Two convolution layers with nothing in between, first kernel $a$, then kernel $b$,
both cross-correlations. Eight passes of smoothing were one pass with a wider kernel, so there should be one kernel for
these two as well. *Which one?*
"""

# %%
a, b = rng.normal(size=5), rng.normal(size=3)
twice = np.correlate(np.correlate(readings, a, "valid"), b, "valid")
merged = np.correlate(readings, np.convolve(a, b), "valid")
assert np.allclose(twice, merged)
assert not np.allclose(twice, np.correlate(readings, np.correlate(a, b, "full"), "valid"))
print(f"kernels of {len(a)} and {len(b)} weights act like one of {len(np.convolve(a, b))}")

# %% [markdown]
r"""
Look at what merges them: the *true* convolution of the two kernels, with $5 + 3 - 1 = 7$ weights. The
cross-correlation of the kernels is the wrong one, says the second assertion. And notice what follows for networks:
convolution layers without a nonlinearity between them are one convolution layer, however many you stack.

## Convolution is a matrix product

Every output is a weighted sum of inputs, so all outputs together are a matrix times the signal, $y = T x$. *What does
$T$ look like?*

You do not need to derive it. Column $j$ of any matrix is its answer to the unit vector $e_j$. So feed the framework a
batch of all unit vectors and collect the answers.
"""

# %%
m, n = 16, 4
kernel = torch.tensor([[[1.0, 2.0, -1.0, -2.0]]])
unit_vectors = torch.eye(m)[:, None]  # (m, 1, m): a batch of m signals, each a spike
T = F.conv1d(unit_vectors, kernel)[:, 0].T.numpy()  # (m - n + 1, m)

signal = rng.integers(-9, 10, m).astype(np.float32)
assert T.shape == (13, 16)
assert np.allclose(T @ signal, np.correlate(signal, kernel[0, 0].numpy(), "valid"))

# %%
canvas = np.full((m, m + 6), np.nan)  # y, T and x side by side, each tinted on its own scale
canvas[:13, 0] = (T @ signal) / 80
canvas[:13, 3:19] = T / 4
canvas[:, 21] = signal / 18
numbers = {(i, 0): value for i, value in enumerate(T @ signal)} | {(i, 21): value for i, value in enumerate(signal)}
numbers |= {(i, j + 3): value for (i, j), value in np.ndenumerate(T) if value}

fig, ax = plt.subplots(figsize=(8, 5.6))
ax.imshow(canvas, cmap=plotting.DIVERGING, vmin=-1, vmax=1)
for (i, j), value in numbers.items():
    ax.text(j, i, f"{value:g}".replace("-", "−"), ha="center", va="center", fontsize=8)
for j, word in ((0, "y"), (1.5, "="), (10.5, "T: the kernel, one step further in every row"), (19.5, "·"), (21, "x")):
    ax.text(j, -1.1, word, ha="center", fontsize=11)
ax.set(xticks=range(3, 19, 3), xticklabels=range(0, 16, 3), yticks=range(0, 13, 3))
ax.set(xlabel="input index", ylabel="output index")
ax.grid(False)
ax.spines[:].set_visible(False)
plotting.show(
    fig,
    "A matrix of 13 rows and 16 columns, zero except for a diagonal band in which every row holds the kernel "
    "1, 2, −1, −2, one column further right; left of it the 13 outputs, right of it the 16 inputs.",
)

# %% [markdown]
r"""
Look along the diagonals: each holds one number. A matrix with constant diagonals is called a **[Toeplitz
matrix](../glossary.ipynb#toeplitz-matrix)**.
Compare it with the weight matrix of a fully connected layer of the same size.
"""

# %%
dense, nonzero, distinct = T.size, np.count_nonzero(T), kernel.numel()
print(f"fully connected: {dense} weights. Convolution: {nonzero} nonzero entries, {distinct} different ones.")
assert (dense, nonzero, distinct) == (208, 52, 4)
assert (dense - nonzero) / dense == 0.75

dy = rng.integers(-9, 10, m - n + 1).astype(np.float32)
assert np.allclose(T.T @ dy, np.convolve(dy, kernel[0, 0].numpy(), "full"))

# %% [markdown]
r"""
Look at the three counts. From 208 to 52 is *locality*: an output sees only its window. From 52 to 4 is *weight
sharing*: all windows use the same weights. Lecture 01 named both; here you see them as white area and as diagonals.

The last line is a promise for later. The *transposed* matrix takes 13 values back to 16, and multiplying by it is a
true convolution in `full` mode. Lecture 05 will meet it as the backward pass, and lecture 04 as the transposed
convolution. Nobody computes a convolution with $T$ itself, though: three quarters of the work would be multiplying by
zero.

## The convolution theorem

No exercise needs this section. At a first reading you may go on with [the layer](#What-a-Conv1d-layer-adds).

There is a second way to multiply. Any signal is a sum of waves, and its *spectrum* says how much of each. A
convolution treats every wave separately: it scales it and shifts it, and never turns one wave into another. In one
sentence: **the spectrum of a true convolution is the product of the two spectra**, frequency by frequency.

Take it literally: transform both, multiply, transform back. `np.fft.rfft` makes the spectrum, one complex number for each
frequency: its size says how much of that wave is there, its angle how far the wave is shifted. `np.fft.irfft` goes back
from the spectrum to the values. The second argument of both is a number of values: `rfft` first fills up with zeros to that
length, and `irfft` returns so many.
"""

# %%
signal, kernel = rng.normal(size=50), rng.normal(size=9)
full = np.convolve(signal, kernel, "full")

length = 50 + 9 - 1
product = np.fft.irfft(np.fft.rfft(signal, length) * np.fft.rfft(kernel, length), length)
assert np.allclose(product, full)

short = np.fft.irfft(np.fft.rfft(signal, 50) * np.fft.rfft(kernel, 50), 50)
wrong = np.flatnonzero(~np.isclose(short, full[:50]))
print("transforms of length 58: equal to np.convolve everywhere")
print("transforms of length 50: wrong at", wrong)
assert np.array_equal(wrong, np.arange(8))
assert np.allclose(short[:8], full[:8] + full[50:])

# %% [markdown]
r"""
Look at the second line. The discrete Fourier transform thinks that the signal is a ring. With too little room the last
$n-1 = 8$ outputs run over the end and land on the first eight, which the last assertion confirms. Filling up with
zeros to $m+n-1$ is the cure.

### What smoothing does to each wave

The spectrum of the kernel alone says by which factor each wave is scaled, its **gain**. *Will one pass of the moving
average remove all fast wiggles?*
"""

# %%
frequencies = np.fft.rfftfreq(2048)  # cycles per second, as the sensor is read once a second
centred = np.roll(np.pad(weights, (0, 2043)), -2)  # so that the kernel's middle sits at 0 and the spectrum is real
gain = np.fft.rfft(centred).real

fig, ax = plt.subplots(figsize=(7.6, 3))
ax.axhline(0, color="black", lw=0.8)
ax.plot(frequencies, gain, color=plotting.BLUE, label="one pass of window 5")
ax.plot(frequencies, gain**4, "--", color=plotting.VERMILLION, label="four passes")
ax.set(xlabel="frequency in cycles per second", ylabel="gain", title="A moving average turns some waves upside down")
ax.legend()
plotting.show(
    fig,
    "Gain against frequency: one pass falls from 1 to 0 at 0.2, is negative down to −0.25 and positive again beyond "
    "0.4; four passes fall smoothly to almost 0.",
)

lowest = gain.argmin()
print(f"gain at 0: {gain[0]:.2f}; at one cycle in 5 s: {gain[np.abs(frequencies - 0.2).argmin()]:.3f}")
print(f"lowest gain: {gain[lowest]:.3f}, for waves of {1 / frequencies[lowest]:.2f} s; four passes: {gain[lowest] ** 4:.4f}")
assert np.isclose(gain[0], 1)
assert np.isclose(gain[lowest], -0.25, atol=0.005)

wave = np.cos(2 * np.pi * frequencies[lowest] * seconds)
assert np.allclose(np.correlate(wave, weights, "valid"), gain[lowest] * wave[2:-2])

twice = np.convolve(weights, weights)
assert np.allclose(np.abs(np.fft.rfft(np.convolve(twice, twice), 2048)), gain**4)

# %% [markdown]
r"""
Look below the zero line. Waves of a little more than three seconds pass the moving average at a quarter of their
height and *upside down*: valleys become hills. Four passes raise the gain to the fourth power, and what is left of
those waves is $0.25^4$, less than half a percent. That is one reason why repeated smoothing looks so clean. It is also
the [convolution theorem](../glossary.ipynb#convolution-theorem) at work: passes convolve kernels, so they multiply
gains, and the last assertion says so.

### When does the FFT pay?

The direct way takes $n$ multiplications for each output, about $m\,n$ in all. The fast Fourier transform of length $L$
takes on the order of $L \log_2 L$ steps, whatever the kernel's width. So the direct time must grow with $n$ and the
other must not. *Where will the lines cross, for a signal of 16,384 values? At $n=10$, 100, 1000?* Guess, then measure.
"""

# %%
import sys
from time import perf_counter, thread_time

# A thread's own time leaves out what else runs on the machine; Windows measures it too coarsely.
clock = perf_counter if sys.platform == "win32" else thread_time
RUNS = 9
m = 2**14
signal = rng.normal(size=m)
sizes = 2 ** np.arange(1, 14)
times = np.empty((2, len(sizes), RUNS))  # seconds
for s, n in enumerate(sizes):
    kernel = rng.normal(size=n)
    length = 2 ** int(np.ceil(np.log2(m + n - 1)))  # a power of two suits the FFT
    for run in range(RUNS):  # the two take turns, so that a busy moment of the machine hits both
        start = clock()
        direct = np.convolve(signal, kernel)
        middle = clock()
        spectral = np.fft.irfft(np.fft.rfft(signal, length) * np.fft.rfft(kernel, length), length)
        times[:, s, run] = middle - start, clock() - middle
    assert np.allclose(direct, spectral[: m + n - 1])

medians = np.median(times, axis=2)
faster = sizes[medians[1] < medians[0]]
print(f"NumPy {np.__version__}, float64, CPU, median of {RUNS} runs")
print(f"here the FFT is the faster one from n = {faster.min()} on")
for s in (1, -1):
    direct, spectral = medians[:, s] * 1e3
    print(f"n = {sizes[s]}: direct {direct:.3f} ms, FFT {spectral:.3f} ms, direct / FFT {direct / spectral:.2g}")

# %%
fig, ax = plt.subplots(figsize=(7.6, 3.6))
ways = (("direct: np.convolve", "o-", plotting.BLUE), ("FFT: np.fft", "s--", plotting.VERMILLION))
for values, (name, mark, colour) in zip(1e3 * times, ways, strict=True):
    ax.plot(sizes, np.median(values, axis=1), mark, color=colour, label=f"{name}, median of {RUNS}")
    ax.fill_between(sizes, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.2, lw=0)
ax.axvspan(3, 7, color=plotting.GREEN, alpha=0.15, lw=0, label="kernels of 3 to 7")
ax.set(xscale="log", yscale="log", xlabel="kernel width n", ylabel="time in ms")
ax.set_title("The FFT wins for wide kernels only (bands: fastest to slowest run)")
ax.legend(loc="upper center")
plotting.show(
    fig,
    "Time against kernel width on logarithmic axes: the direct time rises with the width, the FFT's stays level, and "
    "they cross far to the right of the kernels that networks use.",
)

# %% [markdown]
r"""
Look at the green strip. That is where most kernels of image networks live, 3 to 7 wide, and there the direct way is
far ahead. The crossing point belongs to the machine that ran this, and yours may differ. That one line rises and the
other stays level will not. (The jump between 8 and 16 is NumPy's own: kernels of up to 11 weights have a loop of their
own.) Keep the FFT for long filters: an echo of a concert hall, a template of thousands of samples.

> **Check yourself.** You multiply the spectra of 1000 readings and of a kernel of 100 weights, both transformed with
> length 1024. Which outputs can you trust?
>
> <details><summary>Answer</summary>
>
> The true convolution has $1000 + 100 - 1 = 1099$ values, 75 more than fit. Those 75 wrap around and spoil the first
> 75 outputs; the others are right.
>
> </details>
"""

# %%
signal, kernel = rng.normal(size=1000), rng.normal(size=100)
full = np.convolve(signal, kernel)
ring = np.fft.irfft(np.fft.rfft(signal, 1024) * np.fft.rfft(kernel, 1024), 1024)
assert len(full) == 1099
assert np.array_equal(np.flatnonzero(~np.isclose(ring, full[:1024])), np.arange(75))

# %% [markdown]
r"""
## What a `Conv1d` layer adds

A layer in a network does the same sliding dot product with four additions.

- **Channels in.** The signal has $C$ rows, for instance the three axes of an accelerometer. The kernel has $C$ rows as
  well, and the dot product runs over all of them.
- **Channels out.** There are $K$ kernels. Each makes one row of output.
- **Batch.** $N$ signals at once, each on its own.
- **Bias.** One number per kernel, added to all outputs of that kernel.

So $x$ is $(N, C, L)$, $w$ is $(K, C, n)$, $b$ is $(K,)$. One output, by hand:
"""

# %%
x = torch.randn(2, 3, 40, generator=torch.Generator().manual_seed(0))  # (N, C, L)
layer = torch.nn.Conv1d(in_channels=3, out_channels=5, kernel_size=7)
w, b = layer.weight.detach(), layer.bias.detach()
with torch.no_grad():
    y = layer(x)

sample, k, i = 1, 4, 10
by_hand = (x[sample, :, i : i + 7] * w[k]).sum() + b[k]
assert torch.isclose(by_hand, y[sample, k, i], atol=1e-6)
print(f"x {tuple(x.shape)}, w {tuple(w.shape)}, b {tuple(b.shape)} -> y {tuple(y.shape)}")

# %% [markdown]
r"""
Look at the output's shape: the 3 has gone, because every kernel added up all three channels, and the 5 counts the
kernels.

### Stride

A window need not stop everywhere. With **stride** $s$ it stops at every $s$-th place, which gives a shorter output for
less work. *How many stops are there on a signal of length 40, with padding 2, a kernel of 7 and stride 3?*
"""

# %%
with torch.no_grad():
    every = F.conv1d(x, w, b, padding=2)
    third = F.conv1d(x, w, b, padding=2, stride=3)
assert torch.allclose(third, every[:, :, ::3], atol=1e-6)

for length, n, p, s in [(40, 7, 2, 3), (240, 5, 0, 1), (240, 5, 2, 2), (5, 3, 0, 2), (6, 3, 0, 2)]:
    outputs = F.conv1d(torch.zeros(1, 1, length), torch.zeros(1, 1, n), padding=p, stride=s).shape[-1]
    assert outputs == (length + 2 * p - n) // s + 1
    print(f"length {length:3d}, kernel {n}, padding {p}, stride {s}: {outputs:3d} outputs")

# %%
six, three = torch.tensor([[[2.0, 1.0, 4.0, 3.0, 7.0, 8.0]]]), torch.tensor([[[0.25, 0.5, 0.25]]])
plotting.slide_1d(six[0, 0], three[0, 0], F.conv1d(six, three, stride=2)[0, 0])

# %% [markdown]
r"""
Look at the last two printed lines. Length 5 and length 6 give the same 2 outputs, and the animation shows why: the
sixth value is read by no window. That is the floor in

$$L' = \left\lfloor \frac{L + 2p - n}{s} \right\rfloor + 1 .$$

The first stop is always there, hence the $+1$; after it come as many whole steps of $s$ as fit.

### What does the "1d" count?

Not the dimensions of the arrays: $x$ and $w$ above have three. It counts **the directions in which the kernel moves**.
A `Conv1d` kernel moves along time only, and spans all channels. A `Conv2d` kernel moves along height and width.
"""

# %%
cases = {
    "Conv1d": (F.conv1d, (1, 3, 40), (5, 3, 7), "accelerometer: 3 axes, 40 readings"),
    "Conv2d": (F.conv2d, (1, 3, 32, 40), (5, 3, 7, 7), "colour image: 3 colours, 32 rows, 40 columns"),
    "Conv3d": (F.conv3d, (1, 1, 9, 32, 40), (5, 1, 7, 7, 7), "scan: 9 slices of 32 by 40"),
}
print(f"{'':8}{'input':20}{'kernels':18}{'output':20}moves in")
for name, (operation, x_shape, w_shape, what) in cases.items():
    out = tuple(operation(torch.zeros(x_shape), torch.zeros(w_shape)).shape)
    directions = sum(o > 1 for o in out[2:])
    print(f"{name:8}{x_shape!s:20}{w_shape!s:18}{out!s:20}{directions}   {what}")
    assert directions == int(name[4])

picture = x[:, None]  # the same numbers as a one-colour image of 3 rows and 40 columns
tall = w[:, None]  # five kernels as tall as the image
assert torch.allclose(F.conv2d(picture, tall)[:, :, 0], F.conv1d(x, w), atol=1e-6)

# %% [markdown]
r"""
Look at the last assertion. A two-dimensional kernel that is as tall as its image has only one direction left to move,
and then `conv2d` and `conv1d` are the same thing.

## Let the data choose the kernel

When [smoothing the sensor](#Smoothing-the-sensor) we looked for the best window, and had to know the truth to find it.
But why should all weights be equal?
Suppose that the factory tests some sensors beside an expensive thermometer. Then there are pairs, noisy and true, and
a kernel of 21 weights can be *learned* from them: start at random, and follow the gradient of the squared error.

*Draw the kernel that you expect.*
"""

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"


def recordings(count, generator):
    """Make noisy and true recordings in °C above the room, both (count, 1, SECONDS), the heater at random times."""
    switches = torch.rand(count, SECONDS, generator=generator) < 1 / 40
    on = (switches.cumsum(1) % 2).float()
    true = F.conv1d(F.pad(on[:, None], (SECONDS - 1, 0)), torch.from_numpy(fading).float().flip(0)[None, None])
    noisy = true + NOISE * torch.randn(true.shape, generator=generator)
    return noisy, true


generator = torch.Generator().manual_seed(0)
noisy, true = (t.to(device) for t in recordings(100, generator))
torch.manual_seed(0)
model = torch.nn.Conv1d(1, 1, 21, bias=False).to(device)
start = model.weight.detach().cpu().flatten().numpy().copy()

optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for _ in range(300):
    loss = F.mse_loss(model(noisy), true[:, :, 10:-10])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
learned = model.weight.detach().cpu()

# %%
new_noisy, new_true = recordings(400, generator)


def error(kernel):
    """Return the root mean square error in °C of each new recording, inside the borders of the widest kernel."""
    margin = 10 - kernel.shape[-1] // 2
    gap = F.conv1d(new_noisy[:, :, margin : SECONDS - margin], kernel) - new_true[:, :, 10:-10]
    return gap.square().mean(dim=(1, 2)).sqrt()


errors = {f"moving average, {n}": error(torch.full((1, 1, n), 1 / n)) for n in range(1, 22, 2)}
best_average = min(errors, key=lambda name: errors[name].mean())
errors["learned"] = error(learned)
for name in ("moving average, 1", best_average, "learned"):
    print(f"{name:>18}: {errors[name].mean():.3f} ± {errors[name].std():.3f} °C on 400 new recordings")
wins = int((errors["learned"] < errors[best_average]).sum())
print(f"the learned kernel beats the best moving average on {wins} of 400; its weights add up to {learned.sum():.3f}")
assert 0.9 < errors["learned"].mean() / errors[best_average].mean() < 0.99
assert wins > 380
assert abs(learned.sum() - 1) < 0.05

# %%
distance = np.arange(-10, 11)
width = int(best_average.split()[-1])
box = np.where(np.abs(distance) <= width // 2, 1 / width, 0)
fig, ax = plt.subplots()
ax.plot(distance, start, ":", color=plotting.GREY, label="before training")
ax.step(distance, box, where="mid", color=plotting.BLUE, label="best moving average")
ax.plot(distance, learned.flatten(), "o-", color=plotting.VERMILLION, label="learned")
ax.set(xlabel="distance from the output in s", ylabel="weight", ylim=(-0.25, 0.3), xticks=range(-10, 11, 5))
ax.set_title("Nobody told it to trust near neighbours more")
ax.legend(loc="upper left", ncols=3)
plotting.show(
    fig,
    "Random weights before training; the best moving average is a box; the learned kernel is a smooth hill, highest in "
    "the middle, that falls to about zero at both ends.",
)

# %% [markdown]
r"""
Look at the learned kernel: a hill, highest in the middle, much like the bell from repeated smoothing. Its weights add
up to nearly one, which nobody demanded either: a kernel that does not keep a constant temperature pays for it in the
loss. On recordings that it has never seen it beats the best moving average nearly always, though not by much.

The best moving average is a little narrower than the 13 [found above](#Smoothing-the-sensor). There the heater switched
three times in 240 seconds. Here it does so once in 40 seconds on average, six times in a recording, and each switch is a
corner that a wide window flattens.

And that is a convolutional network, with one layer and one kernel. What comes from here on is the same, with more
directions, more kernels, and more layers.

## Common mistakes

- **One output lost.** A result is one value too short, which no plot shows. The last index is $m-n$, and it counts:
  there are $m-n+1$ outputs, and the sum over $k$ ends at $n-1$.
- **"Convolution" taken literally.** Results come out mirrored: `np.convolve` flips, `F.conv1d` does not. Commutativity
  and associativity belong to the one that flips. Try a single spike and a lopsided kernel.
- **Arguments swapped in silence.** NumPy swaps signal and kernel when the kernel is longer. Raise an error instead.
- **Zeros at the border taken for data.** A curve that dips at both ends shows the padding, not the plate. Choose
  another padding, or leave the ends out.
- **The floor forgotten.** With a stride, the last values may be read by no window. Test a length that the stride does
  not divide.
- **A function without `return`, or with an argument that it ignores.** No error says so. The next cell shows how to
  catch both.
"""


# %%
def smooth_forgetful(x, w, padding=0, stride=1):
    np.correlate(x, w, "valid")  # padding and stride are never used, and nothing is returned


def length_after_two_layers(length, padding):
    for _ in range(2):  # convolution with a kernel of 5, then every second value, as in a LeNet
        length = F.conv1d(torch.zeros(1, 1, length), torch.zeros(1, 1, 5), padding=padding)[:, :, ::2].shape[-1]
    return length


print("it returns", smooth_forgetful(readings, weights, padding=2))
for padding in (0, 2):
    side = length_after_two_layers(32, padding)
    print(f"length 32, two layers, padding {padding}: {side}; as a square with 16 channels: {16 * side**2} values")
assert [length_after_two_layers(32, p) for p in (0, 2)] == [5, 8]

# %% [markdown]
r"""
Look at the two lengths. If an implementation ignores its padding argument, the next layer receives 5 values where its
author counted on 8, or the other way round. In two dimensions with 16 channels that is 400 numbers against 1024. So
test a function with *two* values of every argument, and look whether the result changes.

## Summary

- A kernel slides; each output is a dot product: $y_i = \sum_{k=0}^{n-1} x_{i+k} w_k$ for $i = 0, \dots, m-n$.
- Averaging $n$ independent errors shrinks them by $\sqrt n$, and a wider window blurs more.
- Padding invents values: zeros, replicate, reflect. Only the outputs near the ends notice.
- True convolution flips the kernel. It commutes and associates; cross-correlation does neither. Frameworks compute
  cross-correlation and call it convolution.
- A convolution is a Toeplitz matrix: sparse, because it is local, and constant along diagonals, because the weights
  are shared.
- Spectra multiply. The FFT pays for wide kernels, not for 3 to 7 weights.
- `Conv1d` moves in one direction, sums over input channels, and has one kernel per output channel; $L' = \lfloor (L +
  2p - n)/s \rfloor + 1$.

## References

- I. Goodfellow, Y. Bengio, A. Courville: *Deep Learning*, MIT Press 2016, chapter 9,
  [deeplearningbook.org](https://www.deeplearningbook.org/contents/convnets.html). Section 9.1 on convolution and
  cross-correlation.
- V. Dumoulin, F. Visin: *A guide to convolution arithmetic for deep learning*, 2016,
  [arXiv:1603.07285](https://arxiv.org/abs/1603.07285).
- A. V. Oppenheim, R. W. Schafer: *Discrete-Time Signal Processing*, 3rd edition, Pearson 2010. Impulse responses,
  spectra, circular convolution.
- R. M. Gray: *Toeplitz and Circulant Matrices: A Review*, Foundations and Trends in Communications and Information
  Theory 2(3), 2006, [doi:10.1561/0100000006](https://doi.org/10.1561/0100000006).
- J. W. Cooley, J. W. Tukey: *An Algorithm for the Machine Calculation of Complex Fourier Series*, Mathematics of
  Computation 19, 1965, [doi:10.1090/S0025-5718-1965-0178586-1](https://doi.org/10.1090/S0025-5718-1965-0178586-1).
- M. Mathieu, M. Henaff, Y. LeCun: *Fast Training of Convolutional Networks through FFTs*, ICLR 2014,
  [arXiv:1312.5851](https://arxiv.org/abs/1312.5851).
- M. A. Islam, S. Jia, N. D. B. Bruce: *How Much Position Information Do Convolutional Neural Networks Encode?*, ICLR
  2020, [arXiv:2001.08248](https://arxiv.org/abs/2001.08248).
- PyTorch manual, [`torch.nn.Conv1d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html), which calls
  its operation cross-correlation.

## Your turn

[Assignment 02](../assignments/02_convolution_1d/02_convolution_1d.ipynb), about two and a half hours: you write the sliding
dot product with loops, padding, the moving average, true convolution and its matrix, and in the end what a layer does, with
batch, channels, bias, padding and stride. Next comes [lecture 03](03_convolution_2d.ipynb): a second direction.
"""
