import torch


def predict_masks(model, images):
    modes = [m.training for m in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(images)
    for m, mode in zip(model.modules(), modes):
        m.training = mode
    return logits.argmax(dim=1)
