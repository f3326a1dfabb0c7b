import copy

import torch


@torch.no_grad()
def predict_masks(model, images):
    twin = copy.deepcopy(model)
    twin.eval()
    return torch.softmax(twin(images), 1).max(1).indices
