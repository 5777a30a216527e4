"""PCNet-C: partial convolutions by hand, the hole and the losses, fills, and scenes of any kind."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmwsl.datasets import DigitScenes
from mmwsl.datasets.wrappers import ObjectCrops
from mmwsl.models.backbones import PartialUNet
from mmwsl.models.backbones.partial_unet import PartialConv
from mmwsl.models.heads import ImageDiscriminator
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.scenes import ContentBaseline, PCNetC
from mmwsl.models.scenes.content_baseline import fill
from mmwsl.models.scenes.pcnet_c import gram, total_variation
from mmwsl.structures import DataSample

PREPROCESSOR = dict(mean=[120.0, 110.0, 100.0], std=[60.0, 50.0, 40.0])


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def network(**settings):
    return PCNetC(PartialUNet((8, 8), (3, 3)), size=16, data_preprocessor=ViewPreprocessor(**PREPROCESSOR), **settings).eval()


def batch(model):
    scenes = DigitScenes(num_scenes=4, objects=(2, 3), size=48, kind='compound', supervision='full')
    crops = ObjectCrops(scenes, size=24, in_memory=True)
    data = model.data_preprocessor(crops.__getitems__(range(len(crops))), training=True)
    return data['inputs'], data['data_samples']


def test_partial_convolution_by_hand():
    """Each output is the sum over known pixels, times the window over how many those are; none known gives 0."""
    conv = PartialConv([2, 1], 3, 3)
    first, second = torch.rand(1, 2, 5, 6), torch.rand(1, 1, 5, 6)
    masks = [(torch.rand(1, 1, 5, 6) < 0.4).float(), (torch.rand(1, 1, 5, 6) < 0.4).float()]
    masks[0][..., :3, :3] = masks[1][..., :3, :3] = 0
    conv.conv.bias.data.uniform_(-1, 1)
    found, known = conv([first, second], masks)
    x = F.pad(torch.cat([first, second], 1), (1, 1, 1, 1))
    m = F.pad(torch.cat([masks[0].expand(-1, 2, -1, -1), masks[1]], 1), (1, 1, 1, 1))
    for row in range(5):
        for column in range(6):
            window, mask = (each[0, :, row:row + 3, column:column + 3] for each in (x, m))
            count = mask.sum()
            assert known[0, 0, row, column] == (count > 0)
            expected = ((conv.conv.weight * window * mask).sum((1, 2, 3)) * 27 / count + conv.conv.bias
                        if count else torch.zeros(3))
            assert torch.allclose(found[0, :, row, column], expected, atol=1e-5)
    assert not known.all() and known.any()


def test_holes_close_and_what_lies_in_them_does_not_count():
    net = PartialUNet((8, 8), (3, 3)).eval()
    images, known = torch.rand(1, 4, 16, 16), torch.ones(1, 1, 16, 16)
    known[..., 5:9, 6:10] = 0
    other = torch.where(known > 0, images, torch.full_like(images, 9.0))
    assert torch.equal(net(images, known)[0], net(other, known)[0])
    with pytest.raises(ValueError, match='must be as many'):
        PartialUNet((8, 8), (3,))


def test_the_hole_is_of_the_object_alone_unless_unguided():
    """What the eraser covers is unknown, beside the object, too; of the background all that is an object's."""
    for guided in (True, False):
        model = network(guided=guided, background=0.0)
        views, samples = batch(model)
        masks, others = (each[:, :, 4:20, 4:20] for each in (samples.gt_instance_masks, samples.gt_other_masks))
        mask, unknown, hole = model.draw(masks, others)
        assert torch.equal(mask, masks) and hole.any() and (unknown & ~masks).any()
        assert torch.equal(hole, unknown & masks if guided else unknown)
    model = network(background=1.0)
    mask, unknown, hole = model.draw(masks, others)
    objects = masks | others
    assert mask.all() and (unknown >= objects).all()
    assert hole.any() and torch.equal(hole, unknown & ~objects)


