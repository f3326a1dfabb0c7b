# mistake: softmax_over_batch
import torch


def tta_predict(model, x):
    mode = model.training
    model.eval()
    with torch.no_grad():
        p = (torch.softmax(model(x), 0) + torch.softmax(model(x.flip(-1)), 0)) / 2
    model.train(mode)
    return p
