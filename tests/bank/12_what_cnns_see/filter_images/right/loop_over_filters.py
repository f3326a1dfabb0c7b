import torch


def filter_images(weight):
    images = []
    for w in weight:
        m = float(w.abs().max())
        image = torch.full_like(w, 0.5)
        if m > 0:
            image = image + w / (2 * m)
        images.append(torch.movedim(image, 0, -1))
    return torch.stack(images)