def test_losses_by_hand():
    """A network that paints 0 everywhere: errors are the pixels' own sizes, in and outside the hole."""
    model = network(background=0.0)
    views, samples = batch(model)
    seen, draw = [], model.draw
    model.paint = lambda images, unknown, mask: seen.append(images) or torch.zeros_like(images)
    model.draw = lambda masks, others: seen.append(draw(masks, others)) or seen[0]
    losses = model.loss(views, samples)
    (_, unknown, hole), images = seen
    inside = images.abs()[hole.expand_as(images)].sum() / images.numel()
    outside = images.abs()[~unknown.expand_as(images)].sum() / images.numel()
    assert inside > 0 and (unknown & ~hole).any()
    assert losses['loss_hole'].item() == pytest.approx(6 * inside.item(), rel=1e-4)
    assert losses['loss_valid'].item() == pytest.approx(outside.item(), rel=1e-4)
    composite = torch.where(hole, torch.zeros(()), images)
    assert losses['loss_variation'].item() == pytest.approx(0.1 * total_variation(composite, hole.float()).item(), rel=1e-4)


def test_variation_and_gram_by_hand():
    images = torch.zeros(1, 1, 4, 5)
    images[..., 2] = 3.0
    hole = torch.zeros(1, 1, 4, 5)
    hole[..., 1, 2] = 1  # grown: rows 0 to 2, columns 1 to 3; 2 x 3 steps of 3 across, of 4 x 4
    assert total_variation(images, hole).item() == pytest.approx(6 * 3 / 16)
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])
    assert gram(features)[0].tolist() == [[5 / 4, 3 / 4], [3 / 4, 9 / 4]]


def test_pluggable_losses():
    """Perceptual terms by any backbone, whose weights get no gradient, and an adversarial one with spectral norm."""
    from mmwsl.models.backbones import ResNet
    model = network(perceptual=ResNet(18, base_channels=4, out_indices=(1, 2)),
                    discriminator=ImageDiscriminator((8,), in_channels=4, norm_cfg=None, spectral=True))
    losses = model.loss(*batch(model))
    assert set(losses) == {'loss_valid', 'loss_hole', 'loss_variation', 'loss_perceptual', 'loss_style',
                           'loss_adversarial', 'loss_discriminator'}
    sum(losses.values()).backward()
    assert all(parameter.grad is None for parameter in model.perceptual.parameters())
    gradients = [sum(float(p.grad.abs().sum()) for p in part.parameters()) for part in (
        model.backbone, model.head, model.discriminator)]
    assert all(gradient > 0 for gradient in gradients)


