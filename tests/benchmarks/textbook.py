"""LeNet-5 as a course writes it at first: index arrays, one image layout.

For comparison only.  im2col picks pixels by three index arrays and col2im
adds them back with `numpy.add.at`; every layer is a pair of functions on
(N, C, H, W), everything in float32.
"""

import numpy as np


def indices(shape, k, padding):
    """Return channel, row and column of every entry of the patch matrix."""
    _, c, h, w = shape
    h_out, w_out = h + 2 * padding - k + 1, w + 2 * padding - k + 1
    rows = np.tile(np.repeat(np.arange(k), k), c)[:, None]
    columns = np.tile(np.arange(k), k * c)[:, None]
    channels = np.repeat(np.arange(c), k * k)[:, None]
    down = np.repeat(np.arange(h_out), w_out)
    across = np.tile(np.arange(w_out), h_out)
    return channels, rows + down, columns + across


def conv_forward(x, weight, bias, padding):
    """Return the maps, shape (N, C_out, H_out, W_out), and the patches."""
    n, _, h, w = x.shape
    c_out, _, k, _ = weight.shape
    sides = (padding, padding)
    framed = np.pad(x, ((0, 0), (0, 0), sides, sides))
    patches = framed[:, *indices(x.shape, k, padding)]
    patches = patches.transpose(1, 2, 0).reshape(weight[0].size, -1)
    maps = weight.reshape(c_out, -1) @ patches + bias[:, None]
    size = (h + 2 * padding - k + 1, w + 2 * padding - k + 1)
    return maps.reshape(c_out, *size, n).transpose(3, 0, 1, 2), patches


def conv_backward(delta, x_shape, patches, weight, padding):
    """Return the gradients by the input, the weights and the biases."""
    n, c, h, w = x_shape
    c_out, _, k, _ = weight.shape
    flat = delta.transpose(1, 2, 3, 0).reshape(c_out, -1)
    d_weight = (flat @ patches.T).reshape(weight.shape)
    columns = weight.reshape(c_out, -1).T @ flat
    columns = columns.reshape(weight[0].size, -1, n).transpose(2, 0, 1)
    framed = np.zeros((n, c, h + 2 * padding, w + 2 * padding), delta.dtype)
    where = indices(x_shape, k, padding)
    np.add.at(framed, (slice(None), *where), columns)
    inside = slice(padding, padding + h), slice(padding, padding + w)
    return framed[:, :, *inside], d_weight, delta.sum(axis=(0, 2, 3))


def pool_forward(x):
    """Return the maximum of every 2x2 block and where the first one is."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(n, c, h // 2, w // 2, 4)
    return blocks.max(axis=4), blocks.argmax(axis=4)


def pool_backward(delta, winners):
    """Return delta at the winners, zero elsewhere."""
    n, c, h, w = delta.shape
    blocks = np.zeros((*delta.shape, 4), delta.dtype)
    np.put_along_axis(blocks, winners[..., None], delta[..., None], axis=4)
    blocks = blocks.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return blocks.reshape(n, c, 2 * h, 2 * w)


class TextbookLeNet:
    """Takes the parameters of `networks.LeNet5`, in its order, and steps."""

    def __init__(self, parameters, rate, momentum):
        self.p = [p.copy() for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]
        self.rate, self.momentum = rate, momentum

    def step(self, x, labels):
        """Return the loss of a batch and change the parameters."""
        w1, b1, w2, b2, *dense = self.p
        h1, patches1 = conv_forward(x, w1, b1, 2)
        p1, winners1 = pool_forward(np.maximum(h1, 0))
        h2, patches2 = conv_forward(p1, w2, b2, 0)
        p2, winners2 = pool_forward(np.maximum(h2, 0))
        a = [p2.reshape(len(x), -1)]
        for w, b in zip(dense[0:4:2], dense[1:4:2]):
            a.append(np.maximum(a[-1] @ w.T + b, 0))
        logits = a[-1] @ dense[4].T + dense[5]
        shifted = logits - logits.max(axis=1, keepdims=True)
        odds = np.exp(shifted)
        odds /= odds.sum(axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = -np.log(odds[rows, labels]).mean()

        delta = odds
        delta[rows, labels] -= 1
        delta /= len(x)
        grads = []
        for i in (4, 2, 0):
            grads = [delta.T @ a[i // 2], delta.sum(axis=0), *grads]
            delta = delta @ dense[i]
            if i:
                delta = delta * (a[i // 2] > 0)
        delta = pool_backward(delta.reshape(p2.shape), winners2) * (h2 > 0)
        delta, *g2 = conv_backward(delta, p1.shape, patches2, w2, 0)
        delta = pool_backward(delta, winners1) * (h1 > 0)
        _, *g1 = conv_backward(delta, x.shape, patches1, w1, 2)
        for p, v, g in zip(self.p, self.v, [*g1, *g2, *grads]):
            v *= self.momentum
            v += g
            p -= self.rate * v
        return loss
