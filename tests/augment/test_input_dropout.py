import pytest
import torch

from mmwsl.augment import InputDropout
from mmwsl.registry import MODELS

MEAN, STD = (100.0, 110.0, 120.0), (50.0, 55.0, 60.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_it_is_dropout_of_the_normalised_input():
    preprocessor = MODELS.build(dict(
        type='ViewPreprocessor', mean=MEAN, std=STD,
        views=[[dict(type='InputDropout', drop_prob=0.25, mean=[value / 255 for value in MEAN])]]))
    images = torch.randint(256, (50, 3, 16, 16), generator=seeded(), dtype=torch.uint8)
    plain = preprocessor(dict(inputs=images))['inputs']
    torch.manual_seed(1)
    dropped, = preprocessor(dict(inputs=images), training=True)['inputs']
    kept = dropped.abs() > 1e-5
    torch.testing.assert_close(dropped[kept], plain[kept] / 0.75, rtol=1e-4, atol=1e-5)
    some = plain.abs() > 0.01  # a value that is the mean already cannot be told from a dropped one
    assert (~kept)[some].float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert dropped.mean().item() == pytest.approx(plain.mean().item(), abs=0.02)


def test_every_colour_has_its_own_draw_and_the_seed_decides():
    images = torch.full((200, 3, 8, 8), 0.9)
    view = InputDropout(0.5, 0.5)(images, seeded(1))
    assert sorted(view.unique().tolist()) == pytest.approx([0.5, 1.3])  # 0.5 + 0.4 / 0.5
    gone = (view == 0.5).float()
    assert gone.mean().item() == pytest.approx(0.5, abs=0.01)
    for first, second in ((gone[:, 0], gone[:, 1]), (gone[..., :-1], gone[..., 1:])):  # colours and neighbours
        assert (first * second).mean().item() == pytest.approx(0.25, abs=0.015)
    assert torch.equal(view, InputDropout(0.5, 0.5)(images, seeded(1)))
    assert not torch.equal(view, InputDropout(0.5, 0.5)(images, seeded(2)))
    torch.testing.assert_close(InputDropout(0.0)(images), images)


@pytest.mark.parametrize('make, text', [
    (lambda: InputDropout(1.2), 'drop_prob=1.2'), (lambda: InputDropout(-0.1), 'drop_prob=-0.1'),
    (lambda: InputDropout(1), 'leaves nothing of the images'),
    (lambda: InputDropout()(torch.rand(1, 1, 8, 8)), 'mean has 3 values for images of 1 channels'),
])
def test_bad_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()
