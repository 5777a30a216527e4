"""What only a GPU can show; skipped without one."""

import pytest
import torch

from mmwsl import augment
from mmwsl.apis import build_model, load_config
from mmwsl.compat import autocast_dtype
from mmwsl.engine.lars import LARS

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')]
METHODS = ['simclr/simclr_r18w16_1xb256-cos-10e', 'moco/moco_v2_r18w16_1xb256-cos-5e',
           'byol/byol_r18w16_1xb256-cos-5e', 'rotation/rotation_r18w16_1xb128-cos-5e',
           'jigsaw/jigsaw_r18w16_1xb256-cos-5e']


@pytest.mark.parametrize('name', METHODS)
def test_step_does_not_wait_for_the_device(name):
    """Views, loss, backward and LARS read nothing back: torch raises at the first synchronisation."""
    model, _ = build_model(load_config(f'mmwsl::selfsup/{name}_cifar10.py'), device='cuda')
    model.train()
    optimizer = LARS(model.parameters(), lr=0.1)
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8, device='cuda')

    def step():
        views = model.data_preprocessor(dict(inputs=images), True)['inputs']
        with torch.autocast('cuda', autocast_dtype('cuda')):
            loss = model(views, mode='loss')['loss']
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
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
