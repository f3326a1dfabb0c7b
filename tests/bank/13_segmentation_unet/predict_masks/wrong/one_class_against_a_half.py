# mistake: threshold_for_argmax
import torch


def predict_masks(model, images):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        masks = (torch.sigmoid(model(images))[:, 1] > 0.5).long()
    for m, mode in modes:
        m.training = mode
    return masks
