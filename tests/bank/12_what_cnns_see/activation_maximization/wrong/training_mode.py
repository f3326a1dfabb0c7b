# mistake: eval_missing
import torch


def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    image = (0.1 * torch.randn(shape, generator=generator, device=generator.device)).to(next(model.parameters()))
    outputs = []
    handle = layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    for _ in range(steps):
        image = image.detach().requires_grad_()
        model(image)
        (g,) = torch.autograd.grad(outputs[-1][:, channel].mean(), image)
        image = image + lr * g / (g.square().mean().sqrt() + 1e-8)
    handle.remove()
    return image.detach()