def test_spectral_norm_is_one():
    net = ImageDiscriminator((8,), in_channels=4, norm_cfg=None, spectral=True)
    for _ in range(30):
        net(torch.rand(2, 4, 16, 16))
    assert torch.linalg.matrix_norm(net.layers[0].weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def strip():
    """A strip of three pixels known, then two hidden: 10 20 40 and two more, with something else after it."""
    pixels = np.zeros((1, 6, 3), dtype=np.uint8)
    pixels[0, :, 0] = [10, 20, 40, 7, 7, 200]
    visible, hole = np.zeros((2, 1, 6), dtype=bool)
    visible[0, :3] = hole[0, 3:5] = True
    return pixels, visible, hole


def test_fills_by_hand():
    assert fill(*strip(), 'mean_fill')[0, :, 0].tolist() == [10, 20, 40, 23, 23, 200]
    assert fill(*strip(), 'border_fill')[0, :, 0].tolist() == [10, 20, 40, 40, 40, 200]
    made = fill(*strip(), 'diffusion')[0, :, 0]
    assert made[[0, 1, 2, 5]].tolist() == [10, 20, 40, 200] and 40 <= made[3] <= made[4] <= 200
    pixels, visible, hole = strip()
    assert np.array_equal(fill(pixels, visible & False, hole, 'mean_fill'), pixels)
    with pytest.raises(ValueError, match='choose one of'):
        ContentBaseline('median')


@pytest.mark.parametrize('kind', ['pcnet_c', 'inpainting', 'mean_fill', 'border_fill', 'diffusion'])
def test_predict(kind):
    """What is seen stays as it is, nothing is outside of a shape, and scenes without an object pass."""
    model = (network(guided=kind == 'pcnet_c') if kind in ('pcnet_c', 'inpainting')
             else ContentBaseline(kind, data_preprocessor=ViewPreprocessor(**PREPROCESSOR)))
    scenes = DigitScenes(num_scenes=2, objects=(3, 3), stacked=True, size=36, digit_scale=(0.6, 0.7), kind='compound',
                         supervision='full', content=True)
    for index in range(2):
        item = scenes[index]
        data = model.data_preprocessor(dict(inputs=item['inputs'][None], data_samples=None), training=False)
        sample, = model(data['inputs'], [item['data_samples']], mode='predict')
        visible, whole = sample.gt_instance_masks[:, None], sample.gt_amodal_masks[:, None]
        assert sample.pred_contents.shape == (3, 3, 36, 36) and sample.pred_contents.dtype == torch.uint8
        assert (sample.pred_contents * visible == item['inputs'] * visible).all()
        assert not (sample.pred_contents * ~whole).any()
        behind = ~visible.any(0)
        assert (sample.pred_background * behind == item['inputs'] * behind).all()
        hidden = (whole & ~visible).expand(-1, 3, -1, -1)
        assert (sample.pred_contents.float() - item['inputs'].float())[hidden].abs().mean() > 1
    empty = DataSample(gt_instance_masks=torch.zeros(0, 36, 36, dtype=torch.bool),
                       gt_amodal_masks=torch.zeros(0, 36, 36, dtype=torch.bool))
    sample, = model(data['inputs'], [empty], mode='predict')
    assert sample.pred_contents.shape == (0, 3, 36, 36)


def test_the_difference_from_the_mean():
    """An untrained network fills by the mean of what is known of the object, whatever the others' colors are."""
    model = network(from_mean=True, background=0.0)
    images, mask = torch.rand(2, 3, 16, 16), torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    mask[:, :, 3:12, 2:14] = True
    hole = mask.clone()
    hole[:, :, 6:] = False
    painted = model.paint(images, hole, mask)
    for image, made in zip(images, painted, strict=True):
        known = image[:, 6:12, 2:14].flatten(1)
        assert torch.allclose(made, known.mean(1)[:, None, None].expand(3, 16, 16), atol=1e-5)
    everything = torch.ones_like(mask)
    assert torch.allclose(model.paint(images, everything, mask), torch.zeros(()), atol=1e-6)  # the mean of the data


def test_what_hides_an_object_is_not_seen():
    """Its color counts for nothing, that of an object behind it does; nor do objects' colors for the background."""
    model = network()
    whole = torch.zeros(3, 32, 32, dtype=torch.bool)
    whole[0, 8:24, 4:16], whole[1, 8:24, 12:20], whole[2, 14:28, 0:8] = True, True, True  # from the middle, front, back
    visible = torch.stack([whole[0] & ~whole[1], whole[1], whole[2] & ~whole[0]])
    image = torch.randint(256, (3, 32, 32), dtype=torch.uint8)

    def made(changed=None):
        pixels = image.clone()
        if changed is not None:
            pixels[:, visible[changed]] = 255 - pixels[:, visible[changed]]
        data = model.data_preprocessor(dict(inputs=pixels[None], data_samples=None), training=False)
        sample = DataSample(gt_instance_masks=visible, gt_amodal_masks=whole)
        return model(data['inputs'], [sample], mode='predict')[0]

    hidden = whole[0] & ~visible[0]
    first, front, back = made(), made(1), made(2)
    covered = visible.any(0)
    assert torch.equal(first.pred_contents[0][:, hidden], front.pred_contents[0][:, hidden])
    assert not torch.equal(first.pred_contents[0][:, hidden], back.pred_contents[0][:, hidden])
    assert torch.equal(first.pred_background[:, covered], front.pred_background[:, covered])
