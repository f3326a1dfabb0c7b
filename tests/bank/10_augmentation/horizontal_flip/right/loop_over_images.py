import torch


def horizontal_flip(x, mask):
    if len(mask) != x.shape[0]:
        raise ValueError("one mask value per image please")
    out = []
    for image, m in zip(x, mask):
        out.append(torch.flip(image, dims=[2]) if m else image)
    return torch.stack(out)
