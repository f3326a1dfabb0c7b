# mistake: channel_axis_kept
import torch


def predict_masks(model, images):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        masks = torch.argmax(model(images), 1, keepdim=True)
    for m, mode in modes:
        m.training = mode
    return masks
