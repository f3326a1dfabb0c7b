import torch


def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    parameter = next(iter(model.parameters()))
    image = torch.empty(shape, device=generator.device).normal_(generator=generator).mul(0.1).to(parameter)
    image.requires_grad = True
    activations = []
    handle = layer.register_forward_hook(lambda module, args, output: activations.append(output))
    modes = [(m, m.training) for m in model.modules()]
    try:
        model.eval()
        for step in range(steps):
            activations.clear()
            model(image)
            objective = activations[-1].mean(dim=(0, 2, 3))[channel]
            objective.backward(inputs=[image])
            with torch.no_grad():
                rms = image.grad.norm() / image.numel() ** 0.5
                image.add_(image.grad, alpha=float(lr / (rms + 1e-8)))
            image.grad = None
    finally:
        handle.remove()
        for m, mode in modes:
            m.training = mode
    return image.detach()
