# mistake: max_for_argmax
import torch


def predict_masks(model, images):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        masks, _ = model(images).max(1)
    for m, mode in modes:
        m.training = mode
    return masks
