# %% [markdown]
r"""
# Assignment 14 · Beyond images

A convolution needs neighbours, not pictures. Here the neighbours are letters of a genome, moments of a signal, and
voxels of a volume. You scan DNA for a motif on both of its strands, build the layer and the block with which WaveNet
generated speech sample by sample, and write the convolution that moves in three directions.

**You need** [lecture 14](../../lectures/14_beyond_images.ipynb), NumPy, and PyTorch for exercise 7. **Time:** about
four hours.
**Points:** 49.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Four rules hold for every exercise.

- "Convolution" means cross-correlation: the kernel is not flipped.
- `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible, such as a motif longer than its sequence, raises `ValueError`, where the exercise asks for it; say
  in its message why.

Write it in NumPy, but for exercise 7, where PyTorch is the point. In the others PyTorch and SciPy are refused.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import case, check, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. Letters become channels

**Points 4 · difficulty 1/5 · about 15 minutes**

A network reads numbers, and DNA is letters. Numbering them, A = 0, C = 1, G = 2, T = 3, would say that a T is three
times a C. So each base gets a channel of its own: `one_hot_dna` returns an array of shape $(4, L)$ and dtype `float32`,
with the rows A, C, G and T, and in every column a single one. `"GAT"` becomes

$$\begin{pmatrix} 0 & 1 & 0 \\ 0 & 0 & 0 \\ 1 & 0 & 0 \\ 0 & 0 & 1 \end{pmatrix}.$$

Real files hold more than capitals. An `N` is a base that could not be read: its column is zeros. Lower-case letters are the
same bases; genome files mark repeats with them. Any other letter raises `ValueError`.

<details><summary>Hint 1</summary>

Make an array of zeros first. `"ACGT".find(letter)` is the row of a letter, and −1 for one that is not there. *Which row has
the index −1?*
</details>

<details><summary>Hint 2: without a loop</summary>

`np.frombuffer(sequence.encode(), dtype=np.uint8)` is an array of character codes. Compared with the four codes of
`ACGT` in a column, it gives all four rows at once.
</details>
"""


# %% solution="one_hot_dna"
def one_hot_dna(sequence):
    """Encode DNA with the rows A, C, G, T and zeros for N, in float32: string of L letters -> (4, L)."""
    ### BEGIN SOLUTION
    letters = np.array(list(sequence.upper()), dtype="U1")
    unknown = sorted(set(letters.tolist()) - set("ACGTN"))
    if unknown:
        raise ValueError(
            f"one_hot_dna: the letters are A, C, G, T and N, but the sequence holds {', '.join(map(repr, unknown))}."
        )
    # (L,) against (4, 1): an N equals none of the four, so its column stays zero.
    return (letters == np.array(list("ACGT"))[:, None]).astype(np.float32)
    ### END SOLUTION


# %% test="one_hot_dna" points=2
# Check that there is a row for every base, and a column with a single one for every letter.
check("14.one_hot_dna", one_hot_dna)
# By hand:
assert one_hot_dna("GAT").tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]]
assert one_hot_dna("GAT").dtype == np.float32
### BEGIN HIDDEN TESTS
check("14.one_hot_dna", one_hot_dna, hidden=True)
### END HIDDEN TESTS

# %% test="one_hot_dna_unknown" points=1
# Check that an N gives a column of zeros, and that lower-case letters are bases.
check("14.one_hot_dna_unknown", one_hot_dna)
# By hand:
assert one_hot_dna("aNc").tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
### BEGIN HIDDEN TESTS
check("14.one_hot_dna_unknown", one_hot_dna, hidden=True)
### END HIDDEN TESTS

