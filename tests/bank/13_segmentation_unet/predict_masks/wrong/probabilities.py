# mistake: probabilities_not_classes
import torch


def predict_masks(model, images):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        p = torch.softmax(model(images), dim=1)
    for m, mode in modes:
        m.training = mode
    return p
