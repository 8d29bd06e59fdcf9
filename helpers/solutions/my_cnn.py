"""A convolutional network from nothing but NumPy: one answer of many."""

import numpy as np


def output_size(i, k, s, p):
    """Return how many windows fit along one axis."""
    return (i + 2 * p - k) // s + 1


def im2col(x, kernel_size, stride, padding):
    """Return the pixels under each window as a column: v_I of eq. 5."""
    (n, c, height, width), (k_h, k_w) = x.shape, kernel_size
    h_out = output_size(height, k_h, stride, padding)
    w_out = output_size(width, k_w, stride, padding)
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    columns = np.empty((n, c, k_h, k_w, h_out, w_out), x.dtype)
    for i, j in np.ndindex(k_h, k_w):  # and the pixels that they meet
        rows = slice(i, i + stride * h_out, stride)
        cols = slice(j, j + stride * w_out, stride)
        columns[:, :, i, j] = x[:, :, rows, cols]
    return columns.reshape(n, -1, h_out * w_out)


def conv_forward(x, K, b, stride, padding):
    """Return h = K_f v_I + b (eq. 5)."""
    columns = im2col(x, K.shape[2:], stride, padding)
    h = K.reshape(len(K), -1) @ columns + b[:, None]
    h_out = output_size(x.shape[2], K.shape[2], stride, padding)
    return h.reshape(len(x), len(K), h_out, -1)


def col2im(columns, size, kernel_size, stride, padding):
    """Add each column back onto the pixels it was read from."""
    (height, width), (k_h, k_w), n = size, kernel_size, len(columns)
    h_out = output_size(height, k_h, stride, padding)
    w_out = output_size(width, k_w, stride, padding)
    columns = columns.reshape(n, -1, k_h, k_w, h_out, w_out)
    padded = height + 2 * padding, width + 2 * padding
    x = np.zeros((n, columns.shape[1], *padded), columns.dtype)
    for i, j in np.ndindex(k_h, k_w):
        rows = slice(i, i + stride * h_out, stride)
        cols = slice(j, j + stride * w_out, stride)
        x[:, :, rows, cols] += columns[:, :, i, j]
    return x[:, :, padding : padding + height, padding : padding + width]


def conv_backward(delta, x, K, stride, padding):
    """Return the gradients by K and b (eq. 7) and by x (eq. 8)."""
    columns = im2col(x, K.shape[2:], stride, padding)
    delta = delta.reshape(len(x), len(K), -1)
    dK = (delta @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(K.shape)
    columns = K.reshape(len(K), -1).T @ delta
    dx = col2im(columns, x.shape[2:], K.shape[2:], stride, padding)
    return dK, delta.sum(axis=(0, 2)), dx


def max_pool(x, kernel_size, stride):
    """Return the largest value of each window."""
    n, c, height, width = x.shape
    columns = im2col(x.reshape(-1, 1, height, width), kernel_size, stride, 0)
    h_out = output_size(height, kernel_size[0], stride, 0)
    return columns.max(axis=1).reshape(n, c, h_out, -1)


def max_pool_backward(delta, x, kernel_size, stride):
    """Return the gradient by x: the first winner of a window gets delta."""
    maps = x.reshape(-1, 1, *x.shape[2:])
    columns = im2col(maps, kernel_size, stride, 0)
    winner = columns.argmax(axis=1)[:, None]
    columns = np.zeros_like(columns)
    np.put_along_axis(columns, winner, delta.reshape(winner.shape), axis=1)
    dx = col2im(columns, x.shape[2:], kernel_size, stride, 0)
    return dx.reshape(x.shape)


def relu(h):
    """Return f(h) = max(h, 0), the non-linearity of eq. 6."""
    return np.maximum(h, 0)


def relu_backward(delta, h):
    """Return f'(h) * delta."""
    return delta * (h > 0)


def dense(x, W, b):
    """Return x W^T + b."""
    return x @ W.T + b


def dense_backward(delta, x, W):
    """Return the gradients by W, b and x."""
    return delta.T @ x, delta.sum(axis=0), delta @ W


def softmax_cross_entropy(logits, labels):
    """Return the mean loss and its gradient by the logits."""
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    delta = powers / sums
    delta[rows, labels] -= 1
    loss = (np.log(sums[:, 0]) - shifted[rows, labels]).mean()
    return loss, delta / len(labels)


def initial(rng):
    """Return the parameters of a small LeNet, by name."""
    shapes = {"K1": (8, 1, 5, 5), "K2": (32, 8, 5, 5)}
    shapes |= {"W3": (100, 800), "W4": (10, 100)}
    parameters = {}
    for name, shape in shapes.items():
        weights = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        parameters[name] = weights.astype(np.float32)
        parameters["b" + name[1]] = np.zeros(shape[0], np.float32)
    parameters["W4"] *= 0  # no opinion, so the first steps are small
    return parameters


def forward(parameters, x):
    """Return the logits, and what `backward` needs again."""
    K1, b1, K2, b2, W3, b3, W4, b4 = parameters.values()
    h1 = conv_forward(x, K1, b1, 1, 2)  # 28x28
    v1 = relu(h1)
    p1 = max_pool(v1, (2, 2), 2)  # 14x14
    h2 = conv_forward(p1, K2, b2, 1, 0)  # 10x10
    v2 = relu(h2)
    p2 = max_pool(v2, (2, 2), 2).reshape(len(x), -1)  # 5x5, flat
    h3 = dense(p2, W3, b3)
    v3 = relu(h3)
    return dense(v3, W4, b4), (x, h1, v1, p1, h2, v2, p2, h3, v3)


def backward(parameters, kept, delta):
    """Return the gradients by all parameters, by name."""
    K1, _, K2, _, W3, _, W4, _ = parameters.values()
    x, h1, v1, p1, h2, v2, p2, h3, v3 = kept
    dW4, db4, dv3 = dense_backward(delta, v3, W4)
    dW3, db3, dp2 = dense_backward(relu_backward(dv3, h3), p2, W3)
    dv2 = max_pool_backward(dp2, v2, (2, 2), 2)
    dK2, db2, dp1 = conv_backward(relu_backward(dv2, h2), p1, K2, 1, 0)
    dv1 = max_pool_backward(dp1, v1, (2, 2), 2)
    dK1, db1, _ = conv_backward(relu_backward(dv1, h1), x, K1, 1, 2)
    return dict(zip(parameters, (dK1, db1, dK2, db2, dW3, db3, dW4, db4)))


def momentum_step(parameter, velocity, gradient, rate, momentum, decay):
    """Return the parameter and the velocity after one step."""
    velocity = momentum * velocity + gradient + decay * parameter
    return parameter - rate * velocity, velocity


def predict(parameters, images):
    """Return the most probable label of each image."""
    return forward(parameters, images)[0].argmax(axis=1)


def train(images, labels, rng):
    """Return parameters after 12 passes over the images."""
    parameters = initial(rng)
    velocities = {name: np.zeros_like(p) for name, p in parameters.items()}
    epochs, size = 12, 50
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            moved = np.roll(images[batch], rng.integers(-1, 2, 2), (2, 3))
            logits, kept = forward(parameters, moved)
            _, delta = softmax_cross_entropy(logits, labels[batch])
            gradients = backward(parameters, kept, delta)
            t = (epoch + start / len(order)) / epochs  # from 0 to 1
            rate = 0.03 * min(t / 0.2, (1 - t) / 0.8)  # up, then down
            for name, p in parameters.items():
                parameters[name], velocities[name] = momentum_step(
                    p, velocities[name], gradients[name], rate, 0.9, 0.002
                )
    return parameters
