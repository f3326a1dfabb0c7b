import copy

import torch


class Enough(Exception):
    pass


def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    names = {module: name for name, module in model.named_modules()}
    twin = copy.deepcopy(model).eval()
    twin.requires_grad_(False)

    def stop(module, inputs, output):
        raise Enough(output)

    twin.get_submodule(names[layer]).register_forward_hook(stop)

    def gradient_at(image):
        leaf = image.clone().requires_grad_()
        try:
            twin(leaf)
        except Enough as enough:
            (output,) = enough.args
        output[:, channel, :, :].mean().backward()
        return leaf.grad

    like = next(model.parameters())
    image = torch.randn(*shape, generator=generator, device=generator.device).to(like) / 10
    while steps:
        g = gradient_at(image)
        image = image + lr * g / (g.pow(2).mean() ** 0.5 + 1e-8)
        steps -= 1
    return image
