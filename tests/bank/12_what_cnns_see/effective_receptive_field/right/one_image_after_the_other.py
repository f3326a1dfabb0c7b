import copy

import torch


def effective_receptive_field(model, layer, x):
    name = [n for n, m in model.named_modules() if m is layer][0]
    twin = copy.deepcopy(model).eval()
    total = torch.zeros_like(x[0, 0])
    outputs = []
    twin.get_submodule(name).register_forward_hook(lambda m, i, o: outputs.append(o))
    for image in x:
        leaf = image.unsqueeze(0).clone().requires_grad_()
        twin(leaf)
        y = outputs[-1][0]
        y[:, y.shape[1] // 2, y.shape[2] // 2].sum().backward()
        total += leaf.grad[0].abs().sum(0)
    return total / (x.shape[0] * x.shape[1])
