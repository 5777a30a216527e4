import pytest
import torch

from mmwsl.ops.tensors import accuracy, keep_format


def test_accuracy():
    scores = torch.tensor([[0.1, 0.9, 0.0], [3.0, 2.0, 1.0], [0.0, 0.0, 5.0], [1.0, 2.0, 0.0]], requires_grad=True)
    found = accuracy(scores, torch.tensor([1, 0, 2, 0]))
    assert found.item() == 75 and found.dtype == torch.float32 and not found.requires_grad
    pixels = torch.zeros(1, 2, 1, 4).index_fill_(3, torch.tensor([1]), -1)
    pixels[0, 1, 0, 0] = 1
    assert accuracy(pixels, torch.tensor([[[1, 0, 1, 1]]])).item() == 50  # of equal scores the first class counts


@pytest.mark.parametrize('change', [
    lambda images: images[torch.tensor([2, 0, 1])], lambda images: images.rot90(1, (2, 3)), lambda images: images[:, :2],
    lambda images: torch.stack(images.unbind(1), 1), lambda images: images.flip(3)])
@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
def test_keep_format(change, layout):
    images = torch.rand(3, 3, 4, 5).contiguous(memory_format=layout)
    changed = change(images)
    kept = keep_format(changed, images)
    assert kept.is_contiguous(memory_format=layout)
    assert kept.equal(changed)
    assert keep_format(kept, images) is kept


def test_keep_format_of_other_shapes():
    points = torch.rand(2, 3, 7)
    assert keep_format(points.transpose(0, 1), points).is_contiguous()
    assert keep_format(torch.rand(2, 3, 4, 5, 6), torch.rand(2, 3, 4, 5)).shape == (2, 3, 4, 5, 6)
