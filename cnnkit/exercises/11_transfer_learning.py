"""Topic 11: use a network that was trained on something else."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer

# Headings of lecture 11.
HEAD, FREEZE, FIXED = "Replace the head", "Freeze the body", "Batch norm in a frozen network"
FEATURES, GROUPS, BEST = "Features once, a head many times", "Parameter groups", "Keep the best weights"
CURVE = "Accuracy against the number of images"

FORBIDS = ("cnnkit.exercises", "cnnkit.training", "timm", "torchvision")
ROUNDING = 2000
"""Terms for the tolerance: a few steps of training in float64, on whatever device."""


def _through(probe: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a probe finds out about an answer: the reference and the mistakes are judged as students are.

    What was found out is kept: training takes time, and every part of an exercise asks again.
    """

    found: dict[str, Any] = {}

    def made(*args: Any, **kwargs: Any) -> Any:
        from cnnkit.exercises.probes import device, transfer

        call = repr((device(), [value.tolist() if isinstance(value, np.ndarray) else value for value in args], kwargs))
        if call not in found:
            found[call] = getattr(transfer, probe)(answer, *args, **kwargs)
        return found[call]

    return made


def _mistakes(probe: str, *described: tuple[Any, ...]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(name, says, see, _through(probe, answer)) for name, says, see, *answers in described for answer in answers
    )


def _seed(rng: np.random.Generator) -> int:
    return integer(rng, 0, 10**6)


def _repeat(call: str) -> Callable[[dict[str, Any]], str]:
    """Return how to repeat a case, on the small network that the first argument describes."""

    def repeated(options: dict[str, Any]) -> str:
        own = ", except_head=False" if options.get("except_head") is False else ""
        return f"from cnnkit.exercises.probes.transfer import small_network; {call.format('small_network(*args[0])' + own)}"

    return repeated


def _linear_layers(model):
    from torch import nn

    return [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)]


def _head(model):
    return _linear_layers(model)[-1][1]


def _is_head(model):
    """Return a test whether a parameter belongs to the head."""
    own = {id(p) for p in _head(model).parameters()}
    return lambda parameter: id(parameter) in own


# replace_head


def _linear_like(old, inputs, outputs, **options):
    from torch import nn

    return nn.Linear(inputs, outputs, device=old.weight.device, dtype=old.weight.dtype, **options)


def _replace_head(model, classes):
    name, old = _linear_layers(model)[-1]
    model.set_submodule(name, _linear_like(old, old.in_features, classes))
    return model


