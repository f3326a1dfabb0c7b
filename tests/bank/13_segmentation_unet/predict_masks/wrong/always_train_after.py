# mistake: mode_not_restored
import torch


@torch.no_grad()
def predict_masks(model, images):
    model.eval()
    masks = model(images).argmax(1)
    model.train()
    return masks
