import copy

import torch


def tta_predict(model, x):
    twin = copy.deepcopy(model).eval()
    with torch.no_grad():
        answers = [torch.softmax(twin(view), dim=-1) for view in (x, torch.flip(x, (3,)))]
    return torch.mean(torch.stack(answers), dim=0)
