# mistake: eval_missing
import torch


@torch.no_grad()
def tta_predict(model, x):
    return (model(x).softmax(1) + model(x.flip(-1)).softmax(1)) / 2
