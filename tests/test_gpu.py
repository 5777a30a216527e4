"""What only a GPU can show; skipped without one."""

import pytest
import torch
from recipes import RECIPES, WAITING, first_labels, load_recipe, make_batch

from mmwsl import augment
from mmwsl.apis import build_model
from mmwsl.compat import autocast_dtype
from mmwsl.engine.lars import LARS

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')]


@pytest.mark.parametrize('name', [name for name in RECIPES if name not in WAITING])
def test_step_does_not_wait_for_the_device(name):
    """Views, loss, backward and LARS read nothing back: torch raises at the first synchronisation."""
    cfg = load_recipe(name)
    model, _ = build_model(cfg, device='cuda')
    first_labels(model, cfg)
    model.train()
    optimizer = LARS(model.parameters(), lr=0.1)
    batch = model.data_preprocessor.cast_data(make_batch(cfg, 64))

    def step():
        data = model.data_preprocessor(batch, True)
        with torch.autocast('cuda', autocast_dtype('cuda')):
            loss, _ = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if hasattr(model, 'after_optimizer_step'):
            model.after_optimizer_step(0.5)
        return loss

    step()  # constants are made once
    torch.cuda.set_sync_debug_mode('error')
    try:
        loss = step()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert loss.isfinite()


def test_views_are_those_of_the_cpu():
    images = torch.rand(8, 3, 48, 48)
    sigma = torch.linspace(0.2, 2, 8)
    torch.testing.assert_close(augment.blur_batched(images.cuda(), sigma.cuda(), 9).cpu(),
                               augment.blur_batched(images, sigma, 9), atol=2e-3, rtol=0)
    boxes = torch.tensor([[1., 2., 30., 40.]]).expand(8, 4)
    torch.testing.assert_close(augment.crop_and_resize(images.cuda(), boxes.cuda(), (32, 32)).cpu(),
                               augment.crop_and_resize(images, boxes, (32, 32)), atol=1e-3, rtol=0)
