# mistake: graph_cut
import torch
import torch.nn.functional as F


class Conv2d(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride, padding):
        ctx.save_for_backward(x, w)
        ctx.has_b = b is not None
        ctx.a = dict(kernel_size=w.shape[2:], stride=stride, padding=padding)
        y = w.flatten(1) @ F.unfold(x, **ctx.a)
        if b is not None:
            y = y + b[:, None]
        return y.unflatten(2, ((x.shape[2] + 2 * padding - w.shape[2]) // stride + 1, -1))

    @staticmethod
    def backward(ctx, dy):
        x, w, d = *(saved.detach() for saved in ctx.saved_tensors), dy.detach().flatten(2)
        dx = F.fold(w.flatten(1).T @ d, x.shape[2:], **ctx.a)
        dw = (d @ F.unfold(x, **ctx.a).transpose(1, 2)).sum(0).view_as(w)
        return dx, dw, d.sum((0, 2)) if ctx.has_b else None, None, None
