import torch


def dice_loss(logits, masks, eps=1e-6):
    if tuple(masks.shape) != (logits.shape[0], *logits.shape[2:]):
        raise ValueError(f"{tuple(masks.shape)} does not fit {tuple(logits.shape)}")
    k = logits.shape[1]
    z = logits.transpose(0, 1).reshape(k, -1)
    e = torch.exp(z - z.max(dim=0, keepdim=True).values)
    p = e / e.sum(0)
    t = torch.eye(k, dtype=p.dtype, device=p.device)[masks.reshape(-1)].T
    dice = (2 * torch.einsum("ki,ki->k", p, t) + eps) / (p.sum(1) + t.sum(1) + eps)
    return (1 - dice).sum() / k
