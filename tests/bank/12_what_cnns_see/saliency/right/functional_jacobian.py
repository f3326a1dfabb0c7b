import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    rows = torch.arange(x.size(0))
    jacobian = torch.autograd.functional.jacobian(lambda images: model(images)[rows, target].sum(), x)
    for m, mode in modes.items():
        m.training = mode
    return jacobian.abs().amax(1)