# %% test="one_hot_dna_errors" points=1
# Check that any other letter raises ValueError.
check("14.one_hot_dna_errors", one_hot_dna)
### BEGIN HIDDEN TESTS
check("14.one_hot_dna_errors", one_hot_dna, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("14.one_hot_dna", 0)
print("one_hot_dna is called with", args)

# %% [markdown]
r"""
## 2. The other strand

**Points 2 · difficulty 1/5 · about 10 minutes**

DNA is written as one strand, but there are two. Opposite every A stands a T, opposite every C a G, and the other strand is
read in the other direction. What stands opposite `AACG`, read its own way, is `CGTT`: the *reverse complement*.

`reverse_complement(x)` takes one-hot DNA $(4, L)$, or the weights of a motif $(4, K)$, and returns it for the other
strand, in the same shape and dtype. Anything without exactly four rows raises `ValueError`.

*Write down the one-hot arrays of `AACG` and of `CGTT`, one below the other, before you write code.* Why was A, C, G, T
a good order for the rows?

<details><summary>Hint</summary>

To exchange A with T and C with G, in this order of the rows, is to turn the array upside down.
</details>
"""


# %% solution="reverse_complement"
def reverse_complement(x):
    """Return one-hot DNA, or the weights of a motif, as the other strand has it: (4, L) -> (4, L)."""
    ### BEGIN SOLUTION
    if x.ndim != 2 or len(x) != 4:
        raise ValueError(f"reverse_complement: the input must have the shape (4, L), rows A, C, G, T, not {x.shape}.")
    # In the order A, C, G, T the partner of row i is row 3 - i, so both exchanges are reversals.
    return x[::-1, ::-1]
    ### END SOLUTION


# %% test="reverse_complement" points=1
# Check that the bases are exchanged and the order is reversed.
check("14.reverse_complement", reverse_complement)
# By hand: column i of np.eye(4) is the base in row i, so a list of rows picks letters.
aacg, cgtt, gaattc = (np.eye(4)[:, rows] for rows in ([0, 0, 1, 2], [1, 2, 3, 3], [2, 0, 0, 3, 3, 1]))
assert np.array_equal(reverse_complement(aacg), cgtt)
assert np.array_equal(reverse_complement(gaattc), gaattc)  # the same on both strands
### BEGIN HIDDEN TESTS
check("14.reverse_complement", reverse_complement, hidden=True)
### END HIDDEN TESTS

# %% test="reverse_complement_errors" points=1
# Check that an array without four rows raises ValueError.
check("14.reverse_complement_errors", reverse_complement)
### BEGIN HIDDEN TESTS
check("14.reverse_complement_errors", reverse_complement, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. A motif is a kernel

**Points 5 · difficulty 2/5 · about 20 minutes**

A protein that binds to DNA likes some letters more than others at each place of its site. Written down as weights, that
is a *motif* $m$ of shape $(4, K)$: how much each base at each place speaks for a site. The score of the site that
begins at $i$ adds up the weights that its letters pick:

$$\text{score}_i = \sum_{b=0}^{3} \sum_{k=0}^{K-1} x_{b,\,i+k}\; m_{b,k}, \qquad i = 0, \ldots, L - K .$$

Look at it again: that is a convolution with four channels in and one out, and the motif is its kernel. (Networks learn
such kernels from data; biologists call them position weight matrices.)

`motif_scan(sequence, motif)` takes the sequence as a *string*, and returns the $L - K + 1$ scores in the dtype of the
motif. An N adds nothing to a score. A motif without four rows, or longer than the sequence, raises `ValueError`.

<details><summary>Hint 1</summary>

Your `one_hot_dna` does half of it, the letters that are impossible included. The rest is `conv1d` of assignment 02,
with four rows.
</details>

<details><summary>Hint 2</summary>

`np.lib.stride_tricks.sliding_window_view(x, k, axis=1)` has the shape $(4, L - K + 1, K)$, and copies nothing. Over
which of these axes is summed?
</details>
"""


# %% solution="motif_scan"
def motif_scan(sequence, motif):
    """Score a motif at every place of a sequence: string of L letters, (4, K) -> (L - K + 1,)."""
    ### BEGIN SOLUTION
    if motif.ndim != 2 or len(motif) != 4:
        raise ValueError(f"motif_scan: the motif must have the shape (4, K), rows A, C, G, T, not {motif.shape}.")
    k = motif.shape[1]
    if not 1 <= k <= len(sequence):
        raise ValueError(f"motif_scan: a motif of {k} columns does not fit into a sequence of {len(sequence)} letters.")
    x = one_hot_dna(sequence).astype(motif.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(x, k, axis=1)  # (4, L - K + 1, K)
    return np.einsum("bik,bk->i", windows, motif)
    ### END SOLUTION


# %% test="motif_scan" points=3
# Check that every place where the motif fits gets the sum of the weights that its letters pick.
check("14.motif_scan", motif_scan)
# By hand: rows A, C, G, T; the motif likes an A and then a G.
motif = np.array([[5.0, -1], [0, 0], [-2, 3], [1, -4]])
assert motif_scan("TAGA", motif).tolist() == [1 - 1, 5 + 3, -2 - 1]
### BEGIN HIDDEN TESTS
check("14.motif_scan", motif_scan, hidden=True)
### END HIDDEN TESTS

# %% test="motif_scan_unknown" points=1
# Check that an N adds nothing to a score, and that lower-case letters count.
check("14.motif_scan_unknown", motif_scan)
# By hand:
motif = np.array([[5.0, -1], [0, 0], [-2, 3], [1, -4]])
assert motif_scan("tNG", motif).tolist() == [1 + 0, 0 + 3]
### BEGIN HIDDEN TESTS
check("14.motif_scan_unknown", motif_scan, hidden=True)
### END HIDDEN TESTS

# %% test="motif_scan_errors" points=1
# Check that a motif that does not fit, or has not four rows, raises ValueError.
check("14.motif_scan_errors", motif_scan)
### BEGIN HIDDEN TESTS
check("14.motif_scan_errors", motif_scan, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Where do such weights come from? From sites that are known. Count the letters at each place, add one to each count so that
nothing is impossible, and take the logarithm of how much more often a base occurs there than by chance. Here are ten sites,
drawn by chance around the TATA box `TATAAA`, at which the genes of plants and animals begin to be read. *Which column will
have the weights nearest to zero?*
"""

# %%
sites = ["TATAAA", "TATAAA", "TATATA", "TATAAG", "CATAAA", "TATAAA", "TTTAAA", "TATATA", "TATAAG", "TATAAC"]
counts = 1 + sum(one_hot_dna(site) for site in sites)
tata_box = np.log2(counts / counts.sum(axis=0) / 0.25)

fig, axis = plt.subplots(figsize=(6, 2.4), layout="constrained")
image = axis.imshow(tata_box, cmap=plotting.DIVERGING, vmin=-2, vmax=2, aspect="auto")
axis.grid(False)
axis.set(xticks=range(6), xticklabels=range(1, 7), yticks=range(4), yticklabels="ACGT", xlabel="place in the motif")
axis.set_title("Weights: orange speaks for a site, violet against it")
fig.colorbar(image, label="log₂ odds")
plotting.show(fig, "A grid of four bases by six places; the letters T, A, T, A, A, A are orange, most others violet.")

# %% [markdown]
r"""
Look at the last column: it is the palest, because the sites disagree most there. Now hide one site in 300 letters drawn by
chance, and scan.
"""

# %%
rng = np.random.default_rng(14)
genome = "".join(rng.choice(list("ACGT"), 300))
genome = genome[:120] + "TATAAA" + genome[126:]
scores = motif_scan(genome, tata_box)

fig, axis = plt.subplots(figsize=(7, 2.4), layout="constrained")
axis.plot(scores, color=plotting.BLUE, lw=0.8)
axis.axvline(120, color=plotting.VERMILLION, ls=":", label="where the site was hidden")
axis.set(xlabel="place in the sequence", ylabel="score, log₂ odds", title="One kernel, 295 scores, one clear peak")
axis.legend()
plotting.show(fig, "Scores along a sequence of 300 letters: most are far below zero, the highest is at place 120.")
print(f"the best score is {scores.max():.1f}, at {scores.argmax()}; {np.mean(scores < 0):.0%} of all scores are negative")
assert scores.argmax() == 120

# %% [markdown]
r"""
## 4. Find the bugs: the best site on either strand

**Points 4 · difficulty 2/5 · about 25 minutes**

A site may lie on either strand. The function below takes one-hot DNA $(4, L)$ and a motif $(4, K)$ and returns where
the motif fits best, as three numbers:

- `start`: the first place of the site, counted on the strand that is given, whichever strand the site is on;
- `strand`: 1 for the strand that is given, −1 for the other;
- `score`: its score there.

The site on the other strand is scored by its reverse complement. Its author tried one example, and it worked.
"""


# %%
def hurried_site(x, motif):
    """Find the best site of a motif on either strand."""
    k = motif.shape[1]
    best = (0, 1, 0.0)
    for start in range(x.shape[1] - k):
        window = x[:, start : start + k]
        for strand, seen in ((1, window), (-1, window[:, ::-1])):
            score = np.sum(seen * motif)
            if score > best[2]:
                best = (start, strand, float(score))
    return best


print(hurried_site(one_hot_dna("GGCTATAAAGGC"), tata_box))

# %% [markdown]
r"""
Three lines are wrong. One shows only when the site is at a certain place, one only on the other strand, and one only
where nothing fits well. *Find all three before you type.* For each of them, write down a sequence of at most eight
letters that shows it.

Then write `best_site`, by repairing the code or in your own way. The motif is never longer than the sequence, and no
check has two sites with the same best score.

<details><summary>Hint 1</summary>

How many windows are there in a sequence that is as long as the motif?
</details>

<details><summary>Hint 2</summary>

You have a function for the other strand.
</details>

<details><summary>Hint 3</summary>

What does the function return for `"GGGGGG"`, and what is the score there?
</details>
"""


# %% solution="best_site"
def best_site(x, motif):
    """Find the best site of a motif on either strand: (4, L), (4, K) -> (start, strand, score)."""
    ### BEGIN SOLUTION
    k = motif.shape[1]
    best = (0, 1, -np.inf)  # any score beats it, negative ones as well
    for start in range(x.shape[1] - k + 1):
        window = x[:, start : start + k]
        for strand, seen in ((1, window), (-1, reverse_complement(window))):
            score = np.sum(seen * motif)
            if score > best[2]:
                best = (start, strand, float(score))
    return best
    ### END SOLUTION


# %% test="best_site" points=1
# Check sites on the strand that is given.
check("14.best_site", best_site)
# By hand: the motif likes an A and then a G, and the sequence is TAGA.
motif = np.array([[5.0, -1], [-3, -3], [-2, 3], [1, -4]])
assert tuple(best_site(np.eye(4)[:, [3, 0, 2, 0]], motif)) == (1, 1, 5 + 3)
### BEGIN HIDDEN TESTS
check("14.best_site", best_site, hidden=True)
### END HIDDEN TESTS

# %% test="best_site_strand" points=1
# Check sites on the other strand.
check("14.best_site_strand", best_site)
# By hand: GCTG, where CT is the reverse complement of AG.
motif = np.array([[5.0, -1], [-3, -3], [-2, 3], [1, -4]])
assert tuple(best_site(np.eye(4)[:, [2, 1, 3, 2]], motif)) == (1, -1, 5 + 3)
### BEGIN HIDDEN TESTS
check("14.best_site_strand", best_site, hidden=True)
### END HIDDEN TESTS

# %% test="best_site_edges" points=1
# Check sites at the start and at the end of the sequence.
check("14.best_site_edges", best_site)
# By hand: TTTAG.
motif = np.array([[5.0, -1], [-3, -3], [-2, 3], [1, -4]])
assert tuple(best_site(np.eye(4)[:, [3, 3, 3, 0, 2]], motif)) == (3, 1, 5 + 3)
### BEGIN HIDDEN TESTS
check("14.best_site_edges", best_site, hidden=True)
### END HIDDEN TESTS

# %% test="best_site_negative" points=1
# Check sequences in which every score is negative.
check("14.best_site_negative", best_site)
# By hand: CC has the score -3 - 3, and GG on the other strand has -2 + 3, both less 10 for each letter.
motif = np.array([[5.0, -1], [-3, -3], [-2, 3], [1, -4]]) - 10
assert tuple(best_site(np.eye(4)[:, [1, 1]], motif)) == (0, -1, -2 + 3 - 20)
### BEGIN HIDDEN TESTS
check("14.best_site_negative", best_site, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. A convolution that cannot see the future

**Points 8 · difficulty 3/5 · about 40 minutes**

Whoever predicts the next value of a signal may look at the past, and at nothing else. In a *causal* convolution the
output at $t$ is made of $x_t$ and what came before it. With a *dilation* $d$ the taps lie $d$ values apart, so a kernel
of $K$ taps reaches back $(K - 1)\,d$ values:

$$y_{n,o,t} = \sum_{c} \sum_{k=0}^{K-1} w_{o,c,k}\; \tilde x_{n,\,c,\;t - (K - 1 - k)\,d} ,$$

where $\tilde x$ is zero before the start. The *last* tap meets the present, so no kernel is flipped. `x` is
$(N, C_{in}, L)$, `w` is $(C_{out}, C_{in}, K)$, and there are as many outputs as values: $(N, C_{out}, L)$. A kernel may
reach back farther than the signal is long.

Channels that do not fit and a dilation below 1 raise `ValueError`. No Python loop may run over the places $t$.

*On paper first:* $x = (1, 2, 4, 7)$ and $w = (10, 1)$. What is $y$ for $d = 1$, and for $d = 2$?

<details><summary>Hint 1</summary>

Put $(K - 1)\,d$ zeros before the signal, into a new array, and none behind it. Then it is an ordinary convolution.
</details>

<details><summary>Hint 2</summary>

For a fixed tap $k$, the values that it meets at all $t$ are one slice of the padded signal, of length $L$. Where does
it begin?
</details>

<details><summary>Hint 3</summary>

`w[:, :, k] @ values` multiplies $(C_{out}, C_{in})$ with $(N, C_{in}, L)$, sample by sample, and so sums over the channels.
</details>
"""


# %% solution="causal_conv1d"
def causal_conv1d(x, w, dilation=1):
    """Convolve with present and past only, zeros before the start: (N, C_in, L), (C_out, C_in, K) -> (N, C_out, L)."""
    ### BEGIN SOLUTION
    samples, channels, length = x.shape
    kernels, kernel_channels, taps = w.shape
    if kernel_channels != channels:
        raise ValueError(f"causal_conv1d: the input has {channels} channels, but the kernels have {kernel_channels}.")
    if dilation < 1:
        raise ValueError(f"causal_conv1d: the dilation must be at least 1, not {dilation}.")
    y = np.zeros((samples, kernels, length), dtype=np.result_type(x, w))
    for k in range(taps):
        back = (taps - 1 - k) * dilation  # how far this tap looks back
        if back < length:  # else it meets nothing but zeros
            y[:, :, back:] += w[:, :, k] @ x[:, :, : length - back]
    return y
    ### END SOLUTION


# %% test="causal_conv1d" points=3
# Check that every output is made of the present and the past, summed over the input channels.
check("14.causal_conv1d", causal_conv1d)
# By hand:
x, w = np.array([[[1.0, 2, 4, 7]]]), np.array([[[10.0, 1]]])
assert causal_conv1d(x, w).tolist() == [[[0 + 1, 10 + 2, 20 + 4, 40 + 7]]]
### BEGIN HIDDEN TESTS
check("14.causal_conv1d", causal_conv1d, hidden=True)
### END HIDDEN TESTS

# %% test="causal_conv1d_dilated" points=2
# Check that neighbouring taps lie `dilation` values apart, and that the length stays.
check("14.causal_conv1d_dilated", causal_conv1d)
# By hand:
x, w = np.array([[[1.0, 2, 4, 7]]]), np.array([[[10.0, 1]]])
assert causal_conv1d(x, w, dilation=2).tolist() == [[[0 + 1, 0 + 2, 10 + 4, 20 + 7]]]
### BEGIN HIDDEN TESTS
check("14.causal_conv1d_dilated", causal_conv1d, hidden=True)
### END HIDDEN TESTS

# %% test="causal_conv1d_fast" points=2
# Check that no Python loop runs over the places of the signal.
check("14.causal_conv1d_fast", causal_conv1d)
### BEGIN HIDDEN TESTS
check("14.causal_conv1d_fast", causal_conv1d, hidden=True)
### END HIDDEN TESTS

# %% test="causal_conv1d_errors" points=1
# Check that channels that do not fit and a dilation below 1 raise ValueError.
check("14.causal_conv1d_errors", causal_conv1d)
### BEGIN HIDDEN TESTS
check("14.causal_conv1d_errors", causal_conv1d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Is it causal? Ask it: change one value, and see which outputs move. Beside yours runs the padding that pictures get, the
same on both sides. *Which outputs may move, if the value at 20 changes?*
"""

# %%
rng = np.random.default_rng(5)
signal, kernel = rng.standard_normal((1, 1, 40)), rng.standard_normal((1, 1, 3))
changed = signal.copy()
changed[..., 20] += 1


def centred(x, w, dilation):
    """Convolve with zeros on both sides, as for pictures."""
    reach = (w.shape[2] - 1) * dilation
    padded = np.pad(x, ((0, 0), (0, 0), (reach // 2, reach // 2)))
    return causal_conv1d(padded, w, dilation)[..., reach:]


for name, convolution in (("causal", causal_conv1d), ("centred", centred)):
    moved = np.flatnonzero(convolution(signal, kernel, 4) != convolution(changed, kernel, 4))
    print(f"{name}: the outputs {moved.tolist()} move")
    assert (moved >= 20).all() == (name == "causal")

# %% [markdown]
r"""
Look at the second line: 16 is before 20. A network that was trained with this layer has read the answer before it was
asked. Its error in training is small, and it fails where it is used, because there the future is not there yet.

## 6. How far back does a stack see?

**Points 6 · difficulty 2/5 · about 25 minutes**

Stack causal layers, all with kernels of `k` taps. How many values of the input does one output of the last layer see,
the present one included? Each layer adds what it reaches back. Write `dilated_receptive_field(k, dilations)`, where
`dilations` is a list with one number for each layer. A kernel without taps and a dilation below 1 raise `ValueError`.
An empty stack sees one value.

Then turn it round. With dilations that double from layer to layer, 1, 2, 4, 8, …, how many layers does it take to see
at least `samples` values? `doubling_layers(k, samples)` returns that number, as a whole number. For a single value it
is 0. With `k = 1` no stack ever sees more than one value: that raises `ValueError`, as do a `k` below 1 and `samples`
below 1.

*Guess before you count: how many layers of two taps see one second of speech, 16,000 values? And without dilation?*

<details><summary>Hint 1</summary>

`k` taps have `k - 1` gaps between them, each of them as long as the dilation. The layers' contributions are added.
</details>

<details><summary>Hint 2</summary>

$1 + 2 + 4 + \ldots + 2^{n-1} = 2^n - 1$. There is a formula with a logarithm, and there is a `while` loop. Only one of
them is always exact.
</details>
"""


# %% solution="dilated_receptive_field"
def dilated_receptive_field(k, dilations):
    """Count the input values that one output of a stack of causal layers sees: taps per kernel, list of dilations -> int."""
    ### BEGIN SOLUTION
    if k < 1 or any(dilation < 1 for dilation in dilations):
        raise ValueError(f"dilated_receptive_field: k={k} and all dilations {list(dilations)} must be at least 1.")
    return 1 + (k - 1) * sum(dilations)
    ### END SOLUTION


# %% test="dilated_receptive_field" points=2
# Check that every layer adds what it reaches back.
check("14.dilated_receptive_field", dilated_receptive_field)
# By hand: two layers of three taps reach back 2 and 4 values, and there is the present one.
assert dilated_receptive_field(3, [1, 2]) == 1 + 2 + 4
### BEGIN HIDDEN TESTS
check("14.dilated_receptive_field", dilated_receptive_field, hidden=True)
### END HIDDEN TESTS

# %% test="dilated_receptive_field_errors" points=1
# Check that a kernel without taps and a dilation below 1 raise ValueError.
check("14.dilated_receptive_field_errors", dilated_receptive_field)
### BEGIN HIDDEN TESTS
check("14.dilated_receptive_field_errors", dilated_receptive_field, hidden=True)
### END HIDDEN TESTS


# %% solution="doubling_layers"
def doubling_layers(k, samples):
    """Count the causal layers with dilations 1, 2, 4, … whose stack sees at least so many values: k taps -> int."""
    ### BEGIN SOLUTION
    if k < 1 or samples < 1 or (k == 1 and samples > 1):
        raise ValueError(f"doubling_layers: kernels of {k} taps cannot see {samples} values.")
    layers, seen = 0, 1
    while seen < samples:  # whole numbers throughout: a logarithm would be off by one where it is nearly whole
        seen += (k - 1) * 2**layers
        layers += 1
    return layers
    ### END SOLUTION


# %% test="doubling_layers" points=2
# Check that the stack is long enough, and not longer.
check("14.doubling_layers", doubling_layers)
# By hand: with three taps, two layers see 1 + 2 + 4 = 7 values.
assert (doubling_layers(3, 7), doubling_layers(3, 8)) == (2, 3)
### BEGIN HIDDEN TESTS
check("14.doubling_layers", doubling_layers, hidden=True)
### END HIDDEN TESTS

# %% test="doubling_layers_errors" points=1
# Check that what no stack can see raises ValueError.
check("14.doubling_layers_errors", doubling_layers)
### BEGIN HIDDEN TESTS
check("14.doubling_layers_errors", doubling_layers, hidden=True)
### END HIDDEN TESTS

# %%
layers = doubling_layers(2, 16_000)
print(f"two taps, 16,000 values: {layers} layers with doubling dilations, {16_000 - 1:,} without")
stack = [2**i for i in range(10)] * 3
print(f"three times the dilations 1 to 512, {len(stack)} layers: {dilated_receptive_field(2, stack):,} values")

# %% [markdown]
r"""
## 7. The block of WaveNet

**Points 7 · difficulty 3/5 · about 35 minutes**

WaveNet (van den Oord and others, 2016) is a stack of one block, with other dilations. For a signal $x$ with `channels`
channels:

$$z = \tanh(W_f * x + b_f) \odot \sigma(W_g * x + b_g), \qquad
\text{residual} = x + W_r z + b_r, \qquad \text{skip} = W_s z + b_s .$$

- $W_f *$ and $W_g *$ are causal convolutions with 2 taps and the block's dilation, zeros before the start. $\sigma$ is
  the sigmoid: a *gate* that says, for each channel and moment, how much of the tanh goes through.
- $W_r$ and $W_s$ are 1×1 convolutions. All four take `channels` to `channels` and have biases.
- `forward` returns the two tensors `(residual, skip)`, both of the shape of `x`. The residual goes on to the next
  block; the skip outputs of all blocks are added up in the end.

You may use everything in `torch.nn`, and give your layers any names. Two convolutions may also be one with twice the
output channels, whose first and second half you then tell apart.

*On paper first:* how many parameters has `WaveNetBlock(8, 4)`?

<details><summary>Hint 1</summary>

`nn.Conv1d(c, c, 2, dilation=d)` pads nothing and returns `d` values fewer. `F.pad(x, (d, 0))` puts `d` zeros before the
signal.
</details>

<details><summary>Hint 2</summary>

`padding=d` in `nn.Conv1d` pads both sides. Then the result is `d` values too long. Which end is the one to cut off?
</details>
"""


# %% solution="WaveNetBlock"
class WaveNetBlock(nn.Module):
    """A gated causal convolution of 2 taps: (N, channels, L) -> residual and skip output, both (N, channels, L)."""

    def __init__(self, channels, dilation):
        super().__init__()
        ### BEGIN SOLUTION
        self.dilation = dilation
        self.filter = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.gate = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.to_residual = nn.Conv1d(channels, channels, 1)
        self.to_skip = nn.Conv1d(channels, channels, 1)
        ### END SOLUTION

    def forward(self, x):
        """Return the residual and the skip output."""
        ### BEGIN SOLUTION
        padded = F.pad(x, (self.dilation, 0))  # before the signal only, so that nothing sees the future
        z = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return x + self.to_residual(z), self.to_skip(z)
        ### END SOLUTION


# %% test="WaveNetBlock" points=4
# Check the residual and the skip output, also for dilations longer than the signal.
check("14.WaveNetBlock", WaveNetBlock)
residual, skip = WaveNetBlock(3, 4)(torch.zeros(2, 3, 7))
assert residual.shape == skip.shape == (2, 3, 7)
### BEGIN HIDDEN TESTS
check("14.WaveNetBlock", WaveNetBlock, hidden=True)
### END HIDDEN TESTS

# %% test="WaveNetBlock_training" points=2
# Check that random upstream gradients of both outputs reach the input and all parameters.
check("14.WaveNetBlock_training", WaveNetBlock)
### BEGIN HIDDEN TESTS
check("14.WaveNetBlock_training", WaveNetBlock, hidden=True)
### END HIDDEN TESTS

# %% test="WaveNetBlock_parameters" points=1
# Check that there are as many parameters as four convolutions with biases have.
check("14.WaveNetBlock_parameters", WaveNetBlock)
# By hand: 8 channels; two kernels of 2 taps, two of 1, a bias for each of the four times 8 output channels.
assert sum(p.numel() for p in WaveNetBlock(8, 4).parameters()) == 2 * 8 * (8 * 2 + 1) + 2 * 8 * (8 * 1 + 1)
### BEGIN HIDDEN TESTS
check("14.WaveNetBlock_parameters", WaveNetBlock, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Stack the blocks and let them predict. The signal is a sine whose frequency and phase are drawn anew for each example,
with noise on it: whoever wants to know the next value must find out both from the past. The network sees
$x_0, \ldots, x_t$ and predicts $x_{t+1}$, at every $t$ at once. Two networks with the same number of weights: one with
dilations 1, 2, 4, 8, 16, the other without dilation. *By how much will the error differ?*
"""


# %%
class Forecaster(nn.Module):
    """A stack of blocks that predicts the next value of a signal: (N, 1, L) -> (N, 1, L)."""

    def __init__(self, dilations, channels=12):
        super().__init__()
        self.first = nn.Conv1d(1, channels, 1)
        self.blocks = nn.ModuleList(WaveNetBlock(channels, dilation) for dilation in dilations)
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(channels, 1, 1))

    def forward(self, x):
        """Add up the skip outputs of all blocks, and make one value of them."""
        x, total = self.first(x), 0
        for block in self.blocks:
            x, skip = block(x)
            total = total + skip
        return self.last(total)


def draw_signals(generator, count, length=64, noise=0.2):
    """Draw sines of random frequency and phase, with noise: (count, 1, length)."""
    frequency = 0.15 + 0.35 * torch.rand(count, 1, 1, generator=generator)
    phase = 2 * torch.pi * torch.rand(count, 1, 1, generator=generator)
    return torch.sin(frequency * torch.arange(length) + phase) + noise * torch.randn(count, 1, length, generator=generator)


def error_of(model, signals):
    """Return the mean squared error of the prediction for the second half of the signals, where there is enough past."""
    predicted = model(signals[..., :-1])
    return F.mse_loss(predicted[..., 32:], signals[..., 33:])


def train_forecaster(dilations, steps=120):
    """Train a stack on signals drawn anew in every step; return it with its error on 500 others."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = Forecaster(dilations)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        loss = error_of(model, draw_signals(generator, 32))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return model, error_of(model, draw_signals(torch.Generator().manual_seed(2), 500)).item()


errors = {}
for name, dilations in (("dilations 1 to 16", [1, 2, 4, 8, 16]), ("no dilation", [1] * 5)):
    model, errors[name] = train_forecaster(dilations)
    seen = dilated_receptive_field(2, dilations)
    count = sum(p.numel() for p in model.parameters())
    print(f"{name:18} sees {seen:2} values, {count:,} weights, mean squared error {errors[name]:.3f}")
print(f"the noise alone is {0.2**2:.3f}: nobody can predict that")

# %% [markdown]
r"""
Look at the two errors, and at how far each is above the noise. The second network has as many weights and as many
layers. It sees six values, and from six noisy values a frequency cannot be told as well as from thirty-two.

## 8. A convolution that moves in three directions

**Points 10 · difficulty 4/5 · about 50 minutes**

A tomograph gives a volume, a video is one as well: $(D, H, W)$. A kernel of `conv3d` has a depth, a height and a width,
and moves in all three directions. `x` is $(N, C, D, H, W)$, `w` is $(K, C, d, h, w)$, `b` is $(K,)$ or `None`, and

$$y_{n,k,i,j,l} = b_k + \sum_{c} \sum_{r,s,t} \tilde x_{n,\,c,\;i \cdot \text{stride} + r,\;j \cdot \text{stride} + s,\;
l \cdot \text{stride} + t}\; w_{k,c,r,s,t} ,$$

where $\tilde x$ is $x$ with `padding` zeros on all six sides. Along each axis there are
$\lfloor (\text{size} + 2 \cdot \text{padding} - k) / \text{stride} \rfloor + 1$ outputs.

`stride` and `padding` are whole numbers, or triples (depth, height, width): the slices of a tomograph are often farther
apart than its pixels. Kernels larger than the padded volume, channels that do not fit, strides below 1 and negative
paddings raise `ValueError`. For the last two points no Python loop may run over the outputs. Everything else may be as
slow as you like: make it right first.

<details><summary>Hint 1</summary>

It is `conv2d` of assignment 04 with one axis more. Make triples of numbers first, then pad into a new array, then slide.
</details>

<details><summary>Hint 2</summary>

For a fixed tap $(r, s, t)$, the values that it meets in all windows are one slice with three steps. There are few taps
and many windows: walk over the taps.
</details>

<details><summary>Hint 3</summary>

`np.lib.stride_tricks.sliding_window_view(padded, (d, h, w), axis=(2, 3, 4))` has all windows, and `[:, :, ::sd, ::sh,
::sw]` takes those that the stride asks for. `np.tensordot` sums over channels and taps; where does it leave the axis of
the kernels?
</details>
"""


# %% solution="conv3d"
def conv3d(x, w, b=None, stride=1, padding=0):
    """Convolve volumes: (N, C, D, H, W), (K, C, d, h, w), (K,) or None -> (N, K, D', H', W'); options may be triples."""
    ### BEGIN SOLUTION
    stride, padding = (tuple(o) if np.ndim(o) else (o,) * 3 for o in (stride, padding))
    (samples, channels, *size), (kernels, kernel_channels, *taps) = x.shape, w.shape
    if kernel_channels != channels:
        raise ValueError(f"conv3d: the input has {channels} channels, but the kernels have {kernel_channels}.")
    if min(stride) < 1 or min(padding) < 0:
        raise ValueError(f"conv3d: stride={stride} must be at least 1 and padding={padding} at least 0.")
    padded = [n + 2 * p for n, p in zip(size, padding, strict=True)]
    if any(k > n for k, n in zip(taps, padded, strict=True)):
        raise ValueError(f"conv3d: kernels of {tuple(taps)} do not fit into padded volumes of {tuple(padded)}.")
    outputs = tuple((n - k) // s + 1 for n, k, s in zip(padded, taps, stride, strict=True))
    dtype = np.result_type(x, w)
    # Scratch for one sample, used again for each: its borders stay zero.
    volume = np.zeros((channels, *padded), dtype=dtype)
    inside = tuple(slice(p, p + n) for p, n in zip(padding, size, strict=True))
    steps = (slice(None), *(slice(None, None, s) for s in stride))
    windows = np.lib.stride_tricks.sliding_window_view(volume, taps, axis=(1, 2, 3))[steps]  # (C, D', H', W', d, h, w)
    rows = w.reshape(kernels, -1)
    y = np.empty((samples, kernels, *outputs), dtype=dtype)
    for one, result in zip(x, y, strict=True):
        volume[(slice(None), *inside)] = one
        columns = windows.transpose(0, 4, 5, 6, 1, 2, 3).reshape(rows.shape[1], -1)  # (C·d·h·w, D'·H'·W')
        result[...] = (rows @ columns).reshape(result.shape)
    return y if b is None else y + b[:, None, None, None]
    ### END SOLUTION


# %% test="conv3d" points=3
# Check that every output is the sum over channels and taps, for each volume and each kernel.
check("14.conv3d", conv3d)
# By hand: two slices of two pixels; the kernel takes the difference of the slices.
x = np.array([[[[[1.0, 2]], [[10, 30]]]]])
w = np.array([[[[[-1.0]], [[1]]]]])
assert conv3d(x, w).tolist() == [[[[[10 - 1, 30 - 2]]]]]
### BEGIN HIDDEN TESTS
check("14.conv3d", conv3d, hidden=True)
### END HIDDEN TESTS

# %% test="conv3d_bias" points=1
# Check that each output channel gets its bias, once.
check("14.conv3d_bias", conv3d)
# By hand:
x = np.array([[[[[1.0, 2]], [[10, 30]]]]])
w = np.array([[[[[-1.0]], [[1]]]]])
assert conv3d(x, w, np.array([100.0])).tolist() == [[[[[100 + 9, 100 + 28]]]]]
### BEGIN HIDDEN TESTS
check("14.conv3d_bias", conv3d, hidden=True)
### END HIDDEN TESTS

# %% test="conv3d_padded" points=1
# Check that the padding is zeros on all six sides.
check("14.conv3d_padded", conv3d)
# By hand: in depth, the first window sees nothing and the first slice, the last one the last slice and nothing.
x = np.array([[[[[1.0, 2]], [[10, 30]]]]])
w = np.array([[[[[-1.0]], [[1]]]]])
assert conv3d(x, w, padding=1).shape == (1, 1, 3, 3, 4)
assert conv3d(x, w, padding=1)[0, 0, :, 1, 1].tolist() == [1, 10 - 1, -10]
### BEGIN HIDDEN TESTS
check("14.conv3d_padded", conv3d, hidden=True)
### END HIDDEN TESTS

# %% test="conv3d_strided" points=1
# Check that windows lie a stride apart along all three axes.
check("14.conv3d_strided", conv3d)
# By hand: a kernel of one tap takes what it meets; 27 values, in slices of nine.
cube, one = np.arange(27.0).reshape(1, 1, 3, 3, 3), np.ones((1, 1, 1, 1, 1))
assert conv3d(cube, one, stride=2).ravel().tolist() == [0, 2, 6, 8, 18, 20, 24, 26]
### BEGIN HIDDEN TESTS
check("14.conv3d_strided", conv3d, hidden=True)
### END HIDDEN TESTS

# %% test="conv3d_triples" points=1
# Check that stride and padding may be triples, (depth, height, width).
check("14.conv3d_triples", conv3d)
# By hand: every slice, its first row and its first and last column.
cube, one = np.arange(27.0).reshape(1, 1, 3, 3, 3), np.ones((1, 1, 1, 1, 1))
assert conv3d(cube, one, stride=(1, 3, 2)).ravel().tolist() == [0, 2, 9, 11, 18, 20]
### BEGIN HIDDEN TESTS
check("14.conv3d_triples", conv3d, hidden=True)
### END HIDDEN TESTS

# %% test="conv3d_fast" points=2
# Check that no Python loop runs over the outputs.
check("14.conv3d_fast", conv3d)
### BEGIN HIDDEN TESTS
check("14.conv3d_fast", conv3d, hidden=True)
### END HIDDEN TESTS

# %% test="conv3d_errors" points=1
# Check that what does not fit raises ValueError, and kernels as large as the padded volume do not.
check("14.conv3d_errors", conv3d)
### BEGIN HIDDEN TESTS
check("14.conv3d_errors", conv3d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Use it. A phantom is a volume of which everything is known: here a hollow ball, as large as the picture, with much noise
on it. Blur every slice for itself with a mean of 3×3, and the volume with a mean of 3×3×3. *By what factor does each
reduce the noise?*
"""

# %%
rng = np.random.default_rng(3)
z, y, x = np.mgrid[-1:1:24j, -1:1:48j, -1:1:48j]
radius = np.sqrt(x**2 + y**2 + z**2)
ball = ((radius > 0.5) & (radius < 0.85)).astype(np.float32)
noisy = ball + 0.8 * rng.standard_normal(ball.shape).astype(np.float32)


def mean_over(volume, d, h, w):
    """Replace every voxel by the mean of its neighbours, zeros around the volume."""
    kernel = np.full((1, 1, d, h, w), 1 / (d * h * w), dtype=np.float32)
    return conv3d(volume[None, None], kernel, padding=(d // 2, h // 2, w // 2))[0, 0]


shown = {"noisy": noisy, "mean of 3×3": mean_over(noisy, 1, 3, 3), "mean of 3×3×3": mean_over(noisy, 3, 3, 3)}
plotting.show_images(
    [volume[12] for volume in shown.values()],
    titles=list(shown),
    limits=(-0.5, 1.5),
    alt="The middle slice of a hollow ball: hidden in noise, clearer after a mean in the slice, clearest after one in all.",
)
corner = radius > 1.2  # nothing but noise, and neighbours that are nothing but noise
for name, volume in shown.items():
    print(f"{name:14} noise {volume[corner].std():.3f}, of what it was {volume[corner].std() / noisy[corner].std():.2f}")

# %% [markdown]
r"""
Look at the third picture: the neighbours in the slices above and below show the same ball with other noise. A mean of
$n$ independent values has a noise of $1/\sqrt n$. *Which $n$ are these?* The numbers are near $1/3$ and $1/\sqrt{27}$;
near the border the zeros of the padding help a little.

## 9. In your own words

**Points 3 · difficulty 2/5 · about 15 minutes**

1. A colleague trains a network that predicts the next value of a signal. Its error on the training data is nearly zero
   after a few steps, although the signal is mostly noise. What do you suspect, and with which experiment of a few lines
   do you find out?
2. Somebody reads a video of 16 frames with `nn.Conv2d`, by taking the 16 frames for channels. What can that layer not
   do which a `nn.Conv3d` with kernels of 3×3×3 can?
3. Why does it need two scans to find a motif on both strands, and what is the advantage of scanning with the reverse
   complement of the *motif* instead of the sequence?
"""

# %% [markdown] manual="explain_beyond" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. The network sees the future: a convolution that is not causal, a target that is not shifted by one, or windows of
   training and test that overlap. Change one value of the input and look which outputs move: none before it may. (Or
   feed pure noise. Nobody can predict that, so an error below its variance is the proof.)
2. Frames as channels: every kernel has a weight of its own for each frame and sums over all 16. It does not move along
   the time, so the same movement, begun two frames later, is something else to it (no equivariance in time); the order
   of the frames has no meaning for the layer, and after it there is no time axis left. A 3D kernel sees three
   neighbouring frames, shares its weights over time and keeps the axis.
3. One kernel scores one strand; a site on the other one is made of other letters in another order. The motif is short,
   so its reverse complement costs nothing, and the scores stand at the same places as those of the first scan. A
   reversed sequence must be encoded again, and its places counted from the other end.
### END SOLUTION
"""

# %% [markdown]
r"""
Neighbours in time, along a strand, in space: wherever there are some, the same sliding sum finds what repeats. That was
the idea of [lecture 01](../../lectures/01_why_convolution.ipynb), and it has carried you to the end of this course.
"""
