"""Topic 14: convolutions on sequences, signals and volumes."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Part
from cnnkit.exercises.building import NOT_REGISTERED, SHARED, case, exercise, network
from cnnkit.exercises.drawing import integer, normal, strided
from cnnkit.exercises.probes import sequences
from cnnkit.exercises.reference import device, on_torch, ways

# Headings of lecture 14.
CAUSAL, DILATION, WAVENET = "Causal convolution", "Dilation", "WaveNet blocks"
ONE_HOT, MOTIFS, VOLUME, COMMON = "DNA as one-hot", "Motifs are kernels", "A convolution on a volume", "Common mistakes"

BASES = "ACGT"
UNKNOWN = "N"

TRUNCATED = "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of x."
RETURNED_TOO_EARLY = "Your function returns inside a loop, in its first round: the `return` must stand behind the loops."


def _values(rng, *shape, dtype="float64"):
    """Draw values large enough that their fractions are not all there is to them."""
    return (3 * normal(rng, *shape)).astype(dtype)


def _dna(rng, length, letters=BASES):
    """Draw a sequence in which every letter occurs, if it is long enough."""
    drawn = rng.choice(list(letters), max(0, length - len(letters)))
    return "".join(rng.permutation([*drawn, *letters])[:length])


def _raise(says=""):
    raise ValueError(says or "here such an answer raises")


# one_hot_dna


def _rows(sequence, bases=BASES):
    """Return for every letter the row of its base, −1 for N."""
    return [bases.find(letter) for letter in sequence.upper()]


def _columns(rows, count=4):
    """Return zeros (count, L) with a one in each column, in the given row, unless that is negative."""
    import torch

    x = torch.zeros(count, len(rows), dtype=torch.float64, device=device())
    for column, row in enumerate(rows):
        if row >= 0:
            x[row, column] = 1
    return x


def _one_hot(sequence):
    return _columns(_rows(sequence))


def _with_unknown(of: Callable[[Any], Any]):
    """Return an answer that puts something else into the columns of N."""

    def wrong(sequence):
        x = _one_hot(sequence)
        for i, letter in enumerate(sequence.upper()):
            if letter == UNKNOWN:
                of(x[:, i])
        return x

    return wrong


def _refusing(is_so: Callable[[str], bool]):
    return lambda sequence: _raise() if any(map(is_so, sequence)) else _one_hot(sequence)


def _unknown_dropped(sequence):
    return _one_hot(sequence.upper().replace(UNKNOWN, ""))


def _fifth_row(sequence):
    return _columns(_rows(sequence, BASES + UNKNOWN), 5)


def _numbers(sequence):
    import torch

    return torch.tensor(_rows(sequence))


def _small_letters_lost(sequence):
    return _columns([BASES.find(letter) for letter in sequence])


def _one_hot_cases(rng):
    few = "".join(rng.choice(list(BASES), 2, replace=False))
    return [
        Case(("GATTACA",), note="small enough to do by hand"),
        Case((_dna(rng, integer(rng, 9, 14)),)),
        Case((_dna(rng, integer(rng, 15, 22)),)),
        Case((_dna(rng, 6, few),), note="only two of the bases"),
        Case((_dna(rng, 4),), note="as many letters as bases"),
        Case((str(rng.choice(list("CGT"))),), note="a single letter"),
    ]


def _one_hot_unknown_cases(rng):
    plain = _dna(rng, integer(rng, 8, 12))
    mixed = _dna(rng, 9).lower() + "n" + _dna(rng, integer(rng, 3, 6)) + "N"
    return [
        Case(("ACNGT",), note="an N"),
        Case(("NN" + plain + "N" + _dna(rng, 3),), note="several N"),
        Case(("NNNN",), note="nothing but N"),
        Case(("ACgtca",), note="lower-case letters"),
        Case((_dna(rng, 5) + plain.lower(),), note="lower-case letters"),
        Case((mixed,), note="lower-case letters and N"),
        Case((plain,), note="neither"),
    ]


def _one_hot_errors(rng):
    plain = _dna(rng, integer(rng, 5, 8))
    return [
        Case((plain + "U",), note="the letter U, which is RNA's", raises=ValueError),
        Case(("R" + plain,), note="the letter R, which stands for A or G", raises=ValueError),
        Case((plain + "-" + plain,), note="a gap", raises=ValueError),
        Case((plain + " " + plain,), note="a space", raises=ValueError),
        Case((plain + "x",), note="the letter x", raises=ValueError),
        Case((plain + "4",), note="a digit", raises=ValueError),
        Case((plain + "N" + plain.lower() + "n",), note="the letters that are possible", only_returns=True),
    ]


def _one_hot_window(index, sequence):
    row, column = index
    return [(f"letter {column}", sequence[column]), ("row of the wrong entry", f"{row}, the row of {BASES[row]}")]


ONE_HOT_DNA = Exercise(
    name="one_hot_dna",
    signature="one_hot_dna(sequence)",
    reference=on_torch(_one_hot),
    parts=(
        Part("one_hot_dna", _one_hot_cases),
        Part("one_hot_dna_unknown", _one_hot_unknown_cases),
        Part("one_hot_dna_errors", _one_hot_errors),
    ),
    window=_one_hot_window,
    exact=True,
    dtype="float32",
    mistakes=(
        *ways(
            "channels_last",
            "Your result has a row for every letter, (L, 4): torch wants the channels first, a row for every base, (4, L).",
            ONE_HOT,
            lambda s: _one_hot(s).T,
        ),
        *ways(
            "transposed",
            "Your result has the shape (4, L), but the letters run along the wrong axis: transpose it, `reshape` does not.",
            ONE_HOT,
            lambda s: _one_hot(s).T.reshape(4, -1),
        ),
        *ways(
            "labels_not_one_hot",
            "You number the bases, which says that a T is three times a C: one-hot gives every base a row of zeros and ones.",
            ONE_HOT,
            _numbers,
            lambda s: _numbers(s).double(),
            lambda s: _numbers(s) + 1,
        ),
        *ways(
            None,
            "The rows stand in another order: they are A, C, G and T, from the top.",
            ONE_HOT,
            *(lambda s, order=order: _columns(_rows(s, order)) for order in ("ATCG", "ATGC", "ACTG", "AGCT", "AGTC", "TGCA")),
        ),
        *ways(
            "unknown_as_base",
            "An N becomes a base in your result: an `else` takes it for the last one, or find gives −1, which is the last row. "
            "Nothing is known about it, so its column is zeros.",
            ONE_HOT,
            *(_with_unknown(lambda column, row=row: column[row].fill_(1)) for row in range(4)),
        ),
        *ways(
            None,
            "You share the N out among the bases: here its column is zeros.",
            ONE_HOT,
            _with_unknown(lambda column: column.fill_(0.25)),
            _with_unknown(lambda column: column.fill_(1)),
        ),
        *ways(
            "unknown_dropped",
            "You leave out the N: then all that follows stands in the wrong place. Its column is zeros, but it is there.",
            ONE_HOT,
            _unknown_dropped,
        ),
        *ways(
            "unknown_fifth_row",
            "You give the N a row of its own: there are four rows, and the column of an N is zeros.",
            ONE_HOT,
            _fifth_row,
        ),
        *ways(
            "unknown_refused",
            "Your function fails on an N: that is a base that could not be read, and its column is zeros.",
            ONE_HOT,
            _refusing(lambda letter: letter in "Nn"),
            _refusing(lambda letter: letter == "N"),
        ),
        *ways(
            "case_sensitive",
            "Lower-case letters are lost: they are the same bases (in genome files they mark repeats).",
            ONE_HOT,
            _small_letters_lost,
            lambda s: _columns(_rows("".join(filter(str.isupper, s)))),
            _refusing(str.islower),
            _refusing(lambda letter: letter in "acgt"),
        ),
        *ways(
            "only_four_letters",
            "Your function knows only the letters A, C, G and T: an N gives a column of zeros, and lower-case letters are bases.",
            ONE_HOT,
            _refusing(lambda letter: letter not in BASES),
        ),
        *ways(
            "positions_forgotten",
            "You count how often each base occurs: the result has a column for every letter, so that it says where.",
            ONE_HOT,
            lambda s: _one_hot(s).sum(1),
            lambda s: _one_hot(s).sum(1).long(),
            lambda s: _one_hot(s).sum(1, keepdim=True),
        ),
        *ways(
            "return_in_loop",
            RETURNED_TOO_EARLY,
            ONE_HOT,
            lambda s: _columns([row if i == 0 else -1 for i, row in enumerate(_rows(s))]),
            lambda s: _one_hot(s)[:, :1],
        ),
        *ways(
            "array_made_in_loop",
            "Only the last letter is left: you make a new array of zeros in every round. Make it once, before the loop.",
            ONE_HOT,
            lambda s: _columns([row if i == len(s) - 1 else -1 for i, row in enumerate(_rows(s))]),
        ),
    ),
)

# reverse_complement


def _reverse_complement(x):
    return x.flip(0, 1)


def _one_hot_array(rng, length, letters=BASES, dtype="float32"):
    return np.stack([np.array([letter == base for letter in _dna(rng, length, letters)]) for base in BASES]).astype(dtype)


def _one_hot_of(sequence, dtype="float32"):
    return np.array([[letter == base for letter in sequence] for base in BASES], dtype=dtype)


def _complement_cases(rng):
    length = integer(rng, 8, 12)
    return [
        Case((_one_hot_of("AACG"),), note="AACG as one-hot, small enough to do by hand"),
        Case((_one_hot_of(_dna(rng, length)),)),
        Case((_one_hot_of(_dna(rng, length + 3, BASES + UNKNOWN)),), note="a column of zeros for an N"),
        Case((_one_hot_of("GAATTC"),), note="a site that reads the same on both strands"),
        Case((_values(rng, 4, 5),), note="the weights of a motif"),
        Case((_values(rng, 4, 4),), note="as many columns as bases"),
        Case((_values(rng, 4, 1),), note="a single column"),
        Case((strided(rng, 4, 6),), note="an input that is not contiguous in memory"),
        Case((_values(rng, 4, 7, dtype="float32"),), note="weights in float32"),
    ]


def _complement_errors(rng):
    length = integer(rng, 5, 8)
    return [
        Case((_values(rng, length, 4),), note="a row for every letter", raises=ValueError),
        Case((_values(rng, 5, length),), note="five rows", raises=ValueError),
        Case((_values(rng, 4, length),), note="four rows, which is possible", only_returns=True),
    ]


def _complement_window(index, x):
    row, column = index
    return [(f"x[{3 - row}, {x.shape[1] - 1 - column}]", x[3 - row, x.shape[1] - 1 - column])]


REVERSE_COMPLEMENT = Exercise(
    name="reverse_complement",
    signature="reverse_complement(x)",
    reference=on_torch(_reverse_complement),
    parts=(Part("reverse_complement", _complement_cases), Part("reverse_complement_errors", _complement_errors)),
    window=_complement_window,
    exact=True,
    mistakes=(
        *ways(
            "reversal_forgotten",
            "You swap the bases, but keep their order: the other strand is read in the other direction.",
            MOTIFS,
            lambda x: x.flip(0),
        ),
        *ways(
            "complement_forgotten",
            "You reverse the order, but keep the bases: on the other strand, A stands opposite T, and C opposite G.",
            MOTIFS,
            lambda x: x.flip(1),
        ),
        *ways(
            "bases_paired_wrongly",
            "You pair the bases wrongly: A stands opposite T, and C opposite G.",
            MOTIFS,
            *(
                lambda x, rows=rows, flip=flip: (x.flip(1) if flip else x)[rows]
                for flip in (True, False)
                for rows in ([1, 0, 3, 2], [2, 3, 0, 1])
            ),
        ),
        *ways(
            "rows_swapped_in_place",
            "You write over a row that you still need: exchange rows on a copy, or all at once with an index.",
            MOTIFS,
            lambda x: x.flip(1)[[3, 2, 2, 3]],
            lambda x: x[[3, 2, 2, 3]],
            lambda x: x.flip(1)[[0, 1, 1, 0]],
        ),
        *ways(
            "one_minus",
            "You take 1 − x: the complement of a base is another base, not everything that it is not.",
            MOTIFS,
            lambda x: 1 - x,
            lambda x: 1 - x.flip(1),
            lambda x: 1 - x.flip(0, 1),
        ),
        *ways(
            "transposed",
            "Your result is transposed: it has the shape of x, (4, L).",
            MOTIFS,
            lambda x: x.flip(0, 1).T,
            lambda x: x.T,
        ),
        *ways(
            "returned_unchanged",
            "Your result is the input: reverse the columns, and exchange the rows A with T and C with G.",
            MOTIFS,
            lambda x: x,
        ),
        *ways(
            "reversed_twice",
            "You reverse the rows and the columns more than once, along the same axis: two reversals cancel each other.",
            MOTIFS,
            lambda x: x.flip(1).roll(1, 1),
        ),
    ),
)

# motif_scan


def _scan(x, motif):
    """Slide a motif over one-hot columns."""
    import torch.nn.functional as F

    return F.conv1d(x[None], motif[None])[0, 0]


def _motif_scan(sequence, motif):
    return _scan(_one_hot(sequence), motif)


def _scanned(change: Callable[[Any], Any]):
    """Return an answer that scans with another motif."""
    return lambda sequence, motif: _motif_scan(sequence, change(motif))


def _of_scores(change: Callable[..., Any]):
    """Return an answer that changes the scores, `change(scores, motif)`."""
    return lambda sequence, motif: change(_motif_scan(sequence, motif), motif)


def _padded_scan(left: Callable[[int], int]):
    import torch.nn.functional as F

    def wrong(sequence, motif):
        k = motif.shape[1]
        return _scan(F.pad(_one_hot(sequence), (left(k), k - 1 - left(k))), motif)

    return wrong


def _consensus(motif):
    import torch.nn.functional as F

    return F.one_hot(motif.argmax(0), 4).T.to(motif.dtype)


def _maximum_of_products(sequence, motif):
    windows = _one_hot(sequence).unfold(1, motif.shape[1], 1)  # (4, outputs, K)
    return (windows * motif[:, None]).sum(0).max(1).values


def _products(sequence, motif):
    return _one_hot(sequence).unfold(1, motif.shape[1], 1).transpose(0, 1) * motif


def _by_position(sequence, motif):
    return _products(sequence, motif).sum(1)


def _both_strands(sequence, motif):
    import torch

    return torch.maximum(_motif_scan(sequence, motif), _motif_scan(sequence, motif.flip(0, 1)))


def _reencoded(encode: Callable[[str], Any]):
    return lambda sequence, motif: _scan(encode(sequence), motif)


def _motif_case(rng, length, k, note="", dtype="float64", letters=BASES, lower=False):
    sequence = _dna(rng, length, letters)
    return Case((sequence.lower() if lower else sequence, _values(rng, 4, k, dtype=dtype)), note=note)


def _motif_cases(rng):
    k = integer(rng, 3, 5)
    by_hand = np.array([[2.0, -1, 0], [-1, 3, -2], [0, 1, 5], [-3, 4, 1]])
    return [
        Case(("TACGCAG", by_hand), note="small enough to do by hand"),
        _motif_case(rng, integer(rng, 14, 20), k),
        _motif_case(rng, integer(rng, 21, 28), k + 2),
        _motif_case(rng, 12, 4, "as many columns as bases"),
        _motif_case(rng, 9, 6, "a motif of six columns"),
        _motif_case(rng, 7, 7, "a motif as long as the sequence"),
        _motif_case(rng, 8, 1, "a motif of one column"),
        Case((_dna(rng, 11), strided(rng, 4, 3)), note="a motif that is not contiguous in memory"),
        _motif_case(rng, integer(rng, 12, 18), k, "float32", "float32"),
    ]


def _motif_unknown_cases(rng):
    k = integer(rng, 3, 4)
    return [
        Case(("ACNGT", np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]])), note="an N, small enough to do by hand"),
        _motif_case(rng, integer(rng, 12, 16), k, "some N", letters=BASES + "NN"),
        _motif_case(rng, integer(rng, 12, 16), k, "lower-case letters", lower=True),
        Case(("NNNNNN", _values(rng, 4, 3)), note="nothing but N"),
        _motif_case(rng, integer(rng, 12, 16), k, "neither N nor lower-case letters"),
    ]


def _motif_errors(rng):
    length = integer(rng, 5, 8)
    sequence = _dna(rng, length)
    return [
        Case((sequence, _values(rng, 4, length + 1)), note="a motif one column longer than the sequence", raises=ValueError),
        Case((sequence, _values(rng, 4, length + 5)), note="a motif much longer than the sequence", raises=ValueError),
        Case((sequence, _values(rng, 3, 3)), note="a motif of three rows", raises=ValueError),
        Case((sequence, _values(rng, 5, 4)), note="a motif of five rows", raises=ValueError),
        Case((sequence + "U", _values(rng, 4, 3)), note="a letter that is no base", raises=ValueError),
        Case((sequence, _values(rng, 4, length)), note="a motif as long as the sequence, which is possible", only_returns=True),
    ]


def _motif_window(index, sequence, motif):
    i, k = index[0], motif.shape[1]
    return [(f"letters {i} to {i + k - 1}", sequence[i : i + k]), ("motif", motif)]


MOTIF_SCAN = Exercise(
    name="motif_scan",
    signature="motif_scan(sequence, motif)",
    reference=on_torch(_motif_scan),
    parts=(
        Part("motif_scan", _motif_cases),
        Part("motif_scan_unknown", _motif_unknown_cases),
        Part("motif_scan_errors", _motif_errors),
    ),
    terms=lambda sequence, motif: motif.shape[1],
    window=_motif_window,
    mistakes=(
        *ways(
            "kernel_flipped",
            "Your motif is flipped: its first column meets the last letter of the window. That is true convolution.",
            MOTIFS,
            _scanned(lambda motif: motif.flip(1)),
        ),
        *ways(
            "reverse_complement_scanned",
            "You scan with the reverse complement: that finds the sites of the other strand.",
            MOTIFS,
            _scanned(lambda motif: motif.flip(0, 1)),
            lambda sequence, motif: _motif_scan(sequence, motif.flip(0, 1)).flip(0),
        ),
        *ways(
            "complement_scanned",
            "The rows of your motif and those of your one-hot sequence stand in opposite orders.",
            MOTIFS,
            _scanned(lambda motif: motif.flip(0)),
        ),
        *ways(
            "both_strands",
            "You return the better of the two strands: one scan is asked for, along the sequence as it is written.",
            MOTIFS,
            _both_strands,
        ),
        *ways(
            "one_output_too_few",
            "The last window is missing: the motif fits L − K + 1 times, so the start runs from 0 to L − K, both included.",
            MOTIFS,
            _of_scores(lambda y, motif: y[:-1]),
            _of_scores(lambda y, motif: y[1:]),
        ),
        *ways(
            "one_output_too_many",
            "There is one score too many: the motif fits L − K + 1 times.",
            MOTIFS,
            lambda sequence, motif: _motif_scan(sequence + UNKNOWN, motif),
            _of_scores(lambda y, motif: _zeros_at_end(y, 1)),
        ),
        *ways(
            "same_for_valid",
            "Your result is as long as the sequence: a score belongs to a place where the whole motif fits.",
            MOTIFS,
            _padded_scan(lambda k: (k - 1) // 2),
            _padded_scan(lambda k: k // 2),
            _padded_scan(lambda k: k - 1),
            _padded_scan(lambda k: 0),
            _of_scores(lambda y, motif: _zeros_at_end(y, motif.shape[1] - 1)),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over the window: a score is the sum of the weights that the letters pick.",
            MOTIFS,
            _of_scores(lambda y, motif: y / motif.shape[1]),
            _of_scores(lambda y, motif: y / motif.numel()),
            _of_scores(lambda y, motif: y / 4),
        ),
        *ways(
            "maximum_not_sum",
            "You take the largest weight that a letter picks: a score is the sum over all columns of the motif.",
            MOTIFS,
            _maximum_of_products,
            lambda sequence, motif: _products(sequence, motif).amax((1, 2)),
        ),
        *ways(
            "product_not_sum",
            "You multiply the weights that the letters pick: a score is their sum.",
            MOTIFS,
            lambda sequence, motif: _by_position(sequence, motif).prod(1),
        ),
        *ways(
            "consensus_for_weights",
            "You count the letters that agree with the largest weights: how much each letter counts, is what the weights say.",
            MOTIFS,
            _scanned(_consensus),
            lambda sequence, motif: _motif_scan(sequence, _consensus(motif)) / motif.shape[1],
        ),
        *ways(
            "products_not_summed",
            "Your result keeps the products of every window apart: each score is one number, their sum.",
            MOTIFS,
            _products,
            _by_position,
            lambda sequence, motif: _products(sequence, motif).sum(2),
            lambda sequence, motif: _products(sequence, motif).sum(2).T,
            lambda sequence, motif: _by_position(sequence, motif).T,
        ),
        *ways(
            "only_best_score",
            "You return the best score, or where it is: one score for every place is asked for.",
            MOTIFS,
            _of_scores(lambda y, motif: y.max()),
            _of_scores(lambda y, motif: float(y.max())),
            _of_scores(lambda y, motif: int(y.argmax())),
        ),
        *ways(
            "last_tap_missing",
            "The last column of the motif is never used.",
            MOTIFS,
            _scanned(lambda motif: _without_columns(motif, slice(-1, None))),
        ),
        *ways(
            "first_tap_missing",
            "The first column of the motif is never used: Python counts from 0.",
            MOTIFS,
            _scanned(lambda motif: _without_columns(motif, slice(0, 1))),
        ),
        *ways(
            "only_last_tap",
            "Only the last column counts: every weight replaces the one before, where it should be added.",
            MOTIFS,
            _scanned(lambda motif: _without_columns(motif, slice(0, -1))),
        ),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the scores before: it must start from zero for every window.",
            MOTIFS,
            _of_scores(lambda y, motif: y.cumsum(0)),
        ),
        *ways(
            "return_in_loop",
            RETURNED_TOO_EARLY,
            MOTIFS,
            _of_scores(lambda y, motif: y[:1]),
            _of_scores(lambda y, motif: float(y[0])),
            _of_scores(lambda y, motif: _zeros_at_end(y[:1], len(y) - 1)),
        ),
        *ways(
            "softmax_added",
            "You turn the scores into probabilities: they are asked for as they are.",
            MOTIFS,
            _of_scores(lambda y, motif: y.softmax(0)),
            _of_scores(lambda y, motif: y.exp()),
            _of_scores(lambda y, motif: y.sigmoid()),
        ),
        *ways(
            "activation_added",
            "Your scores are never negative: a ReLU is a layer of its own and does not belong here.",
            MOTIFS,
            _of_scores(lambda y, motif: y.clamp(min=0)),
        ),
        *ways("truncated_to_int", TRUNCATED, MOTIFS, _of_scores(lambda y, motif: y.trunc())),
        *ways(
            "windows_not_overlapping",
            "Your window moves by its own length: it moves by one letter.",
            MOTIFS,
            _of_scores(lambda y, motif: y[:: motif.shape[1]]),
        ),
        *ways(
            "unknown_as_base",
            "An N counts as a base: nothing is known about it, so it adds nothing to a score.",
            ONE_HOT,
            *(_reencoded(_with_unknown(lambda column, row=row: column[row].fill_(1))) for row in range(4)),
        ),
        *ways(
            "unknown_dropped",
            "You leave out the N: then all that follows stands in the wrong place.",
            ONE_HOT,
            _reencoded(_unknown_dropped),
        ),
        *ways(
            "unknown_refused",
            "Your function fails on an N: that is a base that could not be read, and it adds nothing to a score.",
            ONE_HOT,
            _reencoded(_refusing(lambda letter: letter in "Nn")),
        ),
        *ways(
            "case_sensitive",
            "Lower-case letters are lost: they are the same bases.",
            ONE_HOT,
            _reencoded(_small_letters_lost),
            _reencoded(_refusing(str.islower)),
        ),
        *ways(
            "only_four_letters",
            "Your function knows only the letters A, C, G and T: an N adds nothing to a score, and lower-case letters are bases.",
            ONE_HOT,
            _reencoded(_refusing(lambda letter: letter not in BASES)),
        ),
    ),
)


def _zeros_at_end(y, count):
    import torch.nn.functional as F

    return F.pad(y, (0, count))


def _without_columns(motif, which):
    kept = motif.clone()
    kept[..., which] = 0
    return kept


# best_site


def _best(scores):
    """Return the start, the strand and the score of the best of two rows of scores, those of the two strands."""
    start, strand = divmod(int(scores.T.argmax()), 2)
    return start, (1, -1)[strand], float(scores[strand, start])


def _two_strands(x, motif, other=lambda motif: motif.flip(0, 1)):
    import torch

    return torch.stack([_scan(x, motif), _scan(x, other(motif))])


def _best_site(x, motif):
    return _best(_two_strands(x, motif))


def _of_strands(change: Callable[[Any], Any]):
    return lambda x, motif: _best(change(_two_strands(x, motif)))


def _with_other(change: Callable[[Any], Any]):
    return lambda x, motif: _best(_two_strands(x, motif, change))


def _of_best(change: Callable[..., Any]):
    """Return an answer that changes what was found: `change(start, strand, score, number of windows, K)`."""
    return lambda x, motif: change(*_best_site(x, motif), x.shape[1] - motif.shape[1] + 1, motif.shape[1])


def _from_zero(x, motif):
    found = _best_site(x, motif)
    return found if found[2] > 0 else (0, 1, 0.0)


def _from_zero_unset(x, motif):
    found = _best_site(x, motif)
    return found if found[2] > 0 else _raise()


def _log_odds(rng, k, low=False):
    """Draw weights of a motif with a mean of zero, or below it."""
    weights = rng.standard_normal((4, k))
    return weights - weights.max() - 0.25 if low else weights


def _sites(x, motif, other):
    """Return (score, start, strand) of all windows on both strands, the best first."""
    k = motif.shape[1]
    starts = range(x.shape[1] - k + 1)
    turned = ((1, motif), (-1, other))
    return sorted((-float((x[:, i : i + k] * m).sum()), i, strand) for strand, m in turned for i in starts)


def _site_case(rng, is_such: Callable[..., bool], length, k, note, low=False):
    """Draw a sequence and a motif whose best site is such, clearly better than all others, and not what a mistake finds."""
    while True:
        x, motif = _one_hot_of(_dna(rng, length), "float64"), _log_odds(rng, k, low)
        found = _sites(x, motif, motif[::-1, ::-1])
        score, start, strand = found[0]
        if found[1][0] - score < 1e-3 or not is_such(start, strand, -score, length - k):
            continue
        mistaken = [_sites(x, motif, other)[0] for other in (motif[:, ::-1], motif[::-1], motif)]
        if strand == 1 or len({found[0], *mistaken}) == 4:
            return Case((x, motif), note=note)


def _site_cases(rng):
    by_hand = np.array([[1.0, -2, -2], [-2, 1, -2], [-2, -2, 1], [-1, -1, -1]])

    def forward(start, strand, score, last):
        return strand == 1 and 0 < start < last and score > 0

    return [
        Case((_one_hot_of("TTACGAA", "float64"), by_hand), note="small enough to do by hand"),
        _site_case(rng, forward, integer(rng, 10, 14), 3, "the best site on the strand given"),
        _site_case(rng, forward, integer(rng, 14, 18), 4, "the best site on the strand given"),
        _site_case(rng, forward, 15, 5, "the best site on the strand given"),
    ]


def _site_strand_cases(rng):
    def backward(start, strand, score, last):
        return strand == -1 and 0 < start < last and 2 * start != last and score > 0

    return [
        _site_case(rng, backward, integer(rng, 10, 14), 3, "the best site on the other strand"),
        _site_case(rng, backward, integer(rng, 14, 18), 4, "the best site on the other strand"),
        _site_case(rng, backward, 15, 5, "the best site on the other strand"),
        _site_case(
            rng, lambda start, strand, score, last: strand == 1 and score > 0, 12, 3, "a site on the strand that is given"
        ),
    ]


def _site_edge_cases(rng):
    def last_window(sign):
        return lambda start, strand, score, last: start == last and strand == sign and score > 0

    return [
        _site_case(rng, last_window(1), 9, 3, "the best site in the last window"),
        _site_case(rng, last_window(-1), 11, 4, "the best site in the last window, on the other strand"),
        _site_case(rng, lambda start, strand, score, last: start == 0 and score > 0, 10, 3, "the best site in the first window"),
        _site_case(rng, lambda start, strand, score, last: score > 0, 5, 5, "a motif as long as the sequence"),
    ]


def _site_negative_cases(rng):
    def inside(sign):
        return lambda start, strand, score, last: 0 < start < last and 2 * start != last and strand == sign

    return [
        _site_case(rng, inside(1), integer(rng, 9, 13), 3, "scores that are all negative", low=True),
        _site_case(rng, inside(-1), integer(rng, 13, 16), 4, "scores that are all negative", low=True),
        _site_case(rng, inside(1), 14, 2, "scores that are all negative", low=True),
        _site_case(rng, lambda start, strand, score, last: score > 0, 11, 3, "a best score above 0"),
    ]


BEST_SITE = Exercise(
    name="best_site",
    signature="best_site(x, motif)",
    reference=on_torch(_best_site),
    parts=(
        Part("best_site", _site_cases),
        Part("best_site_strand", _site_strand_cases),
        Part("best_site_edges", _site_edge_cases),
        Part("best_site_negative", _site_negative_cases),
    ),
    terms=lambda x, motif: motif.shape[1],
    outputs=("start", "strand", "score"),
    mistakes=(
        *ways(
            "complement_forgotten",
            "On the other strand you only reverse: there, A stands opposite T, and C opposite G.",
            MOTIFS,
            _with_other(lambda motif: motif.flip(1)),
        ),
        *ways(
            "reversal_forgotten",
            "On the other strand you only exchange the bases: it is also read in the other direction.",
            MOTIFS,
            _with_other(lambda motif: motif.flip(0)),
        ),
        *ways(
            "one_strand_only",
            "You look at the strand that is given only: the site may be on the other one.",
            MOTIFS,
            lambda x, motif: _best(_two_strands(x, motif)[:1].repeat(2, 1)),
        ),
        *ways(
            "one_output_too_few",
            "The last window is never looked at: the motif fits L − K + 1 times.",
            MOTIFS,
            lambda x, motif: _best(_two_strands(x, motif)[:, :-1]) if x.shape[1] > motif.shape[1] else (0, 1, -math.inf),
            lambda x, motif: _best(_two_strands(x, motif)[:, :-1]) if x.shape[1] > motif.shape[1] else _raise(),
            lambda x, motif: _best(_two_strands(x, motif)[:, :-1]) if x.shape[1] > motif.shape[1] else None,
        ),
        *ways(
            "maximum_starts_from_zero",
            "Your best score starts from 0, so a negative one never beats it: start from −infinity, or from the first window.",
            MOTIFS,
            _from_zero,
            _from_zero_unset,
        ),
        *ways(
            "start_on_other_strand",
            "On the other strand you count the start from its own beginning: it is asked for on the strand that is given.",
            MOTIFS,
            _of_best(lambda start, strand, score, windows, k: (start if strand == 1 else windows - 1 - start, strand, score)),
        ),
        *ways(
            "end_for_start",
            "You return where the site ends: its first place is asked for.",
            MOTIFS,
            _of_best(lambda start, strand, score, windows, k: (start + k - 1, strand, score)),
            _of_best(lambda start, strand, score, windows, k: (start + k, strand, score)),
            _of_best(lambda start, strand, score, windows, k: (start + (k - 1 if strand < 0 else 0), strand, score)),
        ),
        *ways(
            "strand_forgotten",
            "The strand is always the same in your result: it is 1 for the one that is given, and −1 for the other.",
            MOTIFS,
            _of_best(lambda start, strand, score, windows, k: (start, 1, score)),
        ),
        *ways(
            "sign_wrong",
            "The sign of your strand is the wrong way round: it is 1 for the one that is given, and −1 for the other.",
            MOTIFS,
            _of_best(lambda start, strand, score, windows, k: (start, -strand, score)),
        ),
        *ways(
            "minimum_for_maximum",
            "You look for the worst site: the one with the largest score is asked for.",
            MOTIFS,
            lambda x, motif: _negated(_best(-_two_strands(x, motif))),
        ),
    ),
)


def _negated(found):
    start, strand, score = found
    return start, strand, -score


# dilated_receptive_field


def _field(k, dilations):
    return 1 + (k - 1) * sum(dilations)


def _fields(name, says, see, *formulas):
    return ways(name, says, see, *(lambda k, dilations, of=of: of(k, list(dilations)) for of in formulas))


def _field_cases(rng):
    k = integer(rng, 3, 5)

    def drawn(count):
        return [integer(rng, 2, 9) for _ in range(count)]

    return [
        Case((3, [1, 2]), note="small enough to do by hand"),
        Case((2, [1, 2, 4, 8, 16]), note="dilations that double"),
        Case((k, drawn(3))),
        Case((k + 1, drawn(4))),
        Case((2, [*drawn(2), 1]), note="kernels of two taps"),
        Case((k, drawn(1)), note="a single layer"),
        Case((1, [1, 2, 4]), note="kernels of one tap"),
        Case((k, []), note="no layer at all"),
        Case((2, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] * 3), note="the stack of the WaveNet paper, three times"),
    ]


def _field_errors(rng):
    return [
        Case((0, [1, 2]), note="a kernel without taps", raises=ValueError),
        Case((integer(rng, 2, 4), [1, 0, 4]), note="a dilation of 0", raises=ValueError),
        Case((integer(rng, 2, 4), [2, -1]), note="a negative dilation", raises=ValueError),
        Case((integer(rng, 2, 4), [2, 1]), note="a stack that is possible", only_returns=True),
    ]


DILATED_RECEPTIVE_FIELD = Exercise(
    name="dilated_receptive_field",
    signature="dilated_receptive_field(k, dilations)",
    reference=on_torch(_field),
    parts=(Part("dilated_receptive_field", _field_cases), Part("dilated_receptive_field_errors", _field_errors)),
    mistakes=(
        *_fields(
            "dilation_times_kernel",
            "You count k·dilation values a layer: k taps have only k − 1 gaps between them.",
            DILATION,
            lambda k, d: 1 + k * sum(d),
            lambda k, d: k * sum(d),
        ),
        *_fields(
            "present_not_counted",
            "One value is missing: a stack sees (k − 1) · dilation values more with every layer, and one before the first.",
            DILATION,
            lambda k, d: (k - 1) * sum(d),
        ),
        *_fields(
            "layers_added_up",
            "You add up the reach of every layer: a layer adds (k − 1) · dilation, its own value is counted already.",
            DILATION,
            lambda k, d: sum(1 + (k - 1) * each for each in d),
            lambda k, d: 1 + sum(1 + (k - 1) * each for each in d),
        ),
        *_fields(
            "sizes_multiplied",
            "You multiply what the layers add: the receptive field of a stack is a sum.",
            DILATION,
            lambda k, d: math.prod(1 + (k - 1) * each for each in d),
            lambda k, d: 1 + math.prod((k - 1) * each for each in d),
            lambda k, d: 1 + (k - 1) * math.prod(d),
            lambda k, d: k * math.prod(d),
        ),
        *_fields(
            "dilation_ignored",
            "The dilations have no effect: a layer adds (k − 1) · dilation, not k − 1.",
            DILATION,
            lambda k, d: 1 + (k - 1) * len(d),
        ),
        *_fields(
            "only_last_layer",
            "You count one layer only: every layer adds (k − 1) times its dilation.",
            DILATION,
            lambda k, d: 1 + (k - 1) * (d[-1] if d else 0),
            lambda k, d: 1 + (k - 1) * max(d, default=0),
            lambda k, d: 1 + (k - 1) * (d[0] if d else 0),
        ),
        *_fields(
            "both_sides_counted",
            "You count both sides: a causal layer looks back only.",
            CAUSAL,
            lambda k, d: 1 + 2 * (k - 1) * sum(d),
        ),
        *_fields(
            "dilations_as_strides",
            "You let the layers multiply each other's step, as strides do: a dilation spreads the taps of its own layer only.",
            DILATION,
            lambda k, d: 1 + (k - 1) * sum(math.prod(d[: i + 1]) for i in range(len(d))),
            lambda k, d: 1 + (k - 1) * sum(math.prod(d[:i]) for i in range(len(d))),
        ),
        *_fields(
            "one_layer_too_few",
            "The last layer is left out: every layer adds (k − 1) times its dilation.",
            DILATION,
            lambda k, d: _field(k, d[:-1]),
        ),
        *_fields(
            "dilation_off_by_one",
            "You put `dilation` zeros between the taps: dilation 2 means a distance of 2, and dilation 1 changes nothing.",
            DILATION,
            lambda k, d: 1 + (k - 1) * sum(each + 1 for each in d),
            lambda k, d: 1 + (k - 1) * sum(each - 1 for each in d),
        ),
    ),
)

# doubling_layers


def _layers(k, samples, reach=lambda k, n: 1 + (k - 1) * (2**n - 1)):
    """Return the smallest number of layers whose reach is at least so many samples."""
    n = 0
    while reach(k, n) < samples:
        n += 1
        if n > samples:
            raise ValueError("so many values are never reached")
    return n


def _counted(of: Callable[[int, int], int]):
    """Return an answer that takes something else for the reach of n layers with kernels of k taps."""
    return lambda k, samples: _layers(k, samples, of)


def _ratio(k, samples):
    return (samples - 1) / (k - 1) + 1


def _doubling_cases(rng):
    k, n = integer(rng, 3, 5), integer(rng, 4, 7)
    exact = 1 + (k - 1) * (2**n - 1)
    return [
        Case((3, 7), note="small enough to do by hand"),
        Case((2, 2 ** integer(rng, 5, 9)), note="a stack that sees exactly so many"),
        Case((k, exact), note="a stack that sees exactly so many"),
        Case((k, exact + 1), note="one value more than a stack sees"),
        Case((k, exact - 1), note="one value less than a stack sees"),
        Case((5, 4 * 2 ** integer(rng, 3, 6) - 4), note="one value less than a stack sees"),
        Case((k, exact + integer(rng, 3, 9))),
        Case((3, 4 * 2 ** integer(rng, 4, 7) - 3)),
        Case((4, integer(rng, 600, 1000))),
        Case((2, 16000), note="one second of speech at 16 kHz"),
        Case((2, 2**29), note="a number so large that rounding shows"),
        Case((integer(rng, 2, 4), 1), note="a single value, for which no layer is needed"),
    ]


def _doubling_errors(rng):
    return [
        Case((1, integer(rng, 2, 9)), note="kernels of one tap, which never see more", raises=ValueError),
        Case((0, 5), note="kernels without taps", raises=ValueError),
        Case((integer(rng, 2, 4), 0), note="no value to see", raises=ValueError),
        Case((2, 2), note="two values, which is possible", only_returns=True),
    ]


DOUBLING_LAYERS = Exercise(
    name="doubling_layers",
    signature="doubling_layers(k, samples)",
    reference=on_torch(_layers),
    parts=(Part("doubling_layers", _doubling_cases), Part("doubling_layers_errors", _doubling_errors)),
    mistakes=(
        *ways(
            "one_layer_too_many",
            "You ask for one value more than needed: a stack that sees exactly `samples` values is enough.",
            DILATION,
            _counted(lambda k, n: (k - 1) * (2**n - 1)),
            lambda k, samples: _layers(k, samples) + 1,
        ),
        *ways(
            "one_layer_too_few",
            "Your stack is a layer short: round up, and count the layer that reaches `samples`.",
            DILATION,
            lambda k, samples: _layers(k, samples) - 1,
            lambda k, samples: int(math.log2(_ratio(k, samples)) + 1e-12),
            _counted(lambda k, n: 1 + (k - 1) * (2 ** (n + 1) - 1)),
            lambda k, samples: max(0, _layers(k, samples) - 1),
        ),
        *ways(
            "rounding_in_logarithm",
            "The logarithm is not exact: an error in its last digit makes the ceiling one too large. Count in whole numbers.",
            DILATION,
            lambda k, samples: math.ceil(math.log(_ratio(k, samples), 2)),
            lambda k, samples: math.ceil(math.log(_ratio(k, samples)) / math.log(2)),
        ),
        *ways(
            "wrong_logarithm",
            "You take the natural logarithm: dilations that double ask for the one to base 2.",
            DILATION,
            lambda k, samples: math.ceil(math.log(_ratio(k, samples))),
            lambda k, samples: math.ceil(math.log10(_ratio(k, samples))),
        ),
        *ways(
            "first_dilation_two",
            "Your dilations begin with 2: the first layer has dilation 1.",
            DILATION,
            _counted(lambda k, n: 1 + (k - 1) * (2 ** (n + 1) - 2)),
        ),
        *ways(
            "dilations_not_doubled",
            "Your dilations grow by one from layer to layer: here they double, 1, 2, 4, 8.",
            DILATION,
            lambda k, samples: _linear_layers(k, samples),
        ),
        *ways(
            "dilation_ignored",
            "Your layers have no dilation: with 1, 2, 4, 8 far fewer are enough.",
            DILATION,
            lambda k, samples: -(-(samples - 1) // (k - 1)),
            lambda k, samples: (samples - 1) // (k - 1),
            lambda k, samples: -(-samples // k),
        ),
        *ways(
            "dilation_times_kernel",
            "You count k·dilation values a layer: k taps have only k − 1 gaps between them.",
            DILATION,
            _counted(lambda k, n: 1 + k * (2**n - 1)),
            _counted(lambda k, n: k * (2**n - 1)),
        ),
        *ways(
            "only_last_layer",
            "You count the last layer only: the layers below it see something, too.",
            DILATION,
            _counted(lambda k, n: 1 + (k - 1) * 2 ** (n - 1) if n else 1),
        ),
        *ways(
            "kernel_size_ignored",
            "The kernel size has no effect: longer kernels need fewer layers.",
            DILATION,
            lambda k, samples: _layers(2, samples),
        ),
        *ways(
            "dilation_for_count",
            "You return the last dilation, or the dilations: the number of layers is asked for.",
            DILATION,
            lambda k, samples: 2 ** (_layers(k, samples) - 1) if _layers(k, samples) else 0,
            lambda k, samples: 2 ** _layers(k, samples),
            lambda k, samples: [2**i for i in range(_layers(k, samples))],
        ),
    ),
)


def _linear_layers(k, samples):
    """Return how many layers with the dilations 1, 2, 3, … see so many samples."""
    n = math.isqrt(max(0, 2 * (samples - 1) // max(1, k - 1)))
    n = max(0, n - 2)
    while k > 1 and 1 + (k - 1) * n * (n + 1) // 2 < samples:
        n += 1
    return n


# causal_conv1d


def _causal(x, w, dilation=1):
    import torch.nn.functional as F

    return F.conv1d(F.pad(x, (_span(w, dilation), 0)), w, dilation=dilation)


def _span(w, dilation):
    """Return how far the first tap reaches back."""
    return (w.shape[2] - 1) * dilation


def _padded_to(left: Callable[[int], int], right: Callable[[int], int], mode="constant"):
    """Return an answer that pads by functions of the span, which it needs in all to keep the length."""
    import torch.nn.functional as F

    def wrong(x, w, dilation=1):
        span = _span(w, dilation)
        return F.conv1d(F.pad(x, (left(span), right(span)), mode=mode), w, dilation=dilation)

    return wrong


def _padded_for_taps(left: Callable[[int], int]):
    """Return an answer whose padding does not know of the dilation."""
    import torch.nn.functional as F

    return lambda x, w, dilation=1: F.conv1d(F.pad(x, (left(w.shape[2]), 0)), w, dilation=dilation)


def _causal_with(change: Callable[[Any], Any]):
    return lambda x, w, dilation=1: _causal(x, change(w), dilation)


def _causal_result(change: Callable[..., Any]):
    """Return an answer that changes the result, `change(y, x, w, dilation)`."""
    return lambda x, w, dilation=1: change(_causal(x, w, dilation), x, w, dilation)


def _dilated_by(of: Callable[[int], int]):
    return lambda x, w, dilation=1: _causal(x, w, of(dilation))


def _spread_by_zeros(x, w, dilation=1):
    """Keep the padding of the taps side by side, and cut or fill up to the right length."""
    y = _padded_for_taps(lambda taps: taps - 1)(x, w, dilation)
    return _zeros_at_end(y, x.shape[2] - y.shape[2])


def _wrapping(x, w, dilation=1):
    """Let an index below 0 count from the end, as Python does."""
    import torch.nn.functional as F

    span = _span(w, dilation)
    places = [(t - span) % x.shape[2] for t in range(span + x.shape[2])]
    return F.conv1d(x[:, :, places], w, dilation=dilation)


def _index_refused_where_wrapping_fails(x, w, dilation=1):
    if _span(w, dilation) > x.shape[2]:
        _raise()
    return _wrapping(x, w, dilation)


def _sliced_to_minus_zero(x, w, dilation=1):
    """Fail as NumPy does where `y[:, :, 0:] += w[:, :, -1] @ x[:, :, :-0]` is computed."""
    n, k, length = x.shape[0], w.shape[0], x.shape[2]
    if length == 1:
        _raise(f"non-broadcastable output operand with shape ({n},{k},1) doesn't match the broadcast shape ({n},{k},0)")
    _raise(f"operands could not be broadcast together with shapes ({n},{k},{length}) ({n},{k},0) ({n},{k},{length}) ")


def _only_full_windows(x, w, dilation=1):
    """Leave zeros where the kernel reaches back before the start."""
    y = _causal(x, w, dilation).clone()
    y[..., : _span(w, dilation)] = 0
    return y


def _per_channel(x, w, dilation=1):
    import torch

    return torch.stack([_causal(x[:, c : c + 1], w[:, c : c + 1], dilation) for c in range(x.shape[1])], 2)


def _first_entries(y, axes):
    kept = y.new_zeros(y.shape)
    place = (slice(0, 1),) * axes
    kept[place] = y[place]
    return kept


def _causal_case(rng, x, w, dilation=1, note="", dtype="float64", draw=_values, **more):
    """Draw a case for an input (N, C, L) and a kernel (K, taps)."""
    n, c, length = x
    k, taps = w
    if draw is strided:
        arrays = strided(rng, n, c, length), strided(rng, k, c, taps)
    else:
        arrays = draw(rng, n, c, length, dtype=dtype), draw(rng, k, c, taps, dtype=dtype)
    return Case(arrays, {"dilation": dilation} if dilation != 1 else {}, note=note, **more)


def _causal_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = np.array([[[1.0, 2, 4, 7, 11]]]), np.array([[[1.0, 0, -2]], [[0, 10, 0]]])
    return [
        Case(by_hand, note="small enough to do by hand"),
        _causal_case(rng, (n, c, 11), (k, 3)),
        _causal_case(rng, (3, 2, 9), (4, 4), note="an even number of taps"),
        _causal_case(rng, (2, 4, 8), (3, 2), note="more channels in than out"),
        _causal_case(rng, (2, 3, 7), (3, 3), note="as many channels out as in"),
        _causal_case(rng, (1, 1, 10), (2, 5), note="a batch of one, with one channel"),
        _causal_case(rng, (2, 3, 6), (4, 1), note="kernels of one tap: they only mix channels"),
        _causal_case(rng, (2, 2, 4), (3, 6), note="kernels longer than the signal"),
        _causal_case(rng, (2, 3, 1), (4, 3), note="signals of one value"),
        _causal_case(rng, (2, 3, 9), (4, 3), note="inputs that are not contiguous in memory", draw=strided),
        _causal_case(rng, (n, c, 12), (k, 3), note="float32", dtype="float32"),
    ]


def _causal_dilated_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = np.array([[[1.0, 2, 4, 7, 11, 16]]]), np.array([[[1.0, 10]], [[-1, 1]]])
    return [
        Case(by_hand, {"dilation": 2}, note="small enough to do by hand"),
        _causal_case(rng, (n, c, 14), (k, 3), 2),
        _causal_case(rng, (3, 2, 15), (4, 2), 4, "two taps, as in WaveNet"),
        _causal_case(rng, (2, 4, 16), (3, 4), 3, "an even number of taps"),
        _causal_case(rng, (2, 3, 13), (3, 3), 3, "as many channels out as in"),
        _causal_case(rng, (2, 2, 9), (3, 3), 4, "a kernel that reaches back almost to the start"),
        _causal_case(rng, (2, 2, 6), (3, 3), 5, "a kernel that reaches back far before the start"),
        _causal_case(rng, (2, 3, 7), (4, 1), 3, "one tap, which no dilation can spread"),
        Case((_values(rng, 2, 2, 11), _values(rng, 3, 2, 3), 2), note="the dilation given by position"),
        _causal_case(rng, (2, 3, 12), (4, 3), 2, "inputs that are not contiguous in memory", draw=strided),
        _causal_case(rng, (n, c, 13), (k, 3), 3, "float32", dtype="float32"),
    ]


def _causal_fast_cases(rng):
    return [
        _causal_case(rng, (2, 3, 20), (4, 3)),
        _causal_case(rng, (2, 3, 22), (4, 2), 5),
        _causal_case(rng, (3, 2, 18), (3, 4), 2, "float32", dtype="float32"),
    ]


def _causal_sizes(rng):
    return _causal_case(rng, (2, 2, 20), (3, 2), 4), _causal_case(rng, (2, 2, 320), (3, 2), 4)


def _causal_errors(rng):
    n, c = integer(rng, 1, 3), integer(rng, 2, 4)
    x, w = _values(rng, n, c, 9), _values(rng, 4, c, 3)
    return [
        Case((x, _values(rng, 4, c + 1, 3)), note="kernels with a channel too many", raises=ValueError),
        Case((x, _values(rng, 4, 1, 3)), note="kernels with one channel, signals with more", raises=ValueError),
        Case((_values(rng, n, 1, 9), w), note="signals with one channel, kernels with more", raises=ValueError),
        Case((x, w), {"dilation": 0}, note="a dilation of 0", raises=ValueError),
        Case((x, w), {"dilation": -2}, note="a negative dilation", raises=ValueError),
        Case((x, w), {"dilation": 20}, note="a dilation longer than the signal, which is possible", only_returns=True),
    ]


def _causal_window(index, x, w, dilation=1):
    n, k, t = index
    places = [t - i * dilation for i in range(w.shape[2])][::-1]
    inside = [place for place in places if place >= 0]
    pieces = [(f"x[{n}, :, {inside}]", x[n][:, inside]), (f"w[{k}]", w[k])]
    outside = len(places) - len(inside)
    return [*pieces, ("zeros before the start", f"under the first {outside} taps")] if outside else pieces


SAME_BATCH_MISTAKES = (
    (
        "only_first_sample",
        "Every result comes from one sample: each sample of the batch has a result of its own.",
        lambda y: y[:1].expand(y.shape),
        lambda y: y[-1:].expand(y.shape),
        lambda y: y[:1],
        lambda y: y[0],
    ),
    (
        "batch_summed",
        "You sum over the batch: each sample has a result of its own.",
        lambda y: y.sum(0),
        lambda y: y.sum(0, keepdim=True),
        lambda y: y.sum(0, keepdim=True).expand(y.shape),
    ),
    (
        "output_axes_swapped",
        "The axes of your result are in another order: samples first, then output channels, then places.",
        lambda y: y.transpose(0, 1),
        lambda y: y.movedim(1, -1),
        lambda y: y.movedim(1, -1).reshape(y.shape),
        lambda y: y.transpose(0, 1).reshape(y.shape),
    ),
    (
        "return_in_loop",
        RETURNED_TOO_EARLY,
        *(lambda y, axes=axes: _first_entries(y, min(axes, y.dim())) for axes in (1, 2, 3, 5)),
    ),
    ("truncated_to_int", TRUNCATED, lambda y: y.trunc()),
    (
        "activation_added",
        "Your result has no negative values: a ReLU is a layer of its own and does not belong here.",
        lambda y: y.clamp(min=0),
    ),
)
"""Mistakes in the result of a layer, in any number of dimensions: names, sentences and functions of y."""


CAUSAL_CONV1D = Exercise(
    name="causal_conv1d",
    signature="causal_conv1d(x, w, dilation=1)",
    reference=on_torch(_causal),
    parts=(
        Part("causal_conv1d", _causal_cases),
        Part("causal_conv1d_dilated", _causal_dilated_cases),
        Part("causal_conv1d_fast", _causal_fast_cases, _causal_sizes),
        Part("causal_conv1d_errors", _causal_errors),
    ),
    terms=lambda x, w, dilation=1: w[0].size,
    window=_causal_window,
    mistakes=(
        *ways(
            "future_seen",
            "Your outputs see the future: all zeros belong before the signal, so that the last tap meets the present.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: 0, lambda span: span)(x, w, dilation),
            lambda x, w, dilation=1: _padded_to(lambda span: span // 2, lambda span: span - span // 2)(x, w, dilation),
            lambda x, w, dilation=1: _padded_to(lambda span: span - span // 2, lambda span: span // 2)(x, w, dilation),
        ),
        *ways(
            "future_seen",
            "You pad both sides and keep the wrong end: the outputs that see only the past are the first L.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: span, lambda span: span)(x, w, dilation)[..., _span(w, dilation) :],
        ),
        *ways(
            "kernel_flipped",
            "Your kernels are flipped: the last tap, w[k, c, −1], meets the present, and the first one reaches farthest back.",
            CAUSAL,
            _causal_with(lambda w: w.flip(2)),
        ),
        *ways(
            "future_seen",
            "Your kernels reach forwards: tap by tap you read x[t + i · dilation], where t − i · dilation is the past.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: 0, lambda span: span)(x, w.flip(2), dilation),
        ),
        *ways(
            "padding_ignored",
            "Your result is shorter than the signal: put (K − 1) · dilation zeros before it.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: 0, lambda span: 0)(x, w, dilation),
        ),
        *ways(
            "padding_ignored",
            "The first outputs are zero: where a kernel reaches back before the start, it meets zeros, but its other taps count.",
            CAUSAL,
            _only_full_windows,
            lambda x, w, dilation=1: _only_full_windows(x, w.flip(2), dilation),
        ),
        *ways(
            "padding_not_cropped",
            "Your result is longer than the signal: zeros are needed before it only, or cut off what comes after the last value.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: span, lambda span: span)(x, w, dilation),
            lambda x, w, dilation=1: _padded_to(lambda span: 2 * span, lambda span: 0)(x, w, dilation),
        ),
        *ways(
            "padding_without_dilation",
            "Your padding does not know of the dilation: the first tap reaches back (K − 1) · dilation values.",
            DILATION,
            lambda x, w, dilation=1: _padded_for_taps(lambda taps: taps - 1)(x, w, dilation),
            _spread_by_zeros,
        ),
        *ways(
            "kernel_size_for_gaps",
            "You pad by K · dilation: K taps have only K − 1 gaps between them.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: span + dilation, lambda span: 0)(x, w, dilation),
            lambda x, w, dilation=1: _padded_to(lambda span: span + 1, lambda span: 0)(x, w, dilation),
        ),
        *ways(
            "present_excluded",
            "Your outputs do not see the present: the last tap belongs to x[t] itself.",
            CAUSAL,
            _causal_result(lambda y, x, w, dilation: _shifted(y, 1)),
            _causal_result(lambda y, x, w, dilation: _shifted(y, dilation)),
            _causal_result(lambda y, x, w, dilation: _shifted(y, dilation - 1)),
        ),
        *ways(
            "slice_to_minus_zero",
            "Your slice ends at −0 for the tap that meets the present, and `[:-0]` is empty: count its end from the front.",
            CAUSAL,
            _sliced_to_minus_zero,
        ),
        *ways(
            "long_reach_refused",
            "Your function fails where a kernel reaches back farther than the signal is long: there it meets zeros.",
            CAUSAL,
            lambda x, w, dilation=1: _raise() if _span(w, dilation) > x.shape[2] else _causal(x, w, dilation),
            lambda x, w, dilation=1: _raise() if _span(w, dilation) >= x.shape[2] else _causal(x, w, dilation),
            lambda x, w, dilation=1: _raise() if w.shape[2] > x.shape[2] else _causal(x, w, dilation),
        ),
        *ways(
            "wraps_around",
            "An index below 0 counts from the end in Python (and `np.roll` comes round again): before the start there are zeros.",
            CAUSAL,
            _wrapping,
            _index_refused_where_wrapping_fails,
            lambda x, w, dilation=1: _wrapping(x, w.flip(2), dilation),
        ),
        *ways(
            "replicate_for_zeros",
            "You repeat the first value before the start: here there are zeros.",
            CAUSAL,
            lambda x, w, dilation=1: _padded_to(lambda span: span, lambda span: 0, "replicate")(x, w, dilation),
        ),
        *ways(
            "dilation_ignored",
            "The dilation has no effect: neighbouring taps lie `dilation` values apart.",
            DILATION,
            _dilated_by(lambda dilation: 1),
            lambda x, w, dilation=1: _dilation_in_padding_only(x, w, dilation),
        ),
        *ways(
            "dilation_off_by_one",
            "You put `dilation` zeros between the taps: dilation 2 means a distance of 2, and dilation 1 changes nothing.",
            DILATION,
            _dilated_by(lambda dilation: dilation + 1),
        ),
        *ways(
            "dilation_as_exponent",
            "You take the dilation for an exponent of 2: neighbouring taps lie `dilation` values apart.",
            DILATION,
            _dilated_by(lambda dilation: 2 ** (dilation - 1)),
        ),
        *ways(
            "stride_for_dilation",
            "You take the dilation for a stride: it pulls the taps of a kernel apart, and there is an output for every value.",
            DILATION,
            lambda x, w, dilation=1: _causal(x, w)[..., ::dilation],
            lambda x, w, dilation=1: _causal(x, w, dilation)[..., ::dilation],
        ),
        *ways(
            "last_tap_missing",
            "The last tap is never used: it is the one that meets the present.",
            CAUSAL,
            _causal_with(lambda w: _without_columns(w, slice(-1, None))),
        ),
        *ways(
            "first_tap_missing",
            "The first tap is never used: Python counts from 0.",
            CAUSAL,
            _causal_with(lambda w: _without_columns(w, slice(0, 1))),
        ),
        *ways(
            "only_last_tap",
            "Only one tap is left: every product replaces the one before, where it should be added to the sum.",
            CAUSAL,
            _causal_with(lambda w: _without_columns(w, slice(0, -1))),
            _causal_with(lambda w: _without_columns(w, slice(1, None))),
        ),
        *ways(
            "only_last_tap",
            "Only one channel and one tap are left: every product replaces the one before, where it should be added to the sum.",
            CAUSAL,
            lambda x, w, dilation=1: _causal(x[:, -1:], _without_columns(w[:, -1:], slice(0, -1)), dilation),
            lambda x, w, dilation=1: _causal(x[:, -1:], _without_columns(w[:, -1:], slice(1, None)), dilation),
        ),
        *ways(
            "channels_not_summed",
            "Each output holds one input channel only: it is the sum over all of them.",
            CAUSAL,
            lambda x, w, dilation=1: _per_channel(x, w, dilation)[:, :, 0],
            lambda x, w, dilation=1: _per_channel(x, w, dilation)[:, :, -1],
        ),
        *ways(
            "channels_not_summed",
            "Your result keeps the input channels apart: sum over them, so that its shape is (N, C_out, L).",
            CAUSAL,
            _per_channel,
            lambda x, w, dilation=1: _per_channel(x, w, dilation).transpose(1, 2),
        ),
        *ways(
            "kernel_axes_swapped",
            "The first two axes of w are mixed up: w[k, c] holds the taps for input channel c of output channel k.",
            CAUSAL,
            _causal_with(lambda w: w.transpose(0, 1)),
            _causal_with(lambda w: w.transpose(0, 1).reshape(w.shape)),
        ),
        *ways(
            "only_first_kernel",
            "Every output channel comes from one kernel: channel k is made with w[k].",
            CAUSAL,
            _causal_with(lambda w: w[:1].expand(w.shape)),
            _causal_with(lambda w: w[-1:].expand(w.shape)),
        ),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            CAUSAL,
            _causal_result(lambda y, x, w, dilation: y.cumsum(2)),
            _causal_result(lambda y, x, w, dilation: y.flatten().cumsum(0).view(y.shape)),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over taps or channels: it is their sum that is asked for.",
            CAUSAL,
            _causal_result(lambda y, x, w, dilation: y / w.shape[2]),
            _causal_result(lambda y, x, w, dilation: y / w.shape[1]),
            _causal_result(lambda y, x, w, dilation: y / w[0].numel()),
        ),
        *(
            mistake
            for name, says, *changes in SAME_BATCH_MISTAKES
            for mistake in ways(
                name, says, CAUSAL, *(_causal_result(lambda y, x, w, dilation, change=change: change(y)) for change in changes)
            )
        ),
    ),
)


def _shifted(y, by):
    """Delay a signal, with zeros before its start."""
    import torch.nn.functional as F

    return F.pad(y, (by, 0))[..., : y.shape[-1]]


def _dilation_in_padding_only(x, w, dilation):
    """Pad for the dilation, and then let the taps lie side by side."""
    import torch.nn.functional as F

    return F.conv1d(F.pad(x, (_span(w, dilation), 0)), w)[..., : x.shape[2]]


# WaveNetBlock


def _wavenet_block(
    channels: int,
    dilation: int,
    taps: int = 2,
    padding: str = "left",
    dilated: bool = True,
    activation: str = "tanh",
    gate: str = "sigmoid",
    joined: str = "product",
    bias: bool = True,
    pointwise_bias: bool = True,
    shortcut: str = "residual",
    skip: str = "own",
    end: str = "relu",
    ends: tuple[int, ...] = (),
    unused: bool = True,
    listed: bool = False,
) -> Any:
    """Build the block; every option but channels and dilation is a mistake."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    dilation = dilation if dilated else 1
    layers = {"filter": nn.Conv1d(channels, channels, taps, dilation=dilation, bias=bias)}
    if gate not in ("missing", "shared"):
        layers["gate"] = nn.Conv1d(channels, channels, taps, dilation=dilation, bias=bias)
    if shortcut != "z added" or (unused and skip == "own"):
        layers["to_residual"] = nn.Conv1d(channels, channels, 1, bias=pointwise_bias)
    if skip in ("own", "from residual"):
        layers["to_skip"] = nn.Conv1d(channels, channels, 1, bias=pointwise_bias)
    span = (taps - 1) * dilation

    def around(x):
        sides = {"right": (0, span), "both": (span, span), "wrong end": (span, span), "taps": (taps - 1, 0), "none": (0, 0)}
        sides["centred"] = span // 2, span - span // 2
        return F.pad(x, sides.get(padding, (span, 0)), mode="replicate" if padding == "replicate" else "constant")

    def kept(y):
        return y[..., span:] if padding == "wrong end" else y

    def run(block, x):
        parts = block.layers if listed else vars(block)["_modules"]
        padded = around(x)
        z = kept(parts["filter"](padded))
        z = getattr(torch, activation)(z) if activation else z
        if gate == "unused":
            parts["gate"](padded)
        elif gate != "missing":
            g = kept(parts["filter" if gate == "shared" else "gate"](padded))
            g = {"tanh": torch.tanh, "relu": torch.relu, "none": lambda g: g}.get(gate, torch.sigmoid)(g)
            z = z * g if joined == "product" else z + g
        r = parts["to_residual"](z) if shortcut != "z added" else x
        y = {"missing": lambda: r, "in skip only": lambda: r, "z added": lambda: x + z, "scaled": lambda: (x + r) / 2**0.5}.get(
            shortcut, lambda: x + r
        )()
        s = {"shared": lambda: r, "residual": lambda: y, "z": lambda: z, "from residual": lambda: parts["to_skip"](y)}
        s = s.get(skip, lambda: parts["to_skip"](z))()
        s = x + s if shortcut in ("both", "in skip only") else s
        return tuple(getattr(torch, end)(result) if i in ends else result for i, result in enumerate((y, s)))

    return network(run, layers=layers) if listed else network(run, **layers)


