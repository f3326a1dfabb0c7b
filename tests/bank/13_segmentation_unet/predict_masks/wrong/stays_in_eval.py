# mistake: mode_not_restored
import torch


def predict_masks(model, images):
    model.eval()
    with torch.no_grad():
        return model(images).argmax(1)
