import torch


def cutmix(x, y, box, permutation):
    top, left, height, width = box
    if min(height, width) < 0:
        raise ValueError("box of negative size")
    if len(x) != len(y):
        raise ValueError("y")
    if len(set(permutation.tolist())) != len(x) or len(permutation) != len(x):
        raise ValueError("permutation")
    images, labels = [], []
    for i, j in enumerate(permutation.tolist()):
        image, pasted = x[i].clone(), 0
        for r in range(max(0, top), min(x.shape[2], top + height)):
            for k in range(max(0, left), min(x.shape[3], left + width)):
                image[:, r, k] = x[j, :, r, k]
                pasted += 1
        s = pasted / (x.shape[2] * x.shape[3])
        images.append(image)
        labels.append((1 - s) * y[i] + s * y[j])
    return torch.stack(images), torch.stack(labels)
