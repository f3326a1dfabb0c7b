# mistake: gradients_left_off
import torch


def predict_masks(model, images):
    modes = [(m, m.training) for m in model.modules()]
    torch.set_grad_enabled(False)
    model.eval()
    masks = model(images).argmax(1)
    for m, mode in modes:
        m.training = mode
    return masks