def _block_cases(rng):
    c = integer(rng, 3, 5)
    return [
        case(rng, (2, 1), (1, 2, 6), "dilation 1"),
        case(rng, (c, 2), (3, c, 11)),
        case(rng, (3, 4), (2, 3, 13), "dilation 4"),
        case(rng, (c, integer(rng, 3, 5)), (1, c, 12), "a batch of one"),
        case(rng, (2, 8), (2, 2, 5), "a dilation longer than the signal"),
        case(rng, (1, 3), (2, 1, 9), "one channel"),
        case(rng, (), (2, 3, 10), "arguments by name", {"channels": 3, "dilation": 2}),
    ]


def _block_training_cases(rng):
    c = integer(rng, 2, 4)
    return [
        case(rng, (c, 1), (2, c, 7), training=True),
        case(rng, (3, integer(rng, 2, 3)), (3, 3, 9), training=True),
    ]


def _block_parameter_cases(rng):
    def counted(c, dilation):
        note = f"{c} channels, two kernels of 2 taps and two of 1, all with biases: {6 * c * c + 4 * c} numbers"
        return Case((c, dilation), note=note)

    return [counted(2 * integer(rng, 1, 2), 1), counted(integer(rng, 5, 8), 2)]  # with 3, a layer has as many as all biases


