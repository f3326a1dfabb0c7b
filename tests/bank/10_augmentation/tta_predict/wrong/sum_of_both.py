# mistake: sum_not_mean
import torch


def tta_predict(model, x):
    mode = model.training
    model.eval()
    with torch.no_grad():
        p = torch.softmax(model(x), 1)
        p = p + torch.softmax(model(x.flip(-1)), 1)
    model.train(mode)
    return p
