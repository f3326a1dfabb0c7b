# mistake: gradients_left_off
import torch


def tta_predict(model, x):
    torch.set_grad_enabled(False)
    mode = model.training
    model.eval()
    p = (model(x).softmax(1) + model(x.flip(-1)).softmax(1)) / 2
    model.train(mode)
    return p
