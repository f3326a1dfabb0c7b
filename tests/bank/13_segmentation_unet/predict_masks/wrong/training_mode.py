# mistake: eval_missing
import torch


def predict_masks(model, images):
    with torch.no_grad():
        return model(images).argmax(1)