WAVENET_BLOCK = exercise(
    "WaveNetBlock",
    "WaveNetBlock(channels, dilation)",
    _wavenet_block,
    (
        Part("WaveNetBlock", _block_cases),
        Part("WaveNetBlock_training", _block_training_cases),
        Part("WaveNetBlock_parameters", _block_parameter_cases),
    ),
    (
        "future_seen",
        "Your block sees the future: all zeros belong before the signal, and what hangs over is cut off at the end.",
        CAUSAL,
        {"padding": "right"},
        {"padding": "wrong end"},
        {"padding": "centred"},
    ),
    (
        "padding_ignored",
        "Your convolutions shorten the signal, so that x cannot be added: put `dilation` zeros before it.",
        CAUSAL,
        {"padding": "none"},
    ),
    (
        "padding_not_cropped",
        "Padding on both sides makes the signal longer: pad before it only, or cut off what hangs over at the end.",
        CAUSAL,
        {"padding": "both"},
    ),
    (
        "padding_without_dilation",
        "Your padding does not know of the dilation: the first tap reaches back by `dilation` values.",
        DILATION,
        {"padding": "taps"},
    ),
    (
        "replicate_for_zeros",
        "You repeat the first value before the start: here there are zeros.",
        CAUSAL,
        {"padding": "replicate"},
    ),
    (
        "dilation_ignored",
        "The dilation has no effect: hand it on to the convolutions of 2 taps, and pad by as much.",
        DILATION,
        {"dilated": False},
    ),
    (
        "gate_missing",
        "There is no gate: tanh of one convolution is multiplied by the sigmoid of another.",
        WAVENET,
        {"gate": "missing", "told_by_table": False},
        {"gate": "unused"},
    ),
    (
        "tanh_missing",
        "What the gate lets through is not bounded: it is the tanh of a convolution.",
        WAVENET,
        {"activation": ""},
        {"activation": "relu"},
    ),
    (
        "sigmoid_missing",
        "Your gate is not between 0 and 1: it is the sigmoid of its convolution.",
        WAVENET,
        {"gate": "none"},
        {"gate": "tanh"},
        {"gate": "relu"},
    ),
    (
        "sigmoid_twice",
        "Both branches are gates: one has the sigmoid, and the other has tanh, which can be negative.",
        WAVENET,
        {"activation": "sigmoid"},
    ),
    (
        "sum_not_product",
        "You add the gate: it multiplies, so that 0 lets nothing through and 1 everything.",
        WAVENET,
        {"joined": "sum"},
    ),
    ("shared_layer", SHARED, WAVENET, {"gate": "shared", "told_by_table": False}),
    (
        "skip_shared",
        "One 1×1 convolution makes both results: here the residual and the skip output have one each.",
        WAVENET,
        {"skip": "shared", "told_by_table": False},
    ),
    (
        "shortcut_missing",
        "The residual output does not contain the input: add x to what the 1×1 convolution gives.",
        WAVENET,
        {"shortcut": "missing"},
    ),
    (
        "shortcut_in_skip",
        "The input is added to the skip output, too: it belongs to the residual output only.",
        WAVENET,
        {"shortcut": "both"},
    ),
    (
        "results_swapped",
        "x is added to the second of your results: the residual output, which contains x, comes first.",
        WAVENET,
        {"shortcut": "in skip only"},
    ),
    (
        "pointwise_missing",
        "A 1×1 convolution is not used: one leads to the residual, another one to the skip output.",
        WAVENET,
        {"shortcut": "z added"},
        {"shortcut": "z added", "told_by_table": False, "unused": False},
        {"skip": "z", "told_by_table": False},
        {"shortcut": "z added", "skip": "z", "told_by_table": False},
    ),
    (
        "skip_after_addition",
        "The skip output is made from the residual output: it comes from the gated signal, before x is added.",
        WAVENET,
        {"skip": "from residual"},
        {"skip": "residual", "told_by_table": False},
    ),
    (
        "activation_on_result",
        "There is an activation behind the 1×1 convolutions: both results are what they give, and x.",
        WAVENET,
        *({"end": end, "ends": ends} for end in ("relu", "tanh") for ends in ((0, 1), (0,), (1,))),
    ),
    (
        "bias_forgotten",
        "Biases are missing: all four convolutions have them, as nn.Conv1d makes them by default.",
        WAVENET,
        {"bias": False},
        {"pointwise_bias": False},
        {"bias": False, "pointwise_bias": False},
    ),
    (
        "kernel_size_wrong",
        "Your dilated convolutions have another number of taps: here they have 2.",
        WAVENET,
        {"taps": 3},
        {"taps": 3, "padding": "centred"},
    ),
    (
        None,
        "You scale the sum of x and its correction: here it is left as it is.",
        WAVENET,
        {"shortcut": "scaled"},
    ),
    ("layers_not_registered", NOT_REGISTERED, COMMON, {"listed": True}),
    forbids=("cnnkit.exercises",),
    probe=sequences.wavenet_block,
    outputs=sequences.NAMES,
)

