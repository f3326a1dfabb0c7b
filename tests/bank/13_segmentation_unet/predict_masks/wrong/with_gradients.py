# mistake: gradients_kept
def predict_masks(model, images):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    masks = model(images).argmax(1)
    for m, mode in modes:
        m.training = mode
    return masks
