import numpy as np

from cnnkit import data

images, labels = data.fashion_mnist("train")

train = images.reshape(len(images), -1).astype(np.float32)
lengths = (train**2).sum(axis=1)


def classify(images):
    flat = images.reshape(len(images), -1).astype(np.float32)
    nearest = (lengths - 2 * flat @ train.T).argmin(axis=1)
    return labels[nearest]
