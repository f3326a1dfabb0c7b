# mistake: graph_not_recorded
import torch
import torch.nn.functional as F


class Recorder:
    def __init__(self, layer):
        self.handles = [layer.register_forward_hook(self.forward), layer.register_full_backward_hook(self.backward)]
        self.gradients = None

    def forward(self, module, inputs, output):
        self.activations = output.detach()

    def backward(self, module, grad_input, grad_output):
        self.gradients = grad_output[0]


def grad_cam(model, layer, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    recorder = Recorder(layer)
    scores = model(x)[torch.arange(len(x)), target]
    scores.sum().backward()
    for handle in recorder.handles:
        handle.remove()
    for p in model.parameters():
        p.grad = None
    for m, mode in modes.items():
        m.training = mode
    weights = recorder.gradients.mean((2, 3), keepdim=True)
    return F.relu((weights * recorder.activations).sum(1))
