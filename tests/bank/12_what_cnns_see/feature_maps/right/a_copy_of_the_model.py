import copy

import torch


class Stop(Exception):
    pass


def feature_maps(model, layer, x):
    names = {module: name for name, module in model.named_modules()}
    twin = copy.deepcopy(model).eval()

    def stop(module, inputs, output):
        stopped = Stop()
        stopped.maps = output.clone()
        raise stopped

    twin.get_submodule(names[layer]).register_forward_hook(stop)
    with torch.no_grad():
        try:
            twin(x)
        except Stop as stopped:
            return stopped.maps
    raise ValueError(f"the model does not use the layer {names[layer]}")
