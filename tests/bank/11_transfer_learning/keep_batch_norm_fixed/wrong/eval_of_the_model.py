# mistake: undone_by_train
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    return model.eval()
