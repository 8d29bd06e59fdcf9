"""The code that the notebooks share.

The modules stand in layers; each imports only from those before it:

``shapes``, ``im2col``, ``convolution``, ``layers``, ``data``, ``networks``,
``training``, ``matching``, ``scene``, ``figures``, ``widgets``,
``exercises``.

Arrays are ``(N, C, H, W)``: batch, channels, height, width.  Weights are
``(C_out, C_in / groups, K_h, K_w)``.  Names and defaults are PyTorch's.
"""
