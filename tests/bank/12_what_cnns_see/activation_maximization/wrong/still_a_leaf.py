# mistake: gradients_kept
import torch


def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    image = (0.1 * torch.randn(shape, generator=generator, device=generator.device)).to(next(model.parameters()))
    image.requires_grad_()
    outputs = []
    handle = layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    for _ in range(steps):
        model(image)
        (g,) = torch.autograd.grad(outputs[-1][:, channel].mean(), image)
        with torch.no_grad():
            image += lr * g / (g.square().mean().sqrt() + 1e-8)
    handle.remove()
    for m, mode in modes.items():
        m.training = mode
    return image
