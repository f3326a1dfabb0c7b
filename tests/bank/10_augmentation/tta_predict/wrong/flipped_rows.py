# mistake: vertical_for_horizontal
import torch


def tta_predict(model, x):
    mode = model.training
    model.eval()
    with torch.no_grad():
        p = (model(x).softmax(1) + model(x.flip(-2)).softmax(1)) / 2
    model.train(mode)
    return p
