import torch


def tta_predict(model, x):
    grad, mode = torch.is_grad_enabled(), model.training
    torch.set_grad_enabled(False)
    model.train(False)
    e = [torch.exp(z - z.max(1, keepdim=True).values) for z in (model(x), model(x.flip(3)))]
    model.train(mode)
    torch.set_grad_enabled(grad)
    return sum(a / a.sum(1, keepdim=True) for a in e) * 0.5