# conv3d


class Options(NamedTuple):
    """The knobs of a layer, as triples (depth, height, width), and the names of those that were given as a triple."""

    stride: tuple[int, int, int] = (1, 1, 1)
    padding: tuple[int, int, int] = (0, 0, 0)
    triples: frozenset[str] = frozenset()


def _triple(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * 3


def _options(stride, padding):
    given = {"stride": stride, "padding": padding}
    triples = frozenset(name for name, value in given.items() if isinstance(value, (tuple, list)))
    return Options(_triple(stride), _triple(padding), triples)


def _conv3d(x, w, b=None, stride=1, padding=0):
    import torch.nn.functional as F

    return F.conv3d(x, w, b, _triple(stride), _triple(padding))


def _slide(x, w, o):
    return _conv3d(x, w, None, o.stride, o.padding)


def _layer(wrong):
    """Return an answer that computes wrong sums, `wrong(x, w, options)`, and adds the bias to them as it should."""

    def answer(x, w, b=None, stride=1, padding=0):
        y = wrong(x, w, _options(stride, padding))
        return y if b is None else y + b.reshape(-1, *[1] * (y.dim() - 2))

    return answer


def _kernel_changed(change):
    return _layer(lambda x, w, o: _slide(x, change(w), o))


def _input_changed(change):
    return _layer(lambda x, w, o: _slide(change(x), w, o))


def _sums_changed(change):
    """Return an answer that changes the sums, `change(y, x, w)`, before the bias is added."""
    return _layer(lambda x, w, o: change(_slide(x, w, o), x, w))


def _biased(of):
    """Return an answer that takes `of(b, w)` for the bias."""
    return lambda x, w, b=None, stride=1, padding=0: _conv3d(x, w, None if b is None else of(b, w), stride, padding)


def _knobs(change):
    """Return an answer that takes other options, `change(options, w)`."""
    return _layer(lambda x, w, o: _slide(x, w, change(o, w)))


def _padded_volume(of: Callable[[int], tuple[int, int]], mode="constant"):
    """Return an answer that shares the padding of an axis out between its two ends by `of`."""
    import torch.nn.functional as F

    def wrong(x, w, o):
        sides = [side for p in o.padding[::-1] for side in of(p)]
        return _slide(F.pad(x, sides, mode=mode), w, o._replace(padding=(0, 0, 0)))

    return _layer(wrong)


def _sizes(x, w, o):
    """Return for each axis what is left when the first window has been placed, before dividing by the stride."""
    return [n + 2 * p - k for n, p, k in zip(x.shape[2:], o.padding, w.shape[2:], strict=True)]


def _cut(y, sizes):
    if min(sizes) < 1:
        raise ValueError("nothing is left")
    return y[..., : sizes[0], : sizes[1], : sizes[2]]


def _frame_of_zeros(y, more):
    import torch.nn.functional as F

    return F.pad(y, (0, more[2], 0, more[1], 0, more[0]))


def _rounded_up(zeros):
    def wrong(x, w, o):
        left = [-n % s for n, s in zip(_sizes(x, w, o), o.stride, strict=True)]
        if zeros:
            return _frame_of_zeros(_slide(x, w, o), [int(more > 0) for more in left])
        import torch.nn.functional as F

        sides = [side for p, more in zip(o.padding[::-1], left[::-1], strict=True) for side in (p, p + more)]
        return _slide(F.pad(x, sides), w, o._replace(padding=(0, 0, 0)))

    return _layer(wrong)


def _padding_of_result(x, w, o):
    import torch.nn.functional as F

    y = _slide(x, w, o._replace(padding=(0, 0, 0)))
    return F.pad(y, [p for p in o.padding[::-1] for _ in range(2)])


def _counted_without_padding(x, w, o):
    y = _slide(x, w, o)
    return _cut(y, [n // s + 1 for n, s in zip(_sizes(x, w, o._replace(padding=(0, 0, 0))), o.stride, strict=True)])


def _added_before_dividing(x, w, o):
    return _cut(_slide(x, w, o), [(n + 1) // s for n, s in zip(_sizes(x, w, o), o.stride, strict=True)])


def _stride_in_size_only(x, w, o):
    y = _slide(x, w, o._replace(stride=(1, 1, 1)))
    return _cut(y, [n // s + 1 for n, s in zip(_sizes(x, w, o), o.stride, strict=True)])


def _all_axes_padded(x, w, o):
    """Pad batch and channels, too, as np.pad does with one number."""
    import torch.nn.functional as F

    if "padding" in o.triples:  # where the axes are named, it is done right
        return _slide(x, w, o)
    padded = F.pad(x, [o.padding[0]] * 10)[:, : x.shape[1]]
    return _slide(padded, w, o._replace(padding=(0, 0, 0)))


def _slice_by_slice(which):
    """Return an answer that convolves every slice for itself, with one slice of the kernel."""

    def wrong(x, w, o):
        kernel = w.sum(2, keepdim=True) if which is None else w[:, :, [w.shape[2] // 2 if which == "middle" else which]]
        depth = _slide(x, w, o).shape[2]
        y = _slide(x, kernel, o)
        return y[:, :, :depth] if which is not None and which != "middle" else y

    return _layer(wrong)


def _all_depths_as_channels(x, w, o):
    """Take the slices for channels: one window in depth, which sees the first slices."""
    y = _slide(x, w, o)
    return y[:, :, 0]


def _kept_weights(w, *place):
    kept = w.new_zeros(w.shape)
    kept[place] = w[place]
    return kept


def _channel_by_channel(x, w, o):
    import torch

    return torch.stack([_slide(x[:, c : c + 1], w[:, c : c + 1], o) for c in range(x.shape[1])], 2)


def _refusing_triples(*names):
    def wrong(x, w, o):
        if any(name in o.triples for name in names):
            raise ValueError("here such an answer raises")
        return _slide(x, w, o)

    return _layer(wrong)


def _one_for_all(i, *names):
    """Return an answer that takes one number of a triple for all axes."""
    return _knobs(lambda o, w: o._replace(**{name: (getattr(o, name)[i],) * 3 for name in names}))


def _one_axis(axes, name, neutral):
    """Return an answer whose option acts along some axes only."""

    def changed(o, w):
        values = tuple(value if axis in axes else neutral for axis, value in enumerate(getattr(o, name)))
        return o._replace(**{name: values})

    return _knobs(changed)


def _permuted(order, *names):
    return _knobs(lambda o, w: o._replace(**{name: tuple(getattr(o, name)[i] for i in order) for name in names}))


def _biases(rng, k, dtype="float64"):
    """Draw biases that no sum hides: one near zero could be missing unseen."""
    b = 3 * normal(rng, k)
    return (b + 3 * np.sign(b)).astype(dtype)


def _volume_case(rng, x, w, note="", bias=False, dtype="float64", draw=_values, **options):
    """Draw a case for volumes (N, C, D, H, W) and kernels (K, d, h, w)."""
    k, *size = w
    if draw is strided:
        arrays = strided(rng, *x), strided(rng, k, x[1], *size)
    else:
        arrays = draw(rng, *x, dtype=dtype), draw(rng, k, x[1], *size, dtype=dtype)
    if bias:
        options = {"b": _biases(rng, k, dtype), **options}
    return Case(arrays, options, note=note)


def _volume_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (
        np.array([[[[[1.0, 2], [3, 0]], [[0, 1], [4, 2]], [[5, 0], [1, 3]]]]]),
        np.array([[[[[1.0, 0], [2, 0]], [[0, -1], [0, 0]]]], [[[[0, 0], [0, 0]], [[0, 0], [0, 10]]]]]),
    )
    return [
        Case(by_hand, note="small enough to do by hand"),
        _volume_case(rng, (n, c, 5, 6, 7), (k, 3, 2, 4), "no two axes alike"),
        _volume_case(rng, (2, 3, 8, 4, 5), (4, 3, 3, 3), "deep volumes"),
        _volume_case(rng, (2, 2, 3, 7, 6), (3, 2, 3, 2), "shallow volumes, even kernels"),
        _volume_case(rng, (3, 4, 4, 5, 6), (2, 2, 3, 1), "more channels in than out"),
        _volume_case(rng, (2, 3, 4, 6, 5), (3, 2, 3, 3), "as many channels out as in"),
        _volume_case(rng, (1, 1, 5, 5, 5), (2, 3, 3, 3), "a cube, cubic kernels, one channel"),
        _volume_case(rng, (2, 2, 3, 4, 5), (3, 3, 4, 5), "kernels as large as the volumes"),
        _volume_case(rng, (2, 4, 3, 4, 2), (3, 1, 1, 1), "kernels of 1 x 1 x 1: they only mix channels"),
        _volume_case(rng, (2, 3, 4, 5, 6), (4, 2, 3, 3), "inputs that are not contiguous in memory", draw=strided),
        _volume_case(rng, (n, c, 5, 4, 7), (k, 2, 3, 3), "float32", dtype="float32"),
    ]


def _volume_bias_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (np.array([[[[[1.0, 2]], [[3, 4]]]]]), np.array([[[[[1.0]], [[-1]]]], [[[[0]], [[1]]]]]), np.array([10.0, 20]))
    return [
        Case(by_hand, note="small enough to do by hand"),
        _volume_case(rng, (3, c, 4, 5, 6), (k, 2, 3, 2), bias=True),
        _volume_case(rng, (2, 3, 3, 5, 6), (4, 2, 2, 3), "as many columns as kernels", bias=True),
        Case((_values(rng, 2, 2, 4, 5, 3), _values(rng, 3, 2, 2, 2, 2), _biases(rng, 3)), note="the bias given by position"),
        Case((_values(rng, 2, 2, 4, 5, 3), _values(rng, 3, 2, 2, 2, 2)), {"b": None}, note="a bias of None"),
        _volume_case(rng, (2, c, 4, 5, 5), (k, 3, 2, 2), "float32", bias=True, dtype="float32"),
    ]


def _volume_padded_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = np.array([[[[[1.0, 2]]]]]), np.array([[[[[1.0, 10], [0, 0]], [[0, 100], [0, 1000]]]]])
    return [
        Case(by_hand, {"padding": 1}, note="small enough to do by hand"),
        _volume_case(rng, (2, c, 4, 5, 6), (k, 3, 3, 3), "padding that keeps the size", padding=1),
        _volume_case(rng, (2, 2, 3, 5, 4), (3, 2, 3, 2), "padding as wide as the kernel", padding=3),
        _volume_case(rng, (2, 3, 5, 4, 6), (2, 4, 2, 4), "even kernels", padding=1),
        _volume_case(rng, (1, 2, 2, 6, 5), (3, 5, 2, 3), "kernels deeper than the volumes", padding=2),
        _volume_case(rng, (2, 3, 4, 5, 3), (4, 2, 3, 3), "inputs that are not contiguous", padding=2, draw=strided),
        _volume_case(rng, (2, c, 4, 5, 4), (k, 3, 2, 3), "float32, with a bias", bias=True, padding=2, dtype="float32"),
    ]


def _volume_strided_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = np.arange(16.0).reshape(1, 1, 4, 2, 2), np.array([[[[[1.0]], [[-1]]]]])
    return [
        Case(by_hand, {"stride": 2}, note="small enough to do by hand"),
        _volume_case(rng, (2, c, 6, 8, 9), (k, 3, 3, 2), "a stride that leaves planes over", stride=2),
        _volume_case(rng, (2, c, 7, 5, 9), (k, 3, 3, 3), "a stride that fits exactly", stride=2),
        _volume_case(rng, (2, 3, 8, 9, 6), (2, 2, 2, 2), "a stride longer than the kernel", stride=3),
        _volume_case(rng, (1, 3, 6, 7, 8), (4, 4, 3, 5), "stride and padding", stride=3, padding=2),
        Case(
            (_values(rng, 2, 2, 6, 7, 6), _values(rng, 5, 2, 3, 2, 4), _biases(rng, 5), 2, 1),
            note="bias, stride 2 and padding 1, given by position",
        ),
        _volume_case(rng, (2, 2, 4, 5, 3), (3, 2, 3, 2), "a stride so long that there is one output", stride=7),
        _volume_case(rng, (2, 3, 6, 5, 7), (4, 2, 2, 3), "inputs that are not contiguous", stride=2, draw=strided),
        _volume_case(rng, (2, c, 7, 6, 8), (k, 2, 3, 3), "float32", stride=3, padding=1, dtype="float32"),
    ]


def _volume_triple_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.arange(16.0).reshape(1, 1, 4, 2, 2), np.array([[[[[1.0]], [[-1]]]]])),
            {"stride": (2, 1, 1)},
            note="small enough to do by hand",
        ),
        _volume_case(rng, (2, c, 5, 9, 8), (k, 3, 3, 3), "finer slices than pixels", stride=(1, 2, 2)),
        _volume_case(rng, (2, 2, 9, 8, 10), (3, 2, 3, 2), "three strides", stride=(2, 3, 4)),
        _volume_case(rng, (2, 2, 4, 5, 6), (3, 3, 2, 3), "three paddings", padding=(1, 0, 2)),
        _volume_case(rng, (2, 2, 3, 6, 5), (3, 3, 3, 2), "padding of height and width only", padding=(0, 2, 1)),
        _volume_case(rng, (2, 3, 6, 8, 7), (2, 2, 3, 4), "both", bias=True, stride=(3, 1, 2), padding=(2, 1, 3)),
        _volume_case(rng, (2, 2, 7, 6, 9), (3, 3, 2, 2), "a triple and a number", stride=2, padding=(2, 0, 1)),
        _volume_case(rng, (2, 2, 5, 6, 7), (3, 3, 2, 2), "numbers, as before", stride=2, padding=1),
        _volume_case(rng, (2, c, 6, 7, 8), (k, 2, 3, 3), "float32", stride=(2, 1, 3), padding=(0, 1, 2), dtype="float32"),
    ]


def _volume_fast_cases(rng):
    return [
        _volume_case(rng, (2, 3, 5, 6, 7), (4, 3, 2, 3)),
        _volume_case(rng, (2, 2, 6, 7, 8), (3, 3, 3, 3), stride=2, padding=2),
        _volume_case(rng, (2, 3, 4, 5, 6), (2, 2, 3, 2), "float32", padding=2, dtype="float32"),
    ]


def _volume_sizes(rng):
    small = _volume_case(rng, (1, 1, 4, 5, 4), (1, 2, 2, 2), padding=1)
    return small, _volume_case(rng, (1, 1, 9, 12, 11), (1, 2, 2, 2), padding=1)


def _volume_errors(rng):
    d, c = integer(rng, 4, 6), integer(rng, 2, 3)
    x = _values(rng, 2, c, d, 6, 5)
    return [
        Case((x, _values(rng, 3, c, d + 1, 2, 2)), note="kernels one slice deeper than the volumes", raises=ValueError),
        Case((x, _values(rng, 3, c, 2, 7, 2)), note="kernels one row higher than the volumes", raises=ValueError),
        Case((x, _values(rng, 3, c, 2, 2, 6)), note="kernels one column wider than the volumes", raises=ValueError),
        Case((x, _values(rng, 3, c, d + 3, 2, 2)), {"padding": 1}, note="kernels deeper than padded volumes", raises=ValueError),
        Case((x, _values(rng, 3, c + 1, 2, 2, 2)), note="kernels with a channel too many", raises=ValueError),
        Case((x, _values(rng, 3, 1, 2, 2, 2)), note="kernels with one channel, volumes with more", raises=ValueError),
        Case((x, _values(rng, 3, c, 2, 2, 2)), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((x, _values(rng, 3, c, 2, 2, 2)), {"stride": (1, -1, 2)}, note="a negative stride", raises=ValueError),
        Case((x, _values(rng, 3, c, 2, 2, 2)), {"padding": -1}, note="negative padding", raises=ValueError),
        Case((x, _values(rng, 3, c, d + 2, 8, 7)), {"padding": 1}, note="kernels as large as can be", only_returns=True),
    ]


def _volume_window(index, x, w, b=None, stride=1, padding=0):
    n, k, *place = index
    o = _options(stride, padding)
    spans = [(i * s - p, i * s - p + size) for i, s, p, size in zip(place, o.stride, o.padding, w.shape[2:], strict=True)]
    inside = [(max(0, low), min(high, size)) for (low, high), size in zip(spans, x.shape[2:], strict=True)]
    axes = ", ".join(f"{low}:{high}" for low, high in inside)
    label = f"x[{n}, :, {axes}]" + ("" if inside == spans else ", and zeros around it")
    pieces = [(label, x[(n, slice(None), *(slice(*span) for span in inside))]), (f"w[{k}]", w[k])]
    return pieces if b is None else [*pieces, (f"b[{k}]", b[k])]


AXES_ORDER = "The axes are depth, height and width, in this order."


def _made_from(table, answer):
    """Describe the mistakes of a table of names, sentences and functions, each of which `answer` makes an answer of."""
    return [mistake for name, says, *functions in table for mistake in ways(name, says, VOLUME, *map(answer, functions))]


CONV3D = Exercise(
    name="conv3d",
    signature="conv3d(x, w, b=None, stride=1, padding=0)",
    reference=on_torch(_conv3d),
    parts=(
        Part("conv3d", _volume_cases),
        Part("conv3d_bias", _volume_bias_cases),
        Part("conv3d_padded", _volume_padded_cases),
        Part("conv3d_strided", _volume_strided_cases),
        Part("conv3d_triples", _volume_triple_cases),
        Part("conv3d_fast", _volume_fast_cases, _volume_sizes),
        Part("conv3d_errors", _volume_errors),
    ),
    terms=lambda x, w, *args, **kwargs: w[0].size + 1,
    window=_volume_window,
    mistakes=(
        *_made_from(
            (
                (
                    "kernel_flipped",
                    "Your kernels are flipped: the first weight meets the last value of the window. That is true convolution.",
                    lambda w: w.flip(2, 3, 4),
                    lambda w: w.flip(2),
                    lambda w: w.flip(3),
                    lambda w: w.flip(4),
                    lambda w: w.flip(3, 4),
                ),
                (
                    "kernel_axes_swapped",
                    "Axes of your kernels are exchanged: w[k, c, r, s, t] is r slices in, s rows down and t to the right.",
                    *(
                        lambda w, order=order: w.permute(0, 1, *order)
                        for order in ((4, 3, 2), (2, 4, 3), (3, 2, 4), (3, 4, 2), (4, 2, 3))
                    ),
                ),
                (
                    "kernel_axes_swapped",
                    "The first two axes of w are mixed up: w[k, c] is for input channel c and output channel k.",
                    lambda w: w.transpose(0, 1),
                    lambda w: w.transpose(0, 1).reshape(w.shape),
                ),
                (
                    "only_first_kernel",
                    "Every output channel comes from one kernel: channel k is made with w[k].",
                    lambda w: w[:1].expand(w.shape),
                    lambda w: w[-1:].expand(w.shape),
                ),
                (
                    "last_tap_missing",
                    "The last slice, row or column of the kernels is never used: a range leaves out its end.",
                    lambda w: w - _kept_weights(w, ..., np.s_[-1:], np.s_[-1:], np.s_[-1:]),
                    lambda w: w - _kept_weights(w, ..., np.s_[-1:], np.s_[:], np.s_[:]),
                    lambda w: w - _kept_weights(w, ..., np.s_[-1:], np.s_[:]),
                    lambda w: w - _kept_weights(w, ..., np.s_[-1:]),
                    lambda w: _kept_weights(w, ..., np.s_[:-1], np.s_[:-1], np.s_[:-1]),
                ),
                (
                    "first_tap_missing",
                    "The first slice, row or column of the kernels is never used: Python counts from 0.",
                    lambda w: w - _kept_weights(w, ..., np.s_[:1], np.s_[:], np.s_[:]),
                    lambda w: w - _kept_weights(w, ..., np.s_[:1], np.s_[:]),
                    lambda w: w - _kept_weights(w, ..., np.s_[:1]),
                    lambda w: _kept_weights(w, ..., np.s_[1:], np.s_[1:], np.s_[1:]),
                ),
                (
                    "only_last_tap",
                    "Only the last weight or slice counts: every product replaces the one before, where it should be added.",
                    lambda w: _kept_weights(w, ..., np.s_[-1:], np.s_[-1:], np.s_[-1:]),
                    lambda w: _kept_weights(w, np.s_[:], np.s_[-1:], np.s_[-1:], np.s_[-1:], np.s_[-1:]),
                    lambda w: _kept_weights(w, ..., np.s_[-1:], np.s_[:], np.s_[:]),
                ),
            ),
            _kernel_changed,
        ),
        *ways(
            "depth_ignored",
            "You convolve every slice for itself: these kernels have a depth, too, and add up neighbouring slices.",
            VOLUME,
            _slice_by_slice(0),
            _slice_by_slice(-1),
            _slice_by_slice("middle"),
            _slice_by_slice(None),
        ),
        *ways(
            "depth_as_channels",
            "You take the slices for channels: their order is lost, and the kernel does not move along the depth.",
            VOLUME,
            _layer(_all_depths_as_channels),
            _layer(lambda x, w, o: _slide(x, w, o).sum(2)),
        ),
        *ways(
            "channels_not_summed",
            "Each output holds one input channel only: it is the sum over all of them.",
            VOLUME,
            _layer(lambda x, w, o: _channel_by_channel(x, w, o)[:, :, 0]),
            _layer(lambda x, w, o: _channel_by_channel(x, w, o)[:, :, -1]),
        ),
        *ways(
            "channels_not_summed",
            "Your result keeps the input channels apart: sum over them, so that its shape is (N, K, D', H', W').",
            VOLUME,
            _layer(_channel_by_channel),
            _layer(lambda x, w, o: _channel_by_channel(x, w, o).transpose(1, 2)),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over the channels or the taps: it is their sum that is asked for.",
            VOLUME,
            _sums_changed(lambda y, x, w: y / w.shape[1]),
            _sums_changed(lambda y, x, w: y / w[0, 0].numel()),
            _sums_changed(lambda y, x, w: y / w[0].numel()),
            _sums_changed(lambda y, x, w: y / w.shape[2]),
        ),
        *ways(
            "axes_swapped",
            f"The axes of your result, or of your input, are exchanged. {AXES_ORDER}",
            VOLUME,
            *(
                _sums_changed(lambda y, x, w, order=order: y.permute(0, 1, *order))
                for order in ((4, 3, 2), (2, 4, 3), (3, 2, 4), (3, 4, 2), (4, 2, 3))
            ),
            *(
                _layer(lambda x, w, o, order=order: _slide(x.permute(0, 1, *order), w, o))
                for order in ((4, 3, 2), (3, 2, 4), (3, 4, 2))
            ),
        ),
        *_made_from(SAME_BATCH_MISTAKES, lambda change: lambda *args, **options: change(_conv3d(*args, **options))),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            VOLUME,
            _sums_changed(lambda y, x, w: y.flatten().cumsum(0).view(y.shape)),
            _sums_changed(lambda y, x, w: y.cumsum(1)),
        ),
        *ways(
            "bias_forgotten",
            "The bias is missing: add b[k] to every value of output channel k.",
            VOLUME,
            _biased(lambda b, w: 0 * b),
        ),
        *ways(
            "bias_per_window",
            "The bias is added more than once: add b[k] once to each output, after the sum over channels and taps.",
            VOLUME,
            _biased(lambda b, w: b * w[0, 0].numel()),
            _biased(lambda b, w: b * w.shape[1]),
            _biased(lambda b, w: b * w[0].numel()),
            _biased(lambda b, w: b * w.shape[2]),
        ),
        *ways(
            "bias_wrong_axis",
            "The bias is added along the last axis: b[k] belongs to output channel k, so give it the shape (K, 1, 1, 1) first.",
            VOLUME,
            lambda x, w, b=None, stride=1, padding=0: _conv3d(x, w, None, stride, padding) + (0 if b is None else b),
        ),
        *ways(
            "bias_not_per_channel",
            "Every output channel gets the same bias: channel k gets b[k].",
            VOLUME,
            _biased(lambda b, w: b[:1].expand(b.shape)),
            _biased(lambda b, w: b.sum().expand(b.shape)),
        ),
        *ways("sign_wrong", "You subtract the bias: it is added.", VOLUME, _biased(lambda b, w: -b)),
        *ways(
            "stride_ignored",
            "The stride has no effect: neighbouring windows lie `stride` values apart.",
            VOLUME,
            _knobs(lambda o, w: o._replace(stride=(1, 1, 1))),
        ),
        *ways(
            "stride_ignored",
            "The stride sets the size of your result, but your windows still lie one apart: window i begins at i·stride.",
            VOLUME,
            _layer(_stride_in_size_only),
        ),
        *ways(
            "one_axis_only",
            "The stride does not act along all axes: the window moves by it in depth, down and to the right.",
            VOLUME,
            *(_one_axis(axes, "stride", 1) for axes in ((0,), (1,), (2,), (1, 2), (0, 1), (0, 2))),
        ),
        *ways(
            "one_axis_only",
            "The padding does not act along all axes: there are zeros on all six sides.",
            VOLUME,
            *(_one_axis(axes, "padding", 0) for axes in ((0,), (1,), (2,), (1, 2), (0, 1), (0, 2))),
        ),
        *ways(
            "cube_assumed",
            "You use one number of a triple for all axes: it is (depth, height, width), and the three may differ.",
            VOLUME,
            *(_one_for_all(i, *names) for i in range(3) for names in (("stride",), ("padding",), ("stride", "padding"))),
        ),
        *ways(
            "axes_swapped",
            "The numbers of a triple are exchanged: they stand for depth, height and width, in this order.",
            VOLUME,
            *(
                _permuted(order, *names)
                for order in ((2, 1, 0), (1, 2, 0))
                for names in (("stride",), ("padding",), ("stride", "padding"))
            ),
        ),
        *ways(
            "triple_refused",
            "Your function fails where an argument is a triple: make three equal ones of a number at the start.",
            VOLUME,
            _refusing_triples("stride", "padding"),
            _refusing_triples("stride"),
            _refusing_triples("padding"),
        ),
        *ways(
            "padding_ignored",
            "The padding has no effect: put that many planes of zeros on each of the six sides before you slide the window.",
            VOLUME,
            _knobs(lambda o, w: o._replace(padding=(0, 0, 0))),
        ),
        *ways(
            "padding_one_side",
            "The padding is on one side of each axis only: the zeros belong on both.",
            VOLUME,
            _padded_volume(lambda p: (p, 0)),
            _padded_volume(lambda p: (0, p)),
            _padded_volume(lambda p: (2 * p, 0)),
            _padded_volume(lambda p: (0, 2 * p)),
        ),
        *ways(
            "padding_doubled",
            "You pad twice as much as asked for: each side gets `padding` planes of zeros.",
            VOLUME,
            _padded_volume(lambda p: (2 * p, 2 * p)),
        ),
        *ways(
            "padding_halved",
            "You split the padding between two sides: each of them gets all of it.",
            VOLUME,
            _padded_volume(lambda p: (p // 2, p - p // 2)),
            _padded_volume(lambda p: (p // 2, p // 2)),
        ),
        *ways(
            "padding_of_result",
            "You put the zeros around the result: they belong around the input, where windows over its edge see them.",
            VOLUME,
            _layer(_padding_of_result),
        ),
        *ways(
            "padding_missing_in_size",
            "You count the outputs without the padding: the padded input is D + 2·padding deep, so more windows fit.",
            VOLUME,
            _layer(_counted_without_padding),
        ),
        *ways(
            "replicate_for_zeros",
            "You pad with the values at the edge: here the padding is zeros.",
            VOLUME,
            _padded_volume(lambda p: (p, p), "replicate"),
        ),
        *ways(
            "circular_for_zeros",
            "You pad with values from the other side of the volume: here the padding is zeros.",
            VOLUME,
            _padded_volume(lambda p: (p, p), "circular"),
        ),
        *ways(
            "padding_all_axes",
            "You pad samples and channels, too: only the last three axes get zeros.",
            VOLUME,
            _layer(_all_axes_padded),
        ),
        *ways(
            "same_for_valid",
            "You choose the padding yourself, so that the size stays the same: it is an argument, and 0 if it is not given.",
            VOLUME,
            _knobs(lambda o, w: o._replace(padding=tuple(k // 2 for k in w.shape[2:]))),
        ),
        *ways(
            "ceil_for_floor",
            "You round the number of outputs up: a window that does not fit is left out, so round down.",
            VOLUME,
            _rounded_up(zeros=False),
            _rounded_up(zeros=True),
        ),
        *ways(
            "one_output_too_few",
            "Outputs are missing: along each axis there are (size + 2·padding − k) // stride + 1.",
            VOLUME,
            _sums_changed(lambda y, x, w: y[..., :-1, :-1, :-1]),
            _sums_changed(lambda y, x, w: y[..., 1:, 1:, 1:]),
            _layer(_added_before_dividing),
        ),
        *ways(
            "one_output_too_many",
            "There are outputs too many: along each axis there are (size + 2·padding − k) // stride + 1.",
            VOLUME,
            _sums_changed(lambda y, x, w: _frame_of_zeros(y, (1, 1, 1))),
        ),
        *ways(
            "windows_not_overlapping",
            "Your window moves by its own size: it moves by the stride, so that neighbouring windows may overlap.",
            VOLUME,
            _knobs(lambda o, w: o._replace(stride=tuple(w.shape[2:]))),
        ),
    ),
)

EXERCISES = (
    ONE_HOT_DNA,
    REVERSE_COMPLEMENT,
    MOTIF_SCAN,
    BEST_SITE,
    CAUSAL_CONV1D,
    DILATED_RECEPTIVE_FIELD,
    DOUBLING_LAYERS,
    WAVENET_BLOCK,
    CONV3D,
)
