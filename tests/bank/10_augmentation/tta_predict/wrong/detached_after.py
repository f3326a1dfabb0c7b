# mistake: gradients_kept
def tta_predict(model, x):
    mode = model.training
    model.eval()
    p = (model(x).softmax(1) + model(x.flip(-1)).softmax(1)) / 2
    model.train(mode)
    return p.detach()
