import torch


@torch.no_grad()
def tta_predict(model, x):
    mode = model.training
    model.eval()
    try:
        logits = model(torch.cat([x, x.flip(-1)]))
    finally:
        model.train(mode)
    return logits.softmax(dim=-1).unflatten(0, (2, len(x))).mean(0)
