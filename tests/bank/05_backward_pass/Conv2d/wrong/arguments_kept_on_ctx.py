# mistake: saved_on_ctx
import torch
import torch.nn.functional as F


class Conv2d(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride, padding):
        ctx.x, ctx.w, ctx.b = x, w, b
        ctx.stride, ctx.padding = stride, padding
        columns = F.unfold(x, w.shape[2:], stride=stride, padding=padding)
        y = w.flatten(1) @ columns
        if b is not None:
            y = y + b[:, None]
        rows = (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1
        return y.unflatten(2, (rows, -1))

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.x, ctx.w
        dy = dy.flatten(2)
        options = {"kernel_size": w.shape[2:], "stride": ctx.stride, "padding": ctx.padding}
        dx = F.fold(w.flatten(1).T @ dy, x.shape[2:], **options)
        dw = (dy @ F.unfold(x, **options).mT).sum(0).view_as(w)
        return dx, dw, None if ctx.b is None else dy.sum((0, 2)), None, None
