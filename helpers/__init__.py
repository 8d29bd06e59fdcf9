"""The code that the notebooks share, in the order of the lecture.

Each module imports only from those before it:

``checks`` what arguments must be, ``shapes`` sizes and the `Window`,
``im2col`` windows as columns, ``convolution`` and pooling as functions,
``layers`` with their backward passes, ``data`` digits and pictures,
``networks`` LeNet and others, ``fused`` three layers in one, ``training``,
``matching`` templates, ``figures`` the visual language, ``slides`` decks.

Arrays are ``(N, C, H, W)``: batch, channels, height, width.  Weights are
``(C_out, C_in / groups, K_h, K_w)``.  Names and defaults are PyTorch's.
"""
