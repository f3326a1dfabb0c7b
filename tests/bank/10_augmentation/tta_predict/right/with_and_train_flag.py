import torch


def tta_predict(model, x):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        p = torch.softmax(model(x), dim=1)
        q = torch.softmax(model(torch.flip(x, [3])), dim=1)
    model.train(was_training)
    return (p + q) / 2
