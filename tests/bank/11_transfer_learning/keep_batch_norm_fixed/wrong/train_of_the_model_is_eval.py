# mistake: dropout_fixed_too
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    model.eval()
    model.train = lambda mode=True: model
    return model
