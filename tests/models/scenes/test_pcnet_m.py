"""PCNet-M: the loss by hand, both cases of the eraser, and what it makes of scenes with a network that knows."""

import pytest
import torch

from mmwsl.datasets import DigitScenes
from mmwsl.datasets.wrappers import ObjectCrops
from mmwsl.models.backbones import UNet
from mmwsl.models.scenes import PCNetM, SceneBaseline, SupervisedCompletion
from mmwsl.structures import DataSample, stack_samples

SCENES = dict(num_scenes=6, objects=(2, 4), size=48, digit_scale=(0.4, 0.65), supervision='full')


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def network(kind=PCNetM, **settings):
    return kind(UNet(4, in_channels=2), size=16, **settings).eval()


def batch(**settings):
    crops = ObjectCrops(DigitScenes(**SCENES), size=24, in_memory=True, **settings)
    return crops.__getitems__(range(len(crops)))


def test_unet_is_as_large_as_the_image():
    net = UNet(4, in_channels=2)
    for side in (16, 30, 33):
        maps = net(torch.zeros(2, 2, side, side + 4))
        assert [each.shape for each in maps] == [(2, 4, side, side + 4)]
    channels = [(block[0].in_channels, block[0].out_channels) for block in UNet(32, in_channels=2).down]
    assert channels == [(2, 32), (32, 64), (64, 128), (128, 256), (256, 256)]


def test_the_two_cases():
    """Above, the eraser is whole and what it covers is gone; below, the object is whole and the eraser is cut."""
    masks = batch()['data_samples'].gt_instance_masks[:, :, 4:20, 4:20]
    for above in (1.0, 0.0):
        torch.manual_seed(1)
        visible, eraser = network(above=above).draw(masks)
        assert not (visible & eraser).any() and eraser.any() and not (visible & ~masks[:, 0]).any()
        taken = (masks[:, 0] & ~visible).any()
        assert taken == bool(above)
        assert torch.equal(visible | eraser & masks[:, 0], masks[:, 0])
    torch.manual_seed(2)
    mixed = network(above=0.8)
    visible, _ = mixed.draw(masks[:1].expand(2000, -1, -1, -1).clone())
    assert (visible != masks[0]).flatten(1).any(1).float().mean() == pytest.approx(0.8, abs=0.04)


def test_loss_by_hand():
    """Cross-entropy of every pixel, five times as much beneath the eraser, over all pixels."""
    model, data = network(), batch()
    torch.manual_seed(3)
    loss = model.loss(None, data['data_samples'])['loss']
    torch.manual_seed(3)
    seen = {}
    original = model.logits
    model.logits = lambda visible, eraser, labels=None: seen.setdefault('out', (visible, eraser, original(visible, eraser)))[2]
    draw = model.draw
    model.draw = lambda modal: seen.setdefault('draw', (modal, draw(modal)))[1]
    assert torch.equal(model.loss(None, data['data_samples'])['loss'], loss)
    visible, eraser, logits = seen['out']
    modal = seen['draw'][0][:, 0]
    total = 0.0
    for index in range(len(modal)):
        probability = logits[index].softmax(0)
        right = torch.where(modal[index], probability[1], probability[0])
        total += (-right.log() * (1 + 4 * eraser[index].float())).sum()
    assert loss.item() == pytest.approx(total.item() / modal.numel(), rel=1e-4)


def test_categories_scale_the_mask():
    model = network(categories=True)
    visible, eraser = torch.rand(2, 16, 16) < 0.5, torch.zeros(2, 16, 16, dtype=torch.bool)
    seen = []
    model.backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    model.logits(visible, eraser, torch.tensor([0, 6]))
    assert torch.equal(seen[0][:, 0], visible * torch.tensor([1.0, 7.0])[:, None, None])