def _with_head(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a replace_head that puts `make(old, classes)` in the place of the head."""

    def answer(model, classes):
        name, old = _linear_layers(model)[-1]
        model.set_submodule(name, make(old, classes))
        return model

    return answer


def _out_features_changed(model, classes):
    _head(model).out_features = classes
    return model


def _appended(old, classes):
    from torch import nn

    return nn.Sequential(old, _linear_like(old, old.out_features, classes))


def _model_wrapped(model, classes):
    from torch import nn

    old = _head(model)
    return nn.Sequential(model, _linear_like(old, old.out_features, classes))


def _always_in(attribute):
    def answer(model, classes):
        if hasattr(model, attribute):
            return _replace_head(model, classes)
        old = _head(model)
        setattr(model, attribute, _linear_like(old, old.in_features, classes))
        return model

    return answer


def _classifier_replaced(of_last):
    def answer(model, classes):
        name = _linear_layers(model)[-1][0].partition(".")[0]
        inside = _linear_layers(getattr(model, name))
        old = inside[-1 if of_last else 0][1]
        setattr(model, name, _linear_like(old, old.in_features, classes))
        return model

    return answer


def _first_linear_replaced(model, classes):
    name, old = _linear_layers(model)[0]
    model.set_submodule(name, _linear_like(old, old.in_features, classes))
    return model


def _rebuilt_in_a_loop(model, classes):
    for parameter in list(model.parameters()):
        parameter.requires_grad = False
        _replace_head(model, classes)
    return model


def _softmax_added(old, classes):
    from torch import nn

    return nn.Sequential(_linear_like(old, old.in_features, classes), nn.Softmax(dim=1))


def _placed_by_default(old, classes):
    from torch import nn

    return nn.Linear(old.in_features, classes)


def _body_lost(model, classes):
    from cnnkit.exercises.probes.transfer import small_network

    weight = _head(model).weight
    return small_network(model.kind, model.conv1.out_channels, classes, 1).to(weight.device, weight.dtype)


def _head_cases(**options):
    def cases(rng):
        classes, channels = integer(rng, 2, 4), integer(rng, 5, 8)
        return [
            Case((("fc", channels, 10, _seed(rng)), classes), options, note="a head called fc"),
            Case((("classifier", channels + 1, 9, _seed(rng)), classes + 1), options, note="a head called classifier"),
            Case((("head", channels + 2, 6, _seed(rng)), classes), options, note="a head called head"),
            Case((("fc", channels + 3, 3, _seed(rng)), 12), options, note="more classes than before"),
        ]

    return cases


def _deep_head_cases(rng):
    classes, channels = integer(rng, 2, 4), integer(rng, 5, 8)
    return [
        Case((("dropout", channels, 10, _seed(rng)), classes), {"forward": True}, note="a classifier of Dropout and Linear"),
        Case((("deep", channels + 1, 9, _seed(rng)), classes), {"forward": True}, note="a classifier with two linear layers"),
        Case((("dropout", channels + 2, 5, _seed(rng)), 11), {"forward": True}, note="a classifier of Dropout and Linear"),
        Case((("deep", channels + 2, 6, _seed(rng)), classes + 1), {"forward": True}, note="a classifier with two linear layers"),
    ]


REPLACED = (
    "shapes of the new parameters",
    "the model itself is returned",
    "everything else kept",
    "the old head is gone",
    "head built once",
    "placed as the old head",
    "logits",
)

REPLACE_HEAD = Exercise(
    name="replace_head",
    signature="replace_head(model, classes)",
    reference=_through("replaced", _replace_head),
    parts=(
        Part("replace_head", _head_cases(), judges=REPLACED[:5]),
        Part("replace_head_logits", _head_cases(forward=True)),
        Part("replace_head_inside", _deep_head_cases),
        Part("replace_head_placed", _head_cases(placed=True)),
    ),
    forbids=FORBIDS,
    outputs=REPLACED,
    terms=lambda *args, **options: ROUNDING,
    probe="transfer.replaced",
    repeat=_repeat("replace_head({}, args[1])"),
    mistakes=_mistakes(
        "replaced",
        (
            "out_features_renamed",
            "You changed the number `out_features` only: that is a label, the weights keep their shape. Put a new layer there.",
            HEAD,
            _out_features_changed,
        ),
        (
            "head_kept",
            "The old head is still there and yours works on its logits: let the new layer take the old one's place.",
            HEAD,
            _with_head(_appended),
            _model_wrapped,
        ),
        (
            "head_not_used",
            "You set model.fc, whatever this model calls its head: forward never calls yours. Look for the last linear layer.",
            HEAD,
            _always_in("fc"),
        ),
        (
            "head_not_used",
            "You set model.classifier, whatever this model calls its head. Look for the last linear layer.",
            HEAD,
            _always_in("classifier"),
        ),
        (
            "head_not_used",
            "You set model.head, whatever this model calls its head. Look for the last linear layer.",
            HEAD,
            _always_in("head"),
        ),
        (
            "layers_lost",
            "You replaced the whole classifier, with the layers before its last one: only the last linear layer is the head.",
            HEAD,
            _classifier_replaced(of_last=True),
            _classifier_replaced(of_last=False),
        ),
        (
            "first_linear_replaced",
            "You replaced a linear layer inside the body: the head is the last one.",
            HEAD,
            _first_linear_replaced,
        ),
        (
            "features_classes_swapped",
            "The two sizes are swapped: nn.Linear takes the number of inputs first, and then the number of classes.",
            HEAD,
            _with_head(lambda old, classes: _linear_like(old, classes, old.in_features)),
        ),
        (
            "old_classes_for_features",
            "Your layer expects as many inputs as there were classes: it gets the features, old.in_features of them.",
            HEAD,
            _with_head(lambda old, classes: _linear_like(old, old.out_features, classes)),
        ),
        (
            "bias_forgotten",
            "The new head has no bias, and the old one had.",
            HEAD,
            _with_head(lambda old, classes: _linear_like(old, old.in_features, classes, bias=False)),
        ),
        (
            "head_rebuilt",
            "You build the head inside a loop, once per parameter: do it once, after the loop.",
            HEAD,
            _rebuilt_in_a_loop,
        ),
        (
            "softmax_in_model",
            "Your head ends in a softmax: the loss takes logits and applies it itself.",
            HEAD,
            _with_head(_softmax_added),
        ),
        (
            "device_ignored",
            "The new layer stands on the CPU in float32, wherever the model is: give it the old one's device and dtype.",
            HEAD,
            _with_head(_placed_by_default),
        ),
        (
            "body_lost",
            "You return another network: its body has lost what it learned. Change the model you were given.",
            HEAD,
            _body_lost,
        ),
    ),
)

# freeze


def _freeze(model, except_head=True):
    model.requires_grad_(False)
    _head(model).requires_grad_(except_head)
    return model


def _freezing(learns: Callable[..., Any]) -> Callable[..., Any]:
    """Return a freeze that sets requires_grad of each parameter to `learns(name, parameter, model, except_head)`, None: leave."""

    def answer(model, except_head=True):
        for name, parameter in model.named_parameters():
            wanted = learns(name, parameter, model, except_head)
            if wanted is not None:
                parameter.requires_grad_(wanted)
        return model

    return answer


def _head_or(others: Callable[..., Any]) -> Callable[..., Any]:
    """Return a freeze that does right by the head, and asks `others(name, parameter, model)` about the rest."""

    def learns(name, parameter, model, except_head):
        return except_head if _is_head(model)(parameter) else others(name, parameter, model)

    return _freezing(learns)


def _in_batch_norm(name, parameter, model):
    from torch.nn.modules.batchnorm import _BatchNorm

    return any(parameter is p for module in model.modules() if isinstance(module, _BatchNorm) for p in module.parameters())


def _in_convolution(name, parameter, model):
    from torch import nn

    return any(parameter is p for module in model.modules() if isinstance(module, nn.Conv2d) for p in module.parameters())


def _in_linear(name, parameter, model):
    return any(parameter is p for _, module in _linear_layers(model) for p in module.parameters())


def _in_classifier(name, parameter, model):
    return name.partition(".")[0] == _linear_layers(model)[-1][0].partition(".")[0]


def _frozen_with_new_head(model, except_head=True):
    _freeze(model, except_head)
    name, old = _linear_layers(model)[-1]
    model.set_submodule(name, _linear_like(old, old.in_features, old.out_features))
    return model


def _frozen_by_mode(model, except_head=True):
    model.eval()
    _head(model).train(except_head)
    return model


def _freeze_cases(**options):
    def cases(rng):
        channels, classes = integer(rng, 4, 6), integer(rng, 3, 4)
        return [
            Case((("fc", channels, classes, _seed(rng)),), options, note="a head called fc"),
            Case((("classifier", channels + 1, classes, _seed(rng)),), options, note="a head called classifier"),
            Case((("deep", channels, classes, _seed(rng)),), options, note="a classifier with two linear layers"),
            Case(
                (("head", channels, classes, _seed(rng)),),
                {"before": "all frozen", **options},
                note="a model whose parameters are all frozen already",
            ),
            Case(
                (("fc", channels, classes, _seed(rng)),),
                {"before": "head frozen", **options},
                note="a model whose head alone is frozen",
            ),
        ]

    return cases


FREEZE_EXERCISE = Exercise(
    name="freeze",
    signature="freeze(model, except_head=True)",
    reference=_through("frozen", _freeze),
    parts=(Part("freeze", _freeze_cases()), Part("freeze_all", _freeze_cases(except_head=False))),
    forbids=FORBIDS,
    outputs=("which parameters learn", "the model itself is returned", "weights kept", "weights after two steps of training"),
    terms=lambda *args, **options: ROUNDING,
    probe="transfer.frozen",
    repeat=_repeat("freeze({})"),
    mistakes=_mistakes(
        "frozen",
        (
            "nothing_frozen",
            "Nothing is frozen. A model's `requires_grad` is an attribute that nobody reads: each parameter has one of its own.",
            FREEZE,
            lambda model, except_head=True: model,
        ),
        (
            "eval_for_freeze",
            "Evaluation mode is about dropout and batch norm; gradients flow in it as ever, and every parameter still learns.",
            FREEZE,
            lambda model, except_head=True: model.eval(),
            _frozen_by_mode,
        ),
        (
            "head_frozen_too",
            "The head is frozen, too, so nothing is left that could learn: let its parameters require gradients.",
            FREEZE,
            _freezing(lambda name, p, model, except_head: False),
            _freezing(lambda name, p, model, except_head: False if not except_head or _is_head(model)(p) else None),
        ),
        (
            "head_for_body",
            "It is the wrong way round: the head is frozen and the body learns.",
            FREEZE,
            _freezing(lambda name, p, model, except_head: not _is_head(model)(p)),
        ),
        (
            "except_head_ignored",
            "except_head has no effect: with except_head=False the head is frozen as well.",
            FREEZE,
            lambda model, except_head=True: _freeze(model),
        ),
        (
            "head_not_thawed",
            "A head that was frozen before stays frozen: set its parameters to require gradients, do not only leave them out.",
            FREEZE,
            _freezing(lambda name, p, model, except_head: False if not (except_head and _is_head(model)(p)) else None),
        ),
        (
            "batch_norm_trainable",
            "γ and β of the batch norm layers still learn: they are parameters like all others.",
            FREEZE,
            _head_or(_in_batch_norm),
            _head_or(lambda name, p, model: None if _in_batch_norm(name, p, model) else False),
            _freezing(
                lambda name, p, model, except_head: (
                    False if _in_convolution(name, p, model) or (not except_head and _in_linear(name, p, model)) else None
                )
            ),
            _head_or(lambda name, p, model: False if _in_convolution(name, p, model) else None),
        ),
        (
            "biases_trainable",
            "The biases still learn, and the β of the batch norm with them: freeze every parameter, whatever its name.",
            FREEZE,
            _head_or(lambda name, p, model: None if name.endswith("bias") else False),
            _head_or(lambda name, p, model: False if p.ndim > 1 else None),
        ),
        (
            "every_linear_is_head",
            "Linear layers inside the body still learn: only the last one is the head.",
            FREEZE,
            _freezing(lambda name, p, model, except_head: except_head and _in_linear(name, p, model)),
        ),
        (
            "classifier_for_head",
            "All layers of the classifier learn: the head is the last linear layer only.",
            FREEZE,
            _freezing(lambda name, p, model, except_head: except_head and _in_classifier(name, p, model)),
        ),
        (
            "head_bias_frozen",
            "The head's bias is frozen: both of its parameters learn.",
            FREEZE,
            _freezing(lambda name, p, model, except_head: except_head and _is_head(model)(p) and p.ndim > 1),
        ),
        (
            "head_rebuilt",
            "The head is a new one afterwards: freezing changes what learns, not what was learned.",
            FREEZE,
            _frozen_with_new_head,
        ),
    ),
)

# keep_batch_norm_fixed


def _batch_norms(model):
    from torch.nn.modules.batchnorm import _BatchNorm

    return [module for module in model.modules() if isinstance(module, _BatchNorm)]


def _fix(layers):
    """Put layers into evaluation mode for good."""
    for layer in layers:
        layer.eval()
        layer.train = lambda mode=True, layer=layer: layer


def _fixing(change: Callable[..., Any]) -> Callable[..., Any]:
    def answer(model):
        change(model)
        return model

    return answer


def _set_all(**attributes):
    def change(model):
        for layer in _batch_norms(model):
            for name, value in attributes.items():
                setattr(layer, name, value)

    return change


def _fixed_from_now_on(model):
    for layer in _batch_norms(model):
        layer.train = lambda mode=True, layer=layer: type(layer).train(layer, False)


def _locked(model):
    for layer in _batch_norms(model):
        layer.train = lambda mode=True, layer=layer: layer


def _everything_fixed(model):
    model.eval()
    model.train = lambda mode=True: model


def _only_the_model_fixed(model):
    model.eval()
    model.train = lambda mode=True: model
    model.eval = lambda: model


def _without_batch_norm(model):
    from torch import nn

    names = [name for name, module in model.named_modules() if module in set(_batch_norms(model))]
    for name in names:
        model.set_submodule(name, nn.Identity())


def _two_dimensional(model):
    from torch import nn

    return [layer for layer in _batch_norms(model) if isinstance(layer, nn.BatchNorm2d)]


def _fixed_cases(rng):
    channels = integer(rng, 3, 5)

    def network(kind):
        return kind, channels, 5, _seed(rng)

    return [
        Case((network("fc"),), {"then": ()}, note="looked at at once"),
        Case((network("classifier"),), {"then": (), "start": "eval"}, note="a model in evaluation mode"),
        Case((network("head"),), {"then": (), "start": "train"}, note="a model in training mode"),
        Case((network("fc"),), {"then": ("eval",)}, note="model.eval() afterwards"),
    ]


def _surviving_cases(rng):
    channels = integer(rng, 3, 5)

    def network(kind):
        return kind, channels, 5, _seed(rng)

    return [
        Case((network("fc"),), {"then": ("train",)}, note="model.train() afterwards"),
        Case((network("classifier"),), {"then": ()}, note="looked at at once"),
        Case((network("head"),), {"then": ("train", "eval", "train")}, note="two epochs with a validation in between"),
        Case((network("deep"),), {"then": ("train",)}, note="dropout in the head"),
        Case((network("dropout"),), {"then": ("eval", "train"), "start": "eval"}, note="a model in evaluation mode"),
    ]


KEEP_BATCH_NORM_FIXED = Exercise(
    name="keep_batch_norm_fixed",
    signature="keep_batch_norm_fixed(model)",
    reference=_through("fixed", _fixing(lambda model: _fix(_batch_norms(model)))),
    parts=(Part("keep_batch_norm_fixed", _fixed_cases), Part("keep_batch_norm_fixed_survives", _surviving_cases)),
    forbids=FORBIDS,
    outputs=("output of the body", "running statistics", "dropout in training mode", "the model itself is returned"),
    terms=lambda *args, **options: ROUNDING,
    probe="transfer.fixed",
    repeat=_repeat("keep_batch_norm_fixed({})"),
    mistakes=_mistakes(
        "fixed",
        (
            "undone_by_train",
            "The next model.train() undoes it: it puts every module back into training mode, those of batch norm as well.",
            FIXED,
            _fixing(lambda model: [layer.eval() for layer in _batch_norms(model)]),
        ),
        (
            "undone_by_train",
            "You put the whole model into evaluation mode, and the next model.train() undoes it.",
            FIXED,
            _fixing(lambda model: model.eval()),
        ),
        (
            "batch_norm_in_train_mode",
            "Batch norm is still in training mode: requires_grad freezes γ and β, but the statistics are no parameters.",
            FIXED,
            _fixing(lambda model: None),
        ),
        (
            "batch_norm_in_train_mode",
            "Batch norm is in training mode until the next model.train(): put the layers into evaluation mode at once as well.",
            FIXED,
            _fixing(_fixed_from_now_on),
        ),
        (
            "batch_statistics_used",
            "The running statistics stay, but the layers do not use them: in training mode they normalise with the batch's own.",
            FIXED,
            _fixing(_set_all(momentum=0.0)),
        ),
        (
            "dropout_fixed_too",
            "Dropout cannot be switched on any more: fix the batch norm layers, not the whole model.",
            FIXED,
            _fixing(_everything_fixed),
            _fixing(_only_the_model_fixed),
        ),
        (
            "one_dimension_forgotten",
            "You fix BatchNorm2d only: BatchNorm1d has running statistics, too.",
            FIXED,
            _fixing(lambda model: _fix(_two_dimensional(model))),
        ),
        (
            "nested_layers_missed",
            "Batch norm inside a block is not fixed: model.children() goes one level deep, model.modules() all the way.",
            FIXED,
            _fixing(lambda model: _fix(layer for layer in model.children() if layer in set(_batch_norms(model)))),
        ),
        (
            "only_nested_layers",
            "Batch norm is fixed inside of the blocks only: the layers that the model holds itself count as well.",
            FIXED,
            _fixing(lambda model: _fix(layer for layer in _batch_norms(model) if layer not in set(model.children()))),
        ),
        (
            "locked_in_train_mode",
            "You lock the layers in the mode that they are in, which is training mode: call eval() on each first.",
            FIXED,
            _fixing(_locked),
        ),
        (
            "batch_norm_removed",
            "There is no batch norm any more: it is to stay, with the statistics that it has learned.",
            FIXED,
            _fixing(_without_batch_norm),
        ),
    ),
)

# parameter_groups


def _grouping(group_of: Callable[..., str]) -> Callable[..., Any]:
    """Return a parameter_groups that sorts by `group_of(name, parameter, model)`: body, head, both or neither."""

    def answer(model, body_lr, head_lr):
        groups = {"body": [], "head": []}
        for name, parameter in model.named_parameters():
            group = group_of(name, parameter, model)
            for wanted in ("body", "head"):
                if group in (wanted, "both"):
                    groups[wanted].append(parameter)
        return [{"params": groups["body"], "lr": body_lr}, {"params": groups["head"], "lr": head_lr}]

    return answer


def _group(name, parameter, model):
    return "head" if _is_head(model)(parameter) else "body"


_parameter_groups = _grouping(_group)


def _swapped(model, body_lr, head_lr):
    return _parameter_groups(model, head_lr, body_lr)


def _one_rate(which):
    return lambda model, body_lr, head_lr: _parameter_groups(model, *(2 * [(body_lr, head_lr)[which]]))


def _rate_missing(which):
    def answer(model, body_lr, head_lr):
        groups = _parameter_groups(model, body_lr, head_lr)
        for i in which:
            del groups[i]["lr"]
        return groups

    return answer


def _group_cases(rng):
    channels, classes = integer(rng, 4, 6), integer(rng, 3, 4)
    body, head = float(rng.uniform(1e-4, 1e-3)), float(rng.uniform(1e-2, 1e-1))
    return [
        Case((("fc", channels, classes, _seed(rng)), body, head), note="a head called fc"),
        Case((("classifier", channels, classes, _seed(rng)), head, body), note="a body that is faster than the head"),
        Case((("dropout", channels, classes, _seed(rng)), body, head), note="a classifier of Dropout and Linear"),
        Case((("deep", channels, classes, _seed(rng)), body, head), note="a classifier with two linear layers"),
        Case((("head", channels, classes, _seed(rng)), body, head), note="a head called head"),
    ]


def _partly_frozen_cases(rng):
    channels, classes = integer(rng, 4, 6), integer(rng, 3, 4)
    body, head = float(rng.uniform(1e-4, 1e-3)), float(rng.uniform(1e-2, 1e-1))
    return [
        Case((("fc", channels, classes, _seed(rng)), body, head), {"before": "stem frozen"}, note="the first layers are frozen"),
        Case(
            (("deep", channels, classes, _seed(rng)), body, head), {"before": "stem frozen"}, note="the first layers are frozen"
        ),
        Case((("head", channels, classes, _seed(rng)), body, head), {"before": "body frozen"}, note="the whole body is frozen"),
    ]


PARAMETER_GROUPS = Exercise(
    name="parameter_groups",
    signature="parameter_groups(model, body_lr, head_lr)",
    reference=_through("grouped", _parameter_groups),
    parts=(Part("parameter_groups", _group_cases), Part("parameter_groups_frozen", _partly_frozen_cases)),
    forbids=FORBIDS,
    outputs=("groups that each parameter is in", "learning rate of each parameter"),
    probe="transfer.grouped",
    repeat=_repeat("parameter_groups({}, *args[1:])"),
    mistakes=_mistakes(
        "grouped",
        (
            "lr_swapped",
            "The two learning rates are swapped: the body gets the head's.",
            GROUPS,
            _swapped,
        ),
        (
            "in_two_groups",
            "The head's parameters are in both groups, and torch refuses that: leave them out of the body's.",
            GROUPS,
            _grouping(lambda *known: "both" if _group(*known) == "head" else "body"),
        ),
        (
            "body_missing",
            "The body's parameters are in no group, so they never learn.",
            GROUPS,
            _grouping(lambda *known: "head" if _group(*known) == "head" else "neither"),
        ),
        (
            "head_missing",
            "The head's parameters are in no group, so they never learn. (A generator can be read only once.)",
            GROUPS,
            _grouping(lambda *known: "neither" if _group(*known) == "head" else "body"),
        ),
        (
            "one_lr_for_all",
            "Body and head have the same learning rate.",
            GROUPS,
            _one_rate(0),
            _one_rate(1),
        ),
        (
            "lr_missing",
            'A group has no learning rate of its own, so it gets the optimizer\'s: write "lr" into each.',
            GROUPS,
            _rate_missing((0,)),
            _rate_missing((1,)),
            _rate_missing((0, 1)),
        ),
        (
            "every_linear_is_head",
            "Linear layers of the body are in the head's group: only the last one is the head.",
            GROUPS,
            _grouping(lambda *known: "head" if _in_linear(*known) else "body"),
        ),
        (
            "classifier_for_head",
            "All layers of the classifier are in the head's group: the head is the last linear layer only.",
            GROUPS,
            _grouping(lambda *known: "head" if _in_classifier(*known) else "body"),
        ),
        (
            "head_bias_in_body",
            "The head's bias is in the body's group.",
            GROUPS,
            _grouping(lambda name, p, model: "head" if _is_head(model)(p) and p.ndim > 1 else "body"),
        ),
        (
            "biases_missing",
            "The biases are in no group: every parameter that learns has to be in one.",
            GROUPS,
            _grouping(lambda *known: "neither" if known[0].endswith("bias") else _group(*known)),
        ),
        (
            "batch_norm_missing",
            "γ and β of the batch norm layers are in no group: they are parameters like all others.",
            GROUPS,
            _grouping(lambda *known: "neither" if _in_batch_norm(*known) else _group(*known)),
        ),
    ),
)

# extract_features


def _extract(model, loader, device, mode="eval", graph=False, what="features", keep=lambda batches: batches):
    import torch

    model.to(device)
    if mode is not None:
        model.train(mode == "train")
    found = []
    with torch.set_grad_enabled(graph):
        for images, labels in loader:
            found.append((_outputs(model, images.to(device), what), labels))
    features, labels = zip(*keep(found), strict=True)
    return torch.cat(features).cpu(), torch.cat(labels)


def _outputs(model, images, what):
    if what == "logits":
        return model(images)
    if what == "maps":
        import torch

        return model.block(torch.relu(model.bn1(model.conv1(images)))).flatten(1)
    inputs = []
    layer = getattr(model, _linear_layers(model)[-1][0].partition(".")[0]) if what == "before the classifier" else _head(model)
    handle = layer.register_forward_pre_hook(lambda module, args: inputs.append(args[0]))
    if what != "features with hooks":
        try:
            model(images)
        finally:
            handle.remove()
    else:
        model(images)
    return inputs[-1]


def _extracting(**options):
    return lambda model, loader, device: _extract(model, loader, device, **options)


def _hook_left(model, loader, device):
    import torch

    inputs, labels = [], []
    _head(model).register_forward_pre_hook(lambda module, args: inputs.append(args[0]))
    model.to(device).eval()
    with torch.no_grad():
        for images, some in loader:
            model(images.to(device))
            labels.append(some)
    return torch.cat(inputs).cpu(), torch.cat(labels)


def _head_not_put_back(whole):
    def answer(model, loader, device):
        from torch import nn

        name = _linear_layers(model)[-1][0]
        model.set_submodule(name.partition(".")[0] if whole else name, nn.Identity())
        return _extract_logits(model, loader, device)

    return answer


def _extract_logits(model, loader, device):
    return _extract(model, loader, device, what="logits")


def _read_twice(model, loader, device):
    import torch

    features, _ = _extract(model, loader, device)
    return features, torch.cat([labels for _, labels in loader])


def _extract_cases(rng):
    channels, classes = integer(rng, 3, 5), integer(rng, 3, 4)
    return [
        Case((("fc", channels, classes, _seed(rng)), (7, 3)), note="a last batch of one image"),
        Case((("classifier", channels, classes, _seed(rng)), (9, 4)), note="a head called classifier"),
        Case((("head", channels, classes, _seed(rng)), (8, 4)), note="batches of one size"),
        Case((("fc", channels, classes, _seed(rng)), (6, 8)), note="a single batch"),
    ]


def _extract_inside_cases(rng):
    channels, classes = integer(rng, 3, 5), integer(rng, 3, 4)
    return [
        Case((("dropout", channels, classes, _seed(rng)), (8, 3)), note="a classifier of Dropout and Linear"),
        Case((("deep", channels, classes, _seed(rng)), (9, 4)), note="a classifier with two linear layers"),
        Case((("deep", channels + 1, classes, _seed(rng)), (6, 3)), note="a classifier with two linear layers"),
        Case((("dropout", channels, classes, _seed(rng)), (5, 5)), note="a single batch"),
    ]


EXTRACT_FEATURES = Exercise(
    name="extract_features",
    signature="extract_features(model, loader, device)",
    reference=_through("extracted", _extract),
    parts=(Part("extract_features", _extract_cases), Part("extract_features_inside", _extract_inside_cases)),
    forbids=FORBIDS,
    outputs=(
        "features",
        "labels",
        "features hold on to a graph",
        "running statistics afterwards",
        "logits afterwards",
        "hooks left on the model",
    ),
    terms=lambda *args, **options: ROUNDING,
    probe="transfer.extracted",
    repeat=_repeat("model = {}"),
    mistakes=_mistakes(
        "extracted",
        (
            "features_in_train_mode",
            "The model is in training mode: batch norm looks at the rest of the batch, and its statistics change. Call eval().",
            FEATURES,
            _extracting(mode="train"),
        ),
        (
            "gradients_kept",
            "The features hold on to the graph of every batch, which fills the memory: compute them under torch.no_grad().",
            FEATURES,
            _extracting(graph=True),
        ),
        (
            "logits_for_features",
            "You return the logits: the features are what goes into the head, not what comes out of it.",
            FEATURES,
            _extract_logits,
        ),
        (
            "maps_for_features",
            "You return feature maps, every position of them: the features are what goes into the head, one row per image.",
            FEATURES,
            _extracting(what="maps"),
        ),
        (
            "classifier_for_head",
            "You stop before the whole classifier: the features are what goes into its last linear layer.",
            FEATURES,
            _extracting(what="before the classifier"),
        ),
        (
            "head_not_put_back",
            "The model has lost its head: put it back when you are done.",
            FEATURES,
            _head_not_put_back(whole=False),
            _head_not_put_back(whole=True),
        ),
        (
            "hook_left",
            "Your hook is still on the model, and keeps everything that goes through it: remove it when you are done.",
            FEATURES,
            _hook_left,
        ),
        (
            "loader_read_twice",
            "You read the loader twice: it shuffles, so the labels of the second time are not those of the features.",
            FEATURES,
            _read_twice,
        ),
        (
            "only_last_batch",
            "Only the last batch is left: collect the features of all batches.",
            FEATURES,
            _extracting(keep=lambda batches: batches[-1:]),
        ),
        (
            "only_first_batch",
            "Only the first batch is there: do not return from inside the loop.",
            FEATURES,
            _extracting(keep=lambda batches: batches[:1]),
        ),
    ),
)

# fit_best

# Seeds of small problems. In the first ones the most accurate of five epochs is one of the middle ones; together, three of
# them tell it from the epochs with the lowest validation loss, the highest training accuracy and so on, and these apart.
MIDDLE_SEEDS = (
    (79, 362, 647),
    (13, 345, 750),
    (105, 305, 362),
    (79, 116, 623),
    (221, 305, 318),
    (79, 189, 511),
    (116, 449, 750),
    (98, 449, 623),
    (98, 305, 362),
    (79, 449, 750),
    (105, 623, 734),
    (98, 395, 744),
    (379, 542, 647),
    (116, 623, 647),
    (179, 542, 744),
    (116, 571, 750),
    (98, 179, 542),
    (189, 511, 734),
    (474, 511, 542),
    (189, 511, 647),
    (305, 362, 734),
    (13, 345, 744),
    (179, 395, 744),
    (189, 379, 395),
    (179, 318, 571),
    (318, 395, 474),
    (105, 318, 449),
)
# The best epoch is the first, and the last.
FIRST_SEEDS = (12, 28, 67, 99, 120, 122, 168, 213, 214, 239, 240, 254, 273, 276, 282, 284)
LAST_SEEDS = (1, 5, 11, 38, 41, 60, 66, 81, 96, 97, 136, 145, 151, 157, 165, 167)


def _fit(
    model,
    loaders,
    epochs,
    optimizer,
    device,
    score: Callable[..., float] | None = None,
    copied=True,
    train_mode="every epoch",
    eval_mode=True,
    loaded=True,
    zeroed=True,
    train_on="train",
    returned="best",
):
    import torch
    import torch.nn.functional as F

    best, best_score = None, -np.inf
    if train_mode == "once":
        model.train()
    for _ in range(epochs):
        if train_mode == "every epoch":
            model.train()
        right = total = 0
        for images, labels in loaders[train_on]:
            images, labels = images.to(device), labels.to(device)
            if zeroed:
                optimizer.zero_grad()
            logits = model(images)
            F.cross_entropy(logits, labels).backward()
            optimizer.step()
            right += int((logits.argmax(1) == labels).sum())
            total += len(labels)
        if eval_mode:
            model.eval()
        with torch.no_grad():
            batches = [(model(images.to(device)), labels.to(device)) for images, labels in loaders["validation"]]
        logits, labels = map(torch.cat, zip(*batches, strict=True))
        accuracy = float((logits.argmax(1) == labels).double().mean())
        now = accuracy if score is None else score(model, loaders, device, accuracy, right / total, logits, labels)
        if now > best_score:
            best_score = now
            best = copy.deepcopy(model.state_dict()) if copied else model.state_dict()
    last = copy.deepcopy(model.state_dict())
    if loaded:
        model.load_state_dict(last if returned == "last" else best)
    return last if returned == "last" else best


def _fitting(**options):
    return lambda model, loaders, epochs, optimizer, device: _fit(model, loaders, epochs, optimizer, device, **options)


def _train_accuracy_in_eval(model, loaders, device, *rest):
    import torch

    model.eval()
    with torch.no_grad():
        pairs = [(model(images.to(device)).argmax(1).cpu(), labels) for images, labels in loaders["train"]]
    return float(torch.cat([found == labels for found, labels in pairs]).double().mean())


def _negative_loss(model, loaders, device, accuracy, training, logits, labels):
    import torch.nn.functional as F

    return -float(F.cross_entropy(logits, labels))


def _one_epoch_less(model, loaders, epochs, optimizer, device):
    return _fit(model, loaders, epochs - 1, optimizer, device)


def _fit_case(seed, note):
    return Case((("fc", 4, 3, int(seed)), int(seed), 5, 1.5), note=note)


def _loaded_cases(rng):
    return [_fit_case(seed, "the best epoch is in the middle") for seed in rng.choice(MIDDLE_SEEDS)]


def _fit_cases(rng):
    return [
        *_loaded_cases(rng),
        _fit_case(rng.choice(LAST_SEEDS), "the best epoch is the last"),
        _fit_case(rng.choice(FIRST_SEEDS), "the best epoch is the first"),
    ]


FIT_BEST = Exercise(
    name="fit_best",
    signature="fit_best(model, loaders, epochs, optimizer, device)",
    reference=_through("fitted", _fit),
    parts=(
        Part("fit_best", _fit_cases, judges=("weights returned", "weights returned go on changing")),
        Part("fit_best_loaded", _loaded_cases),
    ),
    forbids=FORBIDS,
    outputs=("weights returned", "weights of the model", "weights returned go on changing"),
    terms=lambda *args, **options: ROUNDING,
    probe="transfer.fitted",
    repeat=lambda options: (
        "from cnnkit.exercises.probes.transfer import small_network, toy_loaders; "
        "model, loaders = small_network(*args[0]).double(), toy_loaders(args[1])"
    ),
    mistakes=_mistakes(
        "fitted",
        (
            "best_not_copied",
            "You kept model.state_dict() itself: its tensors are the model's own, so training went on in them. Copy them.",
            BEST,
            _fitting(copied=False),
        ),
        (
            "last_for_best",
            "You return the weights of the last epoch, not those of the best one.",
            BEST,
            _fitting(returned="last"),
        ),
        (
            "train_for_validation",
            "You choose the epoch by the accuracy on the training images: it says nothing about images that were not learned.",
            BEST,
            _fitting(score=lambda model, loaders, device, accuracy, training, *rest: training),
            _fitting(score=_train_accuracy_in_eval),
        ),
        (
            None,
            "You choose the epoch with the lowest validation loss: here it is the one with the highest validation accuracy.",
            BEST,
            _fitting(score=_negative_loss),
        ),
        (
            "worst_for_best",
            "You keep the epoch with the lowest accuracy: turn the comparison round.",
            BEST,
            _fitting(score=lambda model, loaders, device, accuracy, *rest: -accuracy),
        ),
        (
            "best_not_loaded",
            "The weights that you return are right, but the model is left with others: load the best ones into it.",
            BEST,
            _fitting(loaded=False),
        ),
        (
            "validation_in_train_mode",
            "You validate in training mode: batch norm uses the batch's statistics, and learns from images that it must not see.",
            BEST,
            _fitting(eval_mode=False),
        ),
        (
            "train_mode_forgotten",
            "From the second epoch on you train in evaluation mode: call model.train() at the start of every epoch.",
            BEST,
            _fitting(train_mode="once"),
        ),
        (
            "gradients_not_zeroed",
            "The gradients of all batches add up: set them to zero before each step.",
            BEST,
            _fitting(zeroed=False),
        ),
        (
            "trained_on_validation",
            "You train on the validation images.",
            BEST,
            _fitting(train_on="validation"),
        ),
        (
            "one_epoch_too_few",
            "One epoch is missing: there are `epochs` of them.",
            BEST,
            _one_epoch_less,
        ),
    ),
)

# learning_curve


def _curve(sizes, labels, run, seeds, draw=None, seed_of=lambda seed: seed, mean=np.mean, spread=None):
    draw = draw or _drawn_per_class
    spread = spread or (lambda values: np.std(values, ddof=1))
    accuracies = [[run(draw(labels, size, seed), seed_of(seed)) for seed in seeds] for size in sizes]
    return np.array([mean(row) for row in accuracies]), np.array([spread(row) for row in accuracies])


def _curving(**options):
    return lambda sizes, labels, run, seeds: _curve(sizes, labels, run, seeds, **options)


def _drawn_per_class(labels, size, seed, replace=False):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.choice(np.flatnonzero(labels == c), size, replace=replace) for c in range(labels.max() + 1)])


def _drawn_overall(factor):
    def draw(labels, size, seed):
        return np.random.default_rng(seed).permutation(len(labels))[: size * factor(labels)]

    return draw


def _share_per_class(labels, size, seed):
    return _drawn_per_class(labels, size // (labels.max() + 1), seed)


def _first_per_class(labels, size, seed):
    return np.concatenate([np.flatnonzero(labels == c)[:size] for c in range(labels.max() + 1)])


def _over_sizes(sizes, labels, run, seeds):
    accuracies = np.array([[run(_drawn_per_class(labels, size, seed), seed) for seed in seeds] for size in sizes])
    return accuracies.mean(0), accuracies.std(0, ddof=1)


def _one_seed(sizes, labels, run, seeds):
    return _curve(sizes, labels, run, seeds[:1], spread=lambda values: 0.0)


def _labels(rng, *counts):
    return rng.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)


def _curve_cases(rng):
    start = integer(rng, 0, 100)
    return [
        Case(((4, 7), _labels(rng, 30, 30, 30), _seed(rng), (0, 1, 2)), note="three classes of 30 images"),
        Case(((5, 8, 11), _labels(rng, 40, 25, 33), _seed(rng), (start, start + 3)), note="classes that differ in size"),
        Case(((5, 9, 13, 17), _labels(rng, 30, 50), _seed(rng), (5, 7, start + 9)), note="two classes"),
        Case(((13, 18), _labels(rng, 45, 30, 31, 29), _seed(rng), (1, 2, 3, 4)), note="four classes, four seeds"),
    ]


def _curve_errors(rng):
    return [
        Case(((5, 21), _labels(rng, 20, 30), 1, (0, 1)), note="a class with 20 images only", raises=ValueError),
        Case(((12,), _labels(rng, 30, 11, 40), 2, (3, 4)), note="a class with 11 images only", raises=ValueError),
        Case(((5, 19), _labels(rng, 24, 30), 1, (0, 1)), note="enough images", only_returns=True),
    ]


LEARNING_CURVE = Exercise(
    name="learning_curve",
    signature="learning_curve(sizes, labels, run, seeds)",
    reference=_through("drawn", _curve),
    parts=(Part("learning_curve", _curve_cases), Part("learning_curve_errors", _curve_errors)),
    forbids=FORBIDS,
    outputs=(
        "mean",
        "spread",
        "seed and number of images of each run",
        "all classes equally often",
        "no image twice in a run",
        "other images for every seed",
        "the same images for the same seed",
    ),
    probe="transfer.drawn",
    repeat=lambda options: "sizes, labels, number, seeds = args",
    mistakes=_mistakes(
        "drawn",
        (
            "drawn_with_replacement",
            "Some images are drawn twice, so there are fewer: rng.choice puts back what it drew unless replace=False.",
            CURVE,
            _curving(draw=lambda labels, size, seed: _drawn_per_class(labels, size, seed, replace=True)),
        ),
        (
            "not_stratified",
            "You draw from all images at once, so the classes are not equally often there: draw `size` of each class.",
            CURVE,
            _curving(draw=_drawn_overall(lambda labels: labels.max() + 1)),
        ),
        (
            "size_for_total",
            "Your runs have `size` images in all: it is the number of images of each class.",
            CURVE,
            _curving(draw=_drawn_overall(lambda labels: 1)),
            _curving(draw=_share_per_class),
        ),
        (
            "first_images_taken",
            "Every seed gets the same images, the first of each class: draw them at random, from a generator with that seed.",
            CURVE,
            _curving(draw=_first_per_class),
            _curving(draw=lambda labels, size, seed: _drawn_per_class(labels, size, 0)),
        ),
        (
            "draw_not_seeded",
            "The same seeds draw other images the next time, so nobody can repeat your curve: use np.random.default_rng(seed).",
            CURVE,
            _curving(draw=lambda labels, size, seed: _drawn_per_class(labels, size, None)),
        ),
        (
            "seed_not_passed_on",
            "Every run gets the same seed: it decides about the first weights, so hand each run its own.",
            CURVE,
            _curving(seed_of=lambda seed: 0),
        ),
        (
            "biased_variance",
            "You divide by the number of seeds: the spread of a few is estimated with n − 1, np.std(..., ddof=1).",
            CURVE,
            _curving(spread=np.std),
        ),
        (
            "variance_for_deviation",
            "Your spread is the variance: its root is the standard deviation, in the unit of the accuracy.",
            CURVE,
            _curving(spread=lambda values: np.var(values, ddof=1)),
            _curving(spread=np.var),
        ),
        (
            "error_of_mean_for_spread",
            "You divide the spread by √n: that is how well the mean is known, not how far the runs lie apart.",
            CURVE,
            _curving(spread=lambda values: np.std(values, ddof=1) / np.sqrt(len(values))),
        ),
        (
            "range_for_deviation",
            "Your spread is the distance between the best and the worst run: the standard deviation is asked for.",
            CURVE,
            _curving(spread=np.ptp),
        ),
        (
            "best_for_mean",
            "You report the best seed: that is luck. The mean over the seeds is asked for.",
            CURVE,
            _curving(mean=np.max),
        ),
        (
            "wrong_axis",
            "You average over the sizes: each size has a mean of its own, over the seeds.",
            CURVE,
            _over_sizes,
        ),
        (
            "one_seed_only",
            "You use the first seed only: each size is run with all of them.",
            CURVE,
            _one_seed,
        ),
    ),
)

EXERCISES = (
    REPLACE_HEAD,
    FREEZE_EXERCISE,
    KEEP_BATCH_NORM_FIXED,
    PARAMETER_GROUPS,
    EXTRACT_FEATURES,
    FIT_BEST,
    LEARNING_CURVE,
)
