"""Deep generative prior: what the tasks leave, blocks in their order, and images that a generator has made, found again."""

import pytest
import torch

from mmwsl.models.generative import CodeDiscriminator, CodeGenerator, FineGANGenerator, InfoGAN
from mmwsl.models.generative.prior import GenerativePrior, PriorStage, center_hole, degrade, generator_blocks


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def test_what_the_tasks_leave():
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    gray = degrade(images, 'colorization')
    luma = (0.2989 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2]) / 0.9999
    assert torch.allclose(gray, luma[:, None].expand(-1, 3, -1, -1), atol=1e-6)
    hole = center_hole(16)
    assert hole.sum() == 25 and hole[0, 0, 5, 5] and not hole[0, 0, 10, 10]
    holed = degrade(images, 'inpainting', hole)
    assert (holed[..., 5:10, 5:10] == 0).all() and torch.equal(holed[..., 10:, :], images[..., 10:, :])
    flat = torch.full((1, 3, 16, 16), 0.3)
    assert torch.allclose(degrade(flat, 'super_resolution'), flat, atol=1e-5)
    checks = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1
    assert degrade(checks.expand(1, 3, -1, -1), 'super_resolution').abs().max() < 0.2  # finer than what is kept
    assert degrade(images, 'reconstruction') is images
    with pytest.raises(ValueError, match="task='denoising' is unknown; choose one of colorization"):
        degrade(images, 'denoising')


def test_blocks_from_the_noise_on():
    generator = CodeGenerator(3, 4, 4, 16)
    assert generator_blocks(generator) == [generator.stage.linear, *generator.stage.blocks, generator.image]
    fine = FineGANGenerator(2, 4, 4, 8, 16, 1)
    owned = {id(each) for block in generator_blocks(fine) for each in block.parameters()}
    assert owned == {id(each) for each in fine.parameters()}


STAGES = (PriorStage(40, 0, 0.0, 5e-2, 1.0, 5.0),)
FREE = (*STAGES, PriorStage(40, 3, 5e-3, 1e-2, 1.0, 5.0))


def test_an_image_of_another_generator():
    """By the noise alone the known pixels come nearer than by the best candidate, and nearer still with blocks set free; the
    model stays as it is."""
    model, other = (InfoGAN(CodeGenerator(3, 4, 4, 16), CodeDiscriminator(3, 4, 16)).eval() for _ in range(2))
    with torch.no_grad():
        for each in (model, other):  # untrained images are nearly gray
            each.average.image[0].weight.mul_(30)
        image = other.generate(other.draw_codes(1, 'cpu'))['images']
    before = {name: value.clone() for name, value in model.state_dict().items()}
    errors = []
    for stages in ((), STAGES, FREE):
        torch.manual_seed(1)
        prior = GenerativePrior(model, 'inpainting', candidates=20, stages=stages)
        errors.append((degrade(prior.restore(image), 'inpainting', prior.hole) - degrade(image, 'inpainting', prior.hole)).square().mean().item())
    assert errors[0] > errors[1] > errors[2]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    torch.manual_seed(1)
    frozen = GenerativePrior(model, 'inpainting', candidates=20, stages=FREE, progressive=False).restore(image)
    assert torch.isfinite(frozen).all() and frozen.shape == (1, 3, 16, 16)
    changed = image.clone()
    changed[..., 5:10, 5:10] = 1  # within the hole: nothing may depend on it
    torch.manual_seed(1)
    again = GenerativePrior(model, 'inpainting', candidates=20, stages=FREE, progressive=False).restore(changed)
    assert torch.equal(again, frozen)
    with pytest.raises(ValueError, match="task='sharpen' is unknown"):
        GenerativePrior(model, 'sharpen')
