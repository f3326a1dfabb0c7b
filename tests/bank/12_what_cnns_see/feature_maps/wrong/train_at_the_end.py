# mistake: mode_not_restored
import torch


def feature_maps(model, layer, x):
    was_training = model.training
    model.eval()
    kept = []
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o.clone()))
    try:
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
        model.train(was_training)
    if not kept:
        raise ValueError("never called")
    return kept[0]
