import torch


def mixup(x, y, lam, permutation):
    n = x.size(0)
    if lam > 1 or lam < 0 or y.size(0) != n:
        raise ValueError("cannot mix")
    if permutation.numel() != n or bool((torch.bincount(permutation, minlength=n) != 1).any()):
        raise ValueError("not a permutation")
    eye = torch.eye(n, dtype=x.dtype, device=x.device)
    m = lam * eye + (1 - lam) * eye[permutation]
    return [torch.einsum("ij,jchw->ichw", m, x), m.to(y.dtype) @ y]
