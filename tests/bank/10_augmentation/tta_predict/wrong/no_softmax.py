# mistake: softmax_missing
import torch


def tta_predict(model, x):
    mode = model.training
    model.eval()
    with torch.no_grad():
        z = torch.stack([model(x), model(x.flip(-1))]).mean(0)
    model.train(mode)
    return z
