from torch import nn


def vgg_block(n, c_in, c_out):
    net = nn.Sequential()
    relu = nn.ReLU()  # one object in many places: it has no weights
    for i in range(n):
        net.append(nn.ZeroPad2d(1))
        net.append(nn.Conv2d(c_out if i else c_in, c_out, 3))
        if i < n - 1:
            net.append(relu)
    net.append(nn.MaxPool2d(2))
    net.append(relu)
    return net
