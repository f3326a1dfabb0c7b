# mistake: layer_on_image
import torch


def feature_maps(model, layer, x):
    was = layer.training
    layer.eval()
    with torch.no_grad():
        maps = layer(x)
    layer.train(was)
    return maps
