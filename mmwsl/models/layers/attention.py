"""Scaled dot-product attention that is fast on a CPU too."""

import torch.nn.functional as F


def attention(query, key, value, bias=None):
    """softmax(query key^T / sqrt(D) + bias) value.

    torch's fused kernel, except on a CPU: its backward in bf16 took eight times the plain products on 16 to 65 tokens.

    Args:
        query, key, value: (..., N, D).
        bias: added to the logits, broadcastable to (..., N, N); -inf where a pair may not attend.

    Returns:
        (..., N, D).
    """
    if query.device.type != 'cpu':
        return F.scaled_dot_product_attention(query, key, value, bias if bias is None else bias.to(query.dtype))
    logits = (query * query.shape[-1]**-0.5) @ key.transpose(-2, -1)
    logits = logits if bias is None else logits + bias
    return logits.softmax(-1).to(value.dtype) @ value
