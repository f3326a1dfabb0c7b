import torch


def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    p = next(model.parameters())
    modes = {m: m.training for m in model.modules()}
    model.eval()
    seen = {}
    handle = layer.register_forward_hook(lambda m, i, o: seen.update(output=o))
    x = 0.1 * torch.randn(shape, generator=generator, device=generator.device).to(device=p.device, dtype=p.dtype)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        model(x)
        g = torch.autograd.grad(seen["output"][:, channel].mean(), x)[0]
        x = x + lr * g / (torch.sqrt(torch.mean(g**2)) + 1e-8)
    handle.remove()
    for m, mode in modes.items():
        m.training = mode
    return x.detach()
