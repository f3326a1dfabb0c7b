# mistake: mode_not_restored
import torch


def predict_masks(model, images):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        masks = model(images).argmax(1)
    model.train(was_training)
    return masks
