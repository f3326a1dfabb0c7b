# mistake: logits_averaged
import torch


def tta_predict(model, x):
    mode = model.training
    model.eval()
    with torch.no_grad():
        z = (model(x) + model(x.flip(-1))) / 2
    model.train(mode)
    return z.softmax(1)
