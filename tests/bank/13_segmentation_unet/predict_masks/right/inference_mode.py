import torch


def predict_masks(model, images):
    training = {name for name, module in model.named_modules() if module.training}
    model.train(False)
    with torch.inference_mode():
        best = torch.stack([torch.argmax(model(image[None])[0], 0) for image in images])
    for name, module in model.named_modules():
        module.training = name in training
    return best
