import torch


def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    out = []
    handle = layer.register_forward_hook(lambda m, i, o: out.append(o))
    start = 0.1 * torch.randn(shape, generator=generator, device=generator.device)
    image = torch.nn.Parameter(start.to(next(model.parameters())))
    optimizer = torch.optim.SGD([image], lr=lr, maximize=True)
    for _ in range(steps):
        model(image)
        (g,) = torch.autograd.grad(out[-1][:, channel].mean(), image)
        image.grad = g / (g.square().mean().sqrt() + 1e-8)
        optimizer.step()
        optimizer.zero_grad()
    handle.remove()
    for m, mode in modes.items():
        m.training = mode
    return image.data