class Knowing(PCNetM):
    """It adds to a mask what of the true shape lies beneath the eraser."""

    def completer(self, sample):
        from mmwsl.ops.occlusion import cut_masks, object_squares
        from mmwsl.ops.occlusion.order import mask_boxes
        squares = torch.as_tensor(object_squares(mask_boxes(sample.gt_instance_masks.numpy()), self.enlarge)).float()

        def complete(visible, eraser, objects):
            whole = cut_masks(sample.gt_amodal_masks, objects, squares[objects], self.size)
            return (visible | whole & eraser).float()

        return complete


def test_predict_of_one_who_knows():
    scenes = DigitScenes(**dict(SCENES, num_scenes=12))
    model = Knowing(UNet(4, in_channels=2), size=64, enlarge=6.0)
    inside = outside = 0
    for index in range(12):
        item = scenes[index]
        sample, = model(item['inputs'][None].float(), [item['data_samples']], mode='predict')
        depth = sample.gt_order
        true = torch.sign(depth[:, None] - depth)
        said = sample.pred_order != 0
        assert torch.equal(sample.pred_order[said].long(), true[said])
        inside += (sample.pred_amodal_masks & sample.gt_amodal_masks).sum()
        outside += (sample.pred_amodal_masks | sample.gt_amodal_masks).sum()
    assert inside / outside > 0.95


@pytest.mark.parametrize('model', [network(), network(SupervisedCompletion), SceneBaseline('convex_hull', 'hidden_hull')])
def test_scenes_of_any_number_of_objects(model):
    """None, one that touches the border, an empty one, masks that overlap, and fifty."""
    wide = torch.zeros(3, 20, 30, dtype=torch.bool)
    wide[0, :12, :12], wide[1, 6:, 5:] = True, True
    for masks in (wide[:0], wide[:1], wide, (torch.rand(50, 20, 30) < 0.05)):
        sample = DataSample(gt_instance_masks=masks)
        found, = model(torch.zeros(1, 3, 20, 30), [sample], mode='predict')
        assert found.pred_order.shape == (len(masks),) * 2 and found.pred_amodal_masks.shape == masks.shape
        assert torch.equal(found.pred_amodal_masks & masks, masks)
        assert torch.equal(found.pred_order, -found.pred_order.T)


def test_baselines_by_hand():
    """A bar across a square: the hull gives the middle back, beneath the bar alone."""
    masks = torch.zeros(2, 12, 16, dtype=torch.bool)
    masks[1, 5:7] = True
    masks[0, 2:10, 2:10] = True
    whole = masks[0].clone()
    masks[0] &= ~masks[1]
    images = torch.zeros(1, 3, 12, 16)
    found, = SceneBaseline('convex_hull', 'hidden_hull')(images, [DataSample(gt_instance_masks=masks)], mode='predict')
    assert found.pred_order.tolist() == [[0, -1], [1, 0]]
    assert torch.equal(found.pred_amodal_masks[0], whole) and torch.equal(found.pred_amodal_masks[1], masks[1])
    found, = SceneBaseline('area', 'visible')(images, [DataSample(gt_instance_masks=masks)], mode='predict')
    assert found.pred_order.tolist() == [[0, -1], [1, 0]] and torch.equal(found.pred_amodal_masks, masks)  # 48 and 32
    with pytest.raises(ValueError, match='must be of area'):
        SceneBaseline('size')


def test_masks_are_needed():
    with pytest.raises(ValueError, match='gt_instance_masks'):
        network()(torch.zeros(1, 3, 8, 8), [DataSample()], mode='predict')


def test_it_learns_and_the_ceiling_needs_whole_shapes():
    data = batch(amodal=True)
    for kind in (PCNetM, SupervisedCompletion):
        model = network(kind).train()
        optimizer = torch.optim.Adam(model.parameters(), 5e-3)
        losses = []
        for _ in range(40):
            optimizer.zero_grad()
            loss = model.loss(None, data['data_samples'])['loss']
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    samples = stack_samples([DataSample(gt_instance_masks=torch.ones(1, 24, 24, dtype=torch.bool))])
    with pytest.raises(ValueError, match='amodal=True'):
        network(SupervisedCompletion).loss(None, samples)
