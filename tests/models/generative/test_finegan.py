"""FineGAN: patches and boxes against slow counting, composition, losses by hand, hard negatives, published sizes."""

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.generative import CodeClassifier, CodeDiscriminator, FineGAN, FineGANGenerator, PatchDiscriminator
from mmwsl.models.generative.blocks import doublings
from mmwsl.models.generative.patches import patches_outside, receptive_field
from mmwsl.structures import DataSample


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def tiny(**settings):
    return FineGAN(FineGANGenerator(2, 6, 5, 8, 16, 1), PatchDiscriminator(4, (4, 3), (2, 1), 1), CodeClassifier(2, 4, 16),
                   CodeDiscriminator(6, 4, 16), **settings)


@pytest.mark.parametrize('kernels, strides, last, size, grid', [
    ((4, 4, 4), (2, 2, 1), 4, 126, 24), ((4, 3), (2, 1), 1, 32, 13), ((3,), (3,), 2, 17, 4)])
def test_receptive_field_is_what_the_gradient_reaches(kernels, strides, last, size, grid):
    """Of each of some outputs, the pixels that change it are exactly the window that field and stride say."""
    critic = PatchDiscriminator(2, kernels, strides, last).double()
    for parameter in critic.parameters():
        parameter.data.abs_()  # all weights positive: nothing cancels
    images = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    real, background = critic(images)
    assert real.shape == background.shape == (1, 1, grid, grid)
    for row, column in ((0, 0), (grid - 1, 1), (grid // 2, grid - 1)):
        gradient, = torch.autograd.grad(real[0, 0, row, column], images, retain_graph=True)
        reached = torch.zeros(size, size, dtype=torch.bool)
        reached[row * critic.stride:row * critic.stride + critic.field, column * critic.stride:column * critic.stride + critic.field] = True
        assert torch.equal(gradient[0].abs().sum(0) > 0, reached)


def test_published_patches():
    assert receptive_field((4, 4, 4, 4), (2, 2, 1, 1)) == (34, 4)


def test_patches_outside_by_counting_pixels():
    """Every patch is compared pixel by pixel with boxes of any place, also none, the whole image, and two boxes."""
    field, stride, grid, size = 8, 2, 13, 32
    boxes = torch.tensor([[[3.0, 4, 9, 12]], [[0, 0, 32, 32]], [[31, 31, 32, 32]], [[8, 8, 8, 20]], [[12.5, 0, 13, 3.2]]])
    found = patches_outside(boxes, (grid, grid), field, stride)
    for number, (x1, y1, x2, y2) in enumerate(boxes[:, 0].tolist()):
        covered = torch.zeros(size, size, dtype=torch.bool)
        if x2 > x1 and y2 > y1:
            covered[int(y1):-int(-y2 // 1), int(x1):-int(-x2 // 1)] = True
        for row in range(grid):
            for column in range(grid):
                patch = covered[row * stride:row * stride + field, column * stride:column * stride + field]
                assert found[number, 0, row, column] == ~patch.any(), (number, row, column)
    assert not found[1].any() and found[3].all() and 0 < found[0].sum() < grid * grid
    two = torch.cat([boxes[:1], boxes[2:3]], dim=1)
    assert torch.equal(patches_outside(two, (grid, grid), field, stride), found[:1] & found[2:3])
    assert torch.equal(patches_outside([two[0], boxes[1]], (grid, grid), field, stride), torch.cat([found[:1] & found[2:3], found[1:2]]))


def test_composition():
    """The parent lies upon the background and the child upon the parent's image, each by its mask."""
    model = tiny()
    codes = model.draw_codes(3, 'cpu')
    made = model.generate_with(model.generator, codes)
    parent = made['parent_mask'] * made['parent_foreground'] + (1 - made['parent_mask']) * made['background']
    assert torch.allclose(made['parent'], parent)
    assert torch.allclose(made['images'], made['mask'] * made['child_foreground'] + (1 - made['mask']) * parent)
    assert made['images'].shape == (3, 3, 16, 16) and made['mask'].shape == (3, 1, 16, 16)
    model.generator.eval()
    other = model.generate_with(model.generator, dict(codes, child=(codes['child'] + 1) % 6))
    same = model.generate_with(model.generator, codes)
    assert torch.equal(other['parent'], same['parent']) and not torch.equal(other['images'], same['images'])


def test_codes():
    model = tiny()
    codes = model.draw_codes(200, 'cpu', tied=True)
    assert torch.equal(codes['background'], codes['child']) and torch.equal(codes['parent'], codes['child'] // 3)
    assert set(codes['child'].tolist()) == set(range(6)) and set(codes['parent'].tolist()) == {0, 1}
    free = model.draw_codes(200, 'cpu')
    assert not torch.equal(free['background'], free['child'])
    swapped = model._swapped(codes)
    assert torch.equal(swapped['child']['child'] // 3, codes['parent']) and (swapped['child']['child'] != codes['child']).all()
    assert torch.equal(swapped['parent']['parent'], 1 - codes['parent']) and torch.equal(swapped['parent']['child'], codes['child'])
    with pytest.raises(ValueError, match='num_children=2 must be num_parents=3 or more'):
        FineGANGenerator(3, 2)


def test_groups_of_children_are_as_equal_as_they_can_be():
    """196 children of 20 parents, as published for cars: nine or ten each; swapped ones stay with their parent."""
    model = tiny()
    model.generator.num_children, model.generator.num_parents = 196, 20
    children = torch.arange(196)
    parents = model.parents_of(children)
    assert set(parents.bincount().tolist()) == {9, 10} and (parents.diff() >= 0).all()
    assert model.first_child(torch.arange(20)).tolist() == [parents.tolist().index(parent) for parent in range(20)]
    codes = dict(child=children, parent=parents)
    for _ in range(5):
        swapped = model._swapped(codes)['child']['child']
        assert torch.equal(model.parents_of(swapped), parents) and (swapped != children).all()


def test_losses_by_hand():
    """Each term from the networks' outputs, patch by patch."""
    model = tiny().eval()  # norms then treat each image alone
    images, codes = torch.rand(4, 3, 16, 16) * 2 - 1, model.training_codes(4, 'cpu')
    boxes = torch.tensor([[[9.0, 9, 15, 15]], [[0, 0, 16, 16]], [[1, 2, 5, 6]], [[10, 2, 14, 8]]])
    made = model.generate_with(model.generator, codes)
    losses = model.discriminator_loss([images], DataSample(gt_boxes=boxes), made, codes)
    real, told = model.background_discriminator(images)
    outside = patches_outside(boxes, (5, 5), 8, 2)
    values, labels = [], []
    for number in range(4):
        for row in range(5):
            for column in range(5):
                if outside[number, 0, row, column]:
                    values.append(-F.logsigmoid(real[number, 0, row, column]).item())
                probability = told[number, 0, row, column].sigmoid()
                labels.append(-(probability if outside[number, 0, row, column] else 1 - probability).log().item())
    assert 0 < len(values) < 75
    fake = -(1 - model.background_discriminator(made['background'])[0].sigmoid()).log().mean().item()
    assert losses['loss_background_discriminator'].item() == pytest.approx(10 * (sum(values) / len(values) + fake), rel=1e-4)
    assert losses['loss_outside'].item() == pytest.approx(sum(labels) / 100, rel=1e-4)
    scores = [model.child_discriminator(each)[0].sigmoid() for each in (images, made['images'])]
    assert losses['loss_child_discriminator'].item() == pytest.approx((-scores[0].log().mean() - (1 - scores[1]).log().mean()).item(), rel=1e-4)
    losses = model.generator_loss(made, codes)
    real, told = (each.sigmoid() for each in model.background_discriminator(made['background']))
    assert losses['loss_background'].item() == pytest.approx(-10 * real.log().mean().item(), rel=1e-4)
    assert losses['loss_all_background'].item() == pytest.approx(-told.log().mean().item(), rel=1e-4)
    parent = model.parent_discriminator(made['parent_mask'] * made['parent_foreground']).softmax(1)
    child = model.child_discriminator(made['mask'] * made['child_foreground'])[1].softmax(1)
    rows = torch.arange(4)
    assert losses['loss_parent_code'].item() == pytest.approx(-parent[rows, codes['parent']].log().mean().item(), rel=1e-4)
    assert losses['loss_child_code'].item() == pytest.approx(-child[rows, codes['child']].log().mean().item(), rel=1e-4)


def test_no_patch_outside_of_any_box():
    """Objects that fill their images leave no real background: the term is 0, not NaN."""
    model = tiny()
    images, codes = torch.rand(2, 3, 16, 16), model.training_codes(2, 'cpu')
    made = model.generate_with(model.generator, codes)
    losses = model.discriminator_loss(images, DataSample(gt_boxes=torch.tensor([[[0.0, 0, 16, 16]]] * 2)), made, codes)
    fake = F.softplus(model.background_discriminator(made['background'])[0]).mean()
    assert losses['loss_background_discriminator'].item() == pytest.approx(10 * fake.item(), rel=1e-4)


def test_hard_negatives_are_the_least_told():
    """Of the noises drawn the one is kept by which the classifier is least sure; nothing is left behind in the norms."""
    model = tiny(candidates=4).train()
    model.hard_negatives = True
    statistics = {name: value.clone() for name, value in model.named_buffers() if 'running' in name}
    torch.manual_seed(3)
    codes = model.training_codes(5, 'cpu')
    assert all(torch.equal(value, statistics[name]) for name, value in model.named_buffers() if 'running' in name)
    torch.manual_seed(3)
    drawn = model.draw_codes(5, 'cpu', tied=True)
    told, noises = [], []
    with torch.no_grad():
        for _ in range(4):
            noises.append(torch.randn(5, 5))
            made = model.generate_with(model.generator, dict(drawn, noise=noises[-1]))
            logits = model.child_discriminator(made['mask'] * made['child_foreground'])[1]
            told.append(logits.softmax(1)[torch.arange(5), drawn['child']])
    chosen = torch.stack(told).argmin(0)
    assert len(set(chosen.tolist())) > 1
    assert torch.equal(codes['noise'], torch.stack([noises[each][row] for row, each in enumerate(chosen.tolist())]))


def test_published_sizes():
    """128 px: the first map has 1,024 channels, the last 64; parents end at 32, children at 16; D's maps are 4x4."""
    with torch.device('meta'):
        generator = FineGANGenerator(20, 200)
        assert generator.background[0].linear[0].out_features == 2 * 1024 * 16
        assert [block[1].out_channels // 2 for block in generator.initial.blocks] == [512, 256, 128, 64, 64]
        assert (generator.parent_mask[0].in_channels, generator.child_mask[0].in_channels) == (32, 16)
        made = generator(torch.zeros(2, 100), torch.zeros(2, 200), torch.zeros(2, 20), torch.zeros(2, 200))
        assert made['images'].shape == (2, 3, 128, 128)
        trunk = CodeDiscriminator(200).trunk
        assert trunk(made['images']).shape == (2, 512, 4, 4)
        assert CodeClassifier(20)(made['images']).shape == (2, 20)
    with pytest.raises(ValueError, match='images of 48 px cannot be made by doubling'):
        doublings(48)


def test_predictions():
    model = tiny().eval()
    samples = model(torch.zeros(3, 3, 16, 16), None, mode='predict')
    assert samples[0].pred_image.shape == (3, 16, 16) and samples[0].pred_masks.shape == (1, 16, 16)
    assert samples[0].pred_masks.dtype == torch.bool and set(samples[0].pred_swaps) == {'child', 'parent'}
