# mistake: graph_not_recorded
import torch
import torch.nn.functional as F


class Recorder:
    def __init__(self, layer):
        self.handle = layer.register_forward_hook(self.forward)

    def forward(self, module, inputs, output):
        self.activations = output.detach()
        output.register_hook(self.backward)

    def backward(self, gradient):
        self.gradients = gradient


def grad_cam(model, layer, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    recorder = Recorder(layer)
    try:
        scores = model(x)[torch.arange(len(x)), target]
        scores.sum().backward()
    finally:
        recorder.handle.remove()
        for p in model.parameters():
            p.grad = None
        for m, mode in modes.items():
            m.training = mode
    weights = recorder.gradients.mean((2, 3), keepdim=True)
    return F.relu((weights * recorder.activations).sum(1))
