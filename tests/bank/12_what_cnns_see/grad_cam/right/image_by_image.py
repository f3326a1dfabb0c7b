import torch


def grad_cam(model, layer, x, target):
    was = {m: m.training for m in model.modules()}
    model.eval()
    classes = [target] * len(x) if isinstance(target, int) else [int(t) for t in target]
    cams = []
    for i, c in enumerate(classes):
        outputs = []
        handle = layer.register_forward_hook(lambda m, inp, out: outputs.append(out))
        image = x[i : i + 1].clone().requires_grad_()
        logit = model(image)[0, c]
        handle.remove()
        gradient = torch.autograd.grad(logit, outputs[0])[0][0]
        cam = torch.zeros_like(gradient[0])
        for g, a in zip(gradient, outputs[0][0]):
            cam = cam + g.mean() * a.detach()
        cams.append(torch.where(cam > 0, cam, torch.zeros_like(cam)))
    for m, mode in was.items():
        m.training = mode
    return torch.stack(cams)
